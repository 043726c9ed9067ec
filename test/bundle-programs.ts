import { join } from 'node:path';
import { build } from 'esbuild';

import { bundle } from '../scripts/bundle.ts';
import { programsFolder } from './fixtures/build-service/programs.ts';
import { commandLine } from './fixtures/command-line.ts';

/** Bundles the programs that tests run, of the sources as they are now: the command line, and those of the build service's tests. */
export default async function bundlePrograms(): Promise<void> {
  await Promise.all([
    bundle(commandLine),
    build({
      entryPoints: ['runner', 'start'].map((name) => join(import.meta.dirname, 'fixtures', 'build-service', `${name}.ts`)),
      outdir: programsFolder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    }),
  ]);
}
