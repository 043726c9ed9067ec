import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';

import { type Plugin, build } from 'esbuild';
import { glob } from 'tinyglobby';

/** What the files of a folder may import: of this repository by folder, and of packages (any where none are named). */
interface Direction {
  readonly folder: string;
  readonly imports: readonly string[];
  readonly packages?: readonly string[];
}

/** `lambdas, cli → adapters → core`; `cdk → core`. The longest folder that fits a file counts. */
const directions: readonly Direction[] = [
  { folder: 'core', imports: ['core'], packages: ['node:crypto', 'zod/mini', 'zod/v4/locales/en.js'] },
  { folder: 'adapters', imports: ['adapters', 'core'] },
  // A machine without AWS runs these two.
  { folder: 'adapters/local', imports: ['adapters/local', 'adapters/packer', 'core'] },
  { folder: 'adapters/packer', imports: ['adapters/local', 'adapters/packer', 'core'] },
  { folder: 'cli', imports: ['cli', 'adapters', 'core'] },
  { folder: 'lambdas', imports: ['lambdas', 'adapters', 'core'] },
  { folder: 'cdk', imports: ['cdk', 'core'] },
  { folder: 'bin', imports: ['cli'] },
  { folder: 'scripts', imports: ['scripts', 'bin', 'cli', 'lambdas', 'cdk', 'adapters', 'core'] },
  { folder: 'bench', imports: ['bench', 'scripts', 'bin', 'cli', 'lambdas', 'cdk', 'adapters', 'core'] },
];

/** Each file with what it imports: repository files by their path below the root, packages as they are written. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * Reads the imports of every source file below `root`, types included: a type that points the wrong way
 * is a dependency too.
 */
export async function readImports(root: string): Promise<ImportGraph> {
  const files = await glob(['**/*.ts', '**/*.mjs'], {
    cwd: root,
    ignore: ['**/node_modules/**', '.cache/**', 'dist/**', 'coverage/**', 'cdk.out/**', 'examples/*/**', 'test/fixtures/**'],
    dot: true,
  });
  const graph = new Map<string, string[]>(files.toSorted().map((file) => [file, []]));
  const collecting: Plugin = {
    name: 'collecting',
    setup(bundler) {
      bundler.onResolve({ filter: /.*/ }, ({ kind, path, importer, resolveDir }) => {
        if (kind === 'entry-point') return undefined;
        const imported = path.startsWith('.') ? relative(root, resolve(resolveDir, path)) : path;
        graph.get(relative(root, importer))?.push(imported);
        return { path, external: true };
      });
      // esbuild forgets imports of types; as plain ones it sees them.
      bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replaceAll(/^(import|export) type (?=\{|\*|\w+ from\b)/gm, '$1 '),
        loader: 'ts',
      }));
    },
  };
  await build({
    absWorkingDir: root,
    entryPoints: files,
    bundle: true,
    write: false,
    outdir: 'nowhere',
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    plugins: [collecting],
  });
  return graph;
}

/** Every import against the direction, and every circle, a sentence each. */
export function importProblems(graph: ImportGraph): readonly string[] {
  const problems: string[] = [];
  for (const [file, imported] of graph) {
    for (const target of imported) {
      const reason = forbidden(file, target, graph);
      if (reason !== undefined) problems.push(`${file} imports ${target}: ${reason}`);
    }
  }
  return [...problems, ...circles(graph).map((circle) => `a circle of imports: ${circle.join(' → ')}`)];
}

function forbidden(file: string, target: string, graph: ImportGraph): string | undefined {
  const direction = directions
    .filter(({ folder }) => file.startsWith(`${folder}/`))
    .toSorted((a, b) => b.folder.length - a.folder.length)
    .at(0);
  const ofRepository = graph.has(target);
  if (ofRepository && target.startsWith('test/') && !file.startsWith('test/')) return 'nothing outside test/ imports tests';
  if (direction === undefined) return undefined;
  if (ofRepository) {
    if (direction.imports.some((folder) => target.startsWith(`${folder}/`))) return undefined;
    return `${direction.folder}/ imports ${direction.imports.map((folder) => `${folder}/`).join(', ')} only`;
  }
  if (direction.packages === undefined || direction.packages.includes(target)) return undefined;
  return `${direction.folder}/ imports ${direction.packages.join(', ')} and itself only`;
}

/** One circle for each way back to a file that is still being visited, found depth first. */
function circles(graph: ImportGraph): readonly (readonly string[])[] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) {
      found.push([...trail.slice(start), file]);
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

if (import.meta.main) {
  const problems = importProblems(await readImports(resolve(import.meta.dirname, '..')));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
