import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { type BuildOptions, type Plugin, build, transform } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

/** A module that reads files at run time, and what takes its place in the bundle: the same function over files read now. */
interface EmbeddedModule {
  /** Below the repository's root. */
  readonly module: string;
  /** The one function that it exports. */
  readonly exports: string;
  /** What that function answers: the text of one file, or the bytes of several, each under its name. */
  readonly content: { readonly text: string } | { readonly bytes: Readonly<Record<string, string>> };
}

const { resolve: packaged } = createRequire(import.meta.url);

const embeddedModules: readonly EmbeddedModule[] = [
  {
    module: 'adapters/packer/template/grammar.ts',
    exports: 'loadGrammarFiles',
    content: {
      bytes: {
        runtime: packaged('web-tree-sitter/web-tree-sitter.wasm'),
        hcl: packaged('@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-hcl.wasm'),
      },
    },
  },
  {
    module: 'adapters/local/packaged-files.ts',
    exports: 'readBuildspec',
    content: { text: join(root, 'buildspecs/packer-build.yml') },
  },
];

/** The module's text in the bundle: what it answers lies beside the code, so that nothing is to be compiled which is none. */
function embed({ exports, content }: EmbeddedModule): { contents: string; watchFiles: string[] } {
  const files = filesIn(content);
  const members = Object.entries(files).map(([name, file]) => `${name}: embedded(${JSON.stringify(basename(file))})`);
  const value = 'text' in content ? `({ ${members.join(', ')} }).text.toString('utf8')` : `({ ${members.join(', ')} })`;
  return { contents: `export async function ${exports}() { return ${value}; }`, watchFiles: Object.values(files) };
}

function filesIn(content: EmbeddedModule['content']): Readonly<Record<string, string>> {
  return 'text' in content ? { text: content.text } : content.bytes;
}

const embedding: Plugin = {
  name: 'embedding',
  setup(bundler) {
    const waiting = new Set(embeddedModules.map(({ module }) => module));
    bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const module = relative(root, path);
      const row = embeddedModules.find((candidate) => candidate.module === module);
      if (row === undefined) return undefined;
      waiting.delete(module);
      return embed(row);
    });
    // A module that was renamed would otherwise read its files from beside the bundle, where there are none.
    bundler.onEnd(() => ({ errors: [...waiting].map((module) => ({ text: `${module} is to be embedded, but nothing imports it` })) }));
  },
};

/** Node's own modules are taken up when they are needed: an old Node would fail on one that it lacks, before the check of its version can speak. */
const builtinsOnDemand: Plugin = {
  name: 'builtins-on-demand',
  setup(bundler) {
    const names = new Set(builtinModules);
    bundler.onResolve({ filter: /.*/ }, ({ path, kind }) => {
      if ((kind !== 'import-statement' && kind !== 'dynamic-import') || !(path.startsWith('node:') || names.has(path))) return undefined;
      return { path, namespace: 'builtin' };
    });
    bundler.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** In the bundle the command line is compiled when it is needed, from the text at the end of the file. */
const later: Plugin = {
  name: 'later',
  setup(bundler) {
    bundler.onResolve({ filter: /\/cli\/main\.ts$/ }, () => ({ path: join(root, 'scripts/bundle/load-later.mjs') }));
  },
};

/** What both parts of the file have in common. */
const settings = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  platform: 'node',
  // Of a module, what nothing uses is left out; of CommonJS nothing is.
  mainFields: ['module', 'main'],
  charset: 'ascii',
  logLevel: 'warning',
  // An import of types alone is no import.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: false } },
} as const satisfies BuildOptions;

/** What a module says of its own place, as CommonJS has it. */
const ownPlace = { 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname', 'import.meta.url': 'ownUrl' };
const ownUrl = "const ownUrl = require('url').pathToFileURL(__filename).href;";

/**
 * Writes the command line as one file for Node 22 and later.
 *
 * An older Node must still be told what it needs, so the file parses on Node 14: the syntax of the way in is lowered that far,
 * and whatever `cli/main.ts` leads to is run after the check in `bin/hybridcore-packer.mjs`. It is not minified, so that a
 * stack trace can be read. It is CommonJS, which Node starts in two thirds of the time, and under any name.
 *
 * All but the way in is a comment at the end (`bundle/load-later.mjs`): to parse it takes longer than many a command. It is
 * in parts, cut where modules are imported when they are needed, so that a command takes up its own only.
 */
export async function bundle(outfile: string): Promise<void> {
  const wayIn = await build({
    ...settings,
    target: 'node14.18',
    format: 'cjs',
    entryPoints: ['bin/hybridcore-packer.mjs'],
    define: ownPlace,
    banner: { js: ownUrl },
    plugins: [later, builtinsOnDemand],
  });
  const [start] = wayIn.outputFiles.map(({ text }) => inAscii(text));
  if (start === undefined) throw new TypeError('unreachable: a build has an output');
  await mkdir(dirname(outfile), { recursive: true });
  const embedded = await Promise.all(
    embeddedModules.flatMap(({ content }) => Object.values(filesIn(content)).map((file) => base64Of(file))),
  );
  await writeFile(outfile, withParts(start, [...(await partsOf('cli/main.ts')), ...embedded]));
  await chmod(outfile, 0o755);
}

/** A script of the command line: a function that makes a module, and asks for other parts by their names. Or an embedded file. */
interface Part {
  readonly name: string;
  readonly text: string;
}

async function base64Of(file: string): Promise<Part> {
  return { name: basename(file), text: `${(await readFile(file)).toString('base64')}\n` };
}

/** The command line cut into parts, of which the first leads to the others. */
async function partsOf(entry: string): Promise<readonly [Part, ...Part[]]> {
  const { outputFiles, metafile } = await build({
    ...settings,
    target: 'node22.18',
    format: 'esm',
    entryPoints: [entry],
    // Nothing is written there: names of parts are relative to it.
    outdir: root,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    splitting: true,
    metafile: true,
    legalComments: 'eof',
    define: ownPlace,
    plugins: [embedding],
  });
  const parts = await Promise.all(
    outputFiles.map(async ({ path, text }): Promise<Part> => {
      const name = basename(path);
      const dynamic = (metafile.outputs[name]?.imports ?? []).filter(({ kind }) => kind === 'dynamic-import');
      return { name: `./${name}`, text: await scriptOf(text, dynamic.length) };
    }),
  );
  const isFirst = ({ name }: Part): boolean => metafile.outputs[basename(name)]?.entryPoint === entry;
  const first = parts.find((part) => isFirst(part));
  if (first === undefined) throw new TypeError(`unreachable: no part is made from ${entry}`);
  return [first, ...parts.filter((part) => !isFirst(part))];
}

/** A module as a script that can be run at once. @param dynamic how many imports it has that are made when they are needed. */
async function scriptOf(module: string, dynamic: number): Promise<string> {
  let found = 0;
  const awaited = module.replaceAll(/\bimport\((?="[^"\n]+"\))/g, () => {
    found += 1;
    return 'imported(';
  });
  // The text alone does not tell an import from a string that looks like one.
  if (found !== dynamic) throw new Error(`of ${dynamic} imports ${found} were found in the text of a part`);
  const { code } = await transform(awaited, { format: 'cjs', platform: 'node', target: 'node22.18', charset: 'ascii' });
  const url = code.includes('ownUrl') ? `${ownUrl}\n` : '';
  return inAscii(`(function (module, require, imported, embedded, __filename, __dirname) {\n${url}${code}})\n`);
}

/** The way in with the parts behind it, and where each is, as `bundle/load-later.mjs` takes them. */
function withParts(start: string, parts: readonly [Part, ...Part[]]): string {
  let all = `${start}\n/* The command line, in parts that are compiled when they are needed.\n`;
  let line = all.split('\n').length - 1;
  const places: Record<string, { readonly at: number; readonly length: number; readonly line: number }> = {};
  for (const { name, text } of parts) {
    // What would end the comment is written otherwise.
    const written = text.replaceAll('*/', '*\u0001/');
    places[name] = { at: all.length, length: written.length, line };
    line += written.split('\n').length - 1;
    all += written;
  }
  const table = JSON.stringify({ first: parts[0].name, parts: places });
  return `${all}${table}\n${String(all.length).padStart(15, '0')}*/\n`;
}

/** Node and V8 take text that is all ASCII in half the time. What esbuild leaves stands in comments and patterns, where an escape means the same. */
function inAscii(code: string): string {
  return code.replaceAll(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

if (import.meta.main) await bundle(join(root, 'dist', 'hybridcore-packer.cjs'));
