import { bundle } from '../scripts/bundle.ts';
import { commandLine } from './fixtures/command-line.ts';

/** Bundles the command line that end-to-end tests run, of the sources as they are now. */
export default async function bundleCommandLine(): Promise<void> {
  await bundle(commandLine);
}
