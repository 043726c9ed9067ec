import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { type BuildOptions, type Metafile, type Plugin, build } from 'esbuild';

import { type FunctionName, deploymentDigestFile, deploymentFile, functionNames } from '../core/contract/deployment.ts';
import { Deployment } from '../core/deployment.ts';
import { digestOf } from '../core/digest.ts';
import { schemasThatFallAway } from './schemas-that-fall-away.ts';

/**
 * Zod compiles a function for each schema of an object that it parses with, which pays from some dozens of documents on. A
 * cold start sees one or two of each. (As `z.config({ jitless: true })`, but before any module that makes a schema.)
 */
const interpretedSchemas = 'globalThis.__zod_globalConfig = { jitless: true };';

/** What reads `deployment.json`. */
const deploymentReader = 'lambdas/deployment-file.ts';

const root = resolve(import.meta.dirname, '..');

/**
 * Writes the functions as Lambda takes them: each a folder `<outdir>/<name>/` that needs nothing else, with `index.mjs`
 * (its `handler`), chunks that it loads on demand, and `deployment.json` where it reads that and one is given. Their source maps
 * are beside them in `<outdir>/source-maps/<name>/`, since a function would only have to load them. What was in those
 * folders is gone.
 *
 * @returns esbuild's account of each bundle.
 * @throws ZodError where the deployment does not fit its schema.
 */
export async function bundleFunctions(outdir: string, deployment?: Deployment): Promise<ReadonlyMap<FunctionName, Metafile>> {
  const bundled = new Map<FunctionName, Metafile>();
  const text = deployment === undefined ? undefined : `${JSON.stringify(Deployment.parse(deployment))}\n`;
  for (const name of functionNames) {
    const folder = join(outdir, name);
    const metafile = await bundleHandler(`lambdas/${name}/handler.ts`, folder, join(outdir, 'source-maps', name));
    bundled.set(name, metafile);
    if (text === undefined || !Object.hasOwn(metafile.inputs, deploymentReader)) continue;
    await writeFile(join(folder, deploymentFile), text);
    await writeFile(join(folder, deploymentDigestFile), `${digestOf(text)}\n`);
  }
  return bundled;
}

const options = {
  absWorkingDir: root,
  outExtension: { '.js': '.mjs' },
  write: false,
  metafile: true,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Of a module, what nothing uses is left out; of CommonJS nothing is.
  mainFields: ['module', 'main'],
  // An import of types alone is none: the modules of schemas that nothing parses with stay out.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: false } },
  charset: 'utf8',
  banner: { js: interpretedSchemas },
  legalComments: 'eof',
  sourcemap: 'external',
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Modules below `lambdas/` that are hardly ever loaded where they are loaded on demand: bundles of their own then, since each that
 * shares code with the handler cuts that into more files.
 */
const apart = ['deployment-check', 'scrub-text'] as const;

const keepingApart: Plugin = {
  name: 'keeping-apart',
  setup(bundler) {
    for (const name of apart)
      bundler.onResolve({ filter: new RegExp(String.raw`/${name}\.ts$`) }, ({ kind }) =>
        kind === 'dynamic-import' ? { path: `./${name}.mjs`, external: true } : undefined,
      );
  },
};

/**
 * Bundles one handler, for Node 24 on Lambda.
 *
 * @param handler below the repository's root.
 */
export async function bundleHandler(handler: string, code: string, maps: string): Promise<Metafile> {
  const outdir = resolve(code);
  const entryPoints = [{ in: handler, out: 'index' }];
  const main = await build({ ...options, entryPoints, outdir, splitting: true, plugins: [keepingApart, schemasThatFallAway] });
  const imported = new Set(Object.values(main.metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)));
  const used = apart.filter((name) => imported.has(`./${name}.mjs`)).map((name) => `lambdas/${name}.ts`);
  const rest = used.length === 0 ? undefined : await build({ ...options, entryPoints: used, outdir, plugins: [schemasThatFallAway] });
  for (const folder of [code, maps]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  for (const { path, contents } of [...main.outputFiles, ...(rest?.outputFiles ?? [])])
    await writeFile(join(path.endsWith('.map') ? maps : code, basename(path)), contents);
  return {
    inputs: { ...main.metafile.inputs, ...rest?.metafile.inputs },
    outputs: { ...main.metafile.outputs, ...rest?.metafile.outputs },
  };
}
