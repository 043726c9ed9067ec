import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

import { bundle } from '../scripts/bundle.ts';
import { programsFolder } from './fixtures/build-service/programs.ts';
import { commandLine } from './fixtures/command-line.ts';

/** Bundles the programs that tests run, of the sources as they are now: the command line, and those of the build service's tests. */
export default async function bundlePrograms(): Promise<void> {
  const draft = `${programsFolder}-${process.pid}`;
  await Promise.all([
    bundle(commandLine),
    build({
      entryPoints: ['runner', 'start'].map((name) => join(import.meta.dirname, 'fixtures', 'build-service', `${name}.ts`)),
      outdir: draft,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    }),
  ]);
  // Another run of tests may be starting them.
  await mkdir(programsFolder, { recursive: true });
  for (const name of ['runner.mjs', 'start.mjs']) await rename(join(draft, name), join(programsFolder, name));
  await rm(draft, { recursive: true, force: true });
}
