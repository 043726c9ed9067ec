import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { type Metafile, build } from 'esbuild';

import { type FunctionName, deploymentFile, functionNames } from '../core/contract/deployment.ts';
import { type Deployment } from '../core/deployment.ts';

const root = resolve(import.meta.dirname, '..');

/**
 * Writes the functions as Lambda takes them: each a folder `<outdir>/<name>/` that needs nothing else, with `index.mjs`
 * (its `handler`), chunks that it loads on demand, and `deployment.json` where a deployment is given. Their source maps
 * are beside them in `<outdir>/source-maps/<name>/`, since a function would only have to load them. What was in those
 * folders is gone.
 *
 * @returns esbuild's account of each bundle.
 */
export async function bundleFunctions(outdir: string, deployment?: Deployment): Promise<ReadonlyMap<FunctionName, Metafile>> {
  const bundled = new Map<FunctionName, Metafile>();
  for (const name of functionNames) {
    const folder = join(outdir, name);
    bundled.set(name, await bundleHandler(`lambdas/${name}/handler.ts`, folder, join(outdir, 'source-maps', name)));
    if (deployment !== undefined) await writeFile(join(folder, deploymentFile), `${JSON.stringify(deployment)}\n`);
  }
  return bundled;
}

/**
 * Bundles one handler, for Node 24 on Lambda.
 *
 * @param handler below the repository's root.
 */
export async function bundleHandler(handler: string, code: string, maps: string): Promise<Metafile> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: handler, out: 'index' }],
    outdir: resolve(code),
    outExtension: { '.js': '.mjs' },
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Of a module, what nothing uses is left out; of CommonJS nothing is.
    mainFields: ['module', 'main'],
    charset: 'utf8',
    legalComments: 'eof',
    sourcemap: 'external',
    logLevel: 'warning',
  });
  for (const folder of [code, maps]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  for (const { path, contents } of outputFiles) await writeFile(join(path.endsWith('.map') ? maps : code, basename(path)), contents);
  return metafile;
}
