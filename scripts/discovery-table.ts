import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, posix, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { imageRepository } from '../adapters/local/image-repository.ts';
import { repositoryFiles } from '../adapters/local/image-repository-files.ts';
import { noSightings } from '../adapters/local/input-sightings.ts';
import { discoverTemplate } from '../adapters/packer/template/discover-template.ts';
import { Config } from '../core/config.ts';
import { type UndeclaredInput } from '../core/input.ts';
import { mentionedPaths } from './discovery-table/mentioned-paths.ts';

const usage = `node scripts/discovery-table.ts [--uses FILE] DIR[:SUBFOLDER]...

  Prints, for each clone of an image repository, what discovery finds in its templates, and what a plain search of their
  text finds beside that. SUBFOLDER is where packer runs, where that is not the clone's root.

  --uses FILE   the variable files that templates are built with; see scripts/discovery-table/uses.txt\n`;

/** One way in which a template is built. */
interface Use {
  readonly template: string;
  readonly variableFiles: readonly string[];
}

/** What discovery said of all uses of a template. */
interface Row {
  readonly template: string;
  uses: number;
  readonly references: Set<string>;
  readonly files: Set<string>;
  readonly undeclared: Map<string, UndeclaredInput>;
  readonly failures: Set<string>;
  /** Paths of the repository that stand in the template's text and are not among the inputs of any use. */
  readonly missed: Set<string>;
}

const { values, positionals } = parseArgs({
  options: { uses: { type: 'string' }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const variableFiles = values.uses === undefined ? new Map<string, readonly string[]>() : usesIn(readFileSync(values.uses, 'utf8'));
if (values.help || positionals.length === 0) process.stdout.write(usage);
else for (const clone of positionals) process.stdout.write(`${await sectionOf(clone)}\n`);

async function sectionOf(clone: string): Promise<string> {
  const [folder = '', below = ''] = clone.split(':');
  const root = resolve(folder, below);
  const commit = execFileSync('git', ['-C', root, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  const rows: Row[] = [];
  for (const template of templatesIn(root)) rows.push(await rowOf(root, usesOf(root, template)));
  const name = basename(resolve(folder)).replace('+', '/');
  const telling = rows.filter((row) => row.references.size > 0 || row.failures.size > 0 || row.missed.size > 0);
  const silent = rows.length - telling.length;
  return [
    `### ${name}${below === '' ? '' : `, packer runs in \`${below}\``}`,
    `Commit ${commit}.`,
    table(
      ['template', 'uses', 'references', 'files found', 'undeclared', 'failures', 'in the text, but no input'],
      telling.map((row) => [
        `\`${row.template}\``,
        `${row.uses}`,
        `${row.references.size}`,
        `${row.files.size}`,
        `${row.undeclared.size}`,
        `${row.failures.size}`,
        `${row.missed.size}`,
      ]),
    ),
    silent === 0 ? '' : `${silent} more name no file.`,
    listOf(
      'Undeclared',
      rows.flatMap((row) => [...row.undeclared.keys()]),
    ),
    listOf(
      'Failures',
      rows.flatMap((row) => [...row.failures]),
    ),
    listOf(
      'In the text, but no input',
      rows.flatMap((row) => [...row.missed].map((path) => `\`${row.template}\`: \`${path}\``)),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/**
 * The folders with `*.pkr.hcl` or `*.pkr.json`, and the JSON files with `builders`. Where files of one folder declare the
 * same variable, packer cannot read them as one template, so each is one by itself.
 */
function templatesIn(root: string): string[] {
  const files = globSync('**/*.{pkr.hcl,json}', {
    cwd: root,
    exclude: (path) => /(?:^|\/)(?:\.git|node_modules)(?:\/|$)/.test(path),
  }).toSorted();
  const text = (path: string): string => readFileSync(join(root, path), 'utf8');
  const folders = [...new Set(files.filter((path) => /\.pkr\.(?:hcl|json)$/.test(path)).map((path) => dirname(path)))];
  const legacy = files.filter((path) => !path.endsWith('.pkr.json') && path.endsWith('.json') && /"builders"\s*:/.test(text(path)));
  const modern = folders.flatMap((folder) => {
    const inside = readdirSync(join(root, folder)).filter((file) => /\.pkr\.(?:hcl|json)$/.test(file));
    const declared = inside.flatMap((file) =>
      [...text(join(folder, file)).matchAll(/^variable\s+"([^"]+)"/gm)].map(([, variable]) => variable),
    );
    return new Set(declared).size === declared.length ? [folder] : inside.toSorted().map((file) => posix.join(folder, file));
  });
  return [...modern, ...legacy];
}

function usesOf(root: string, template: string): [Use, ...Use[]] {
  const lists = (variableFiles.get(template) ?? []).reduce<readonly (readonly string[])[]>(
    (starts, word) => {
      const files = word.includes('*') ? globSync(word, { cwd: root }).toSorted() : [word];
      return starts.flatMap((start) => files.map((file) => [...start, file]));
    },
    [[]],
  );
  const [first = { template, variableFiles: [] }, ...rest] = lists.map((list) => ({ template, variableFiles: list }));
  return [first, ...rest];
}

/** The lines of a file of uses: the words for each template, with the named lists put in. */
function usesIn(text: string): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, readonly string[]>();
  for (const line of text.split('\n')) {
    const [, name, words] = /^([^#=]+)=(.+)$/.exec(line) ?? [];
    if (name !== undefined && words !== undefined)
      uses.set(
        name,
        words.split('+').flatMap((word) => (word.startsWith('@') ? (uses.get(word) ?? []) : [word])),
      );
  }
  return uses;
}

async function rowOf(root: string, uses: readonly [Use, ...Use[]]): Promise<Row> {
  const row: Row = {
    template: uses[0].template,
    uses: 0,
    references: new Set(),
    files: new Set(),
    undeclared: new Map(),
    failures: new Set(),
    missed: new Set(),
  };
  for (const use of uses) await addUse(root, use, row);
  const covered = (path: string): boolean => row.files.has(path) || [...row.files].some((file) => file.startsWith(`${path}/`));
  for (const file of templateFilesOf(root, row.template)) {
    for (const path of mentionedPaths(readFileSync(join(root, file), 'utf8'), dirname(file), (path) => isThere(root, path)))
      if (!covered(path)) row.missed.add(path);
  }
  return row;
}

async function addUse(root: string, use: Use, row: Row): Promise<void> {
  const config = Config.parse({ version: 1, builders: { image: { template: use.template, var_files: [...use.variableFiles] } } });
  const [builder] = Object.values(config.builders);
  if (builder === undefined) throw new TypeError('unreachable: it was just declared');
  row.uses += 1;
  const shown = await discoverTemplate(builder, {}, repositoryFiles(root, [], noSightings()));
  if (!shown.ok) {
    row.failures.add(shown.failure.message);
    return;
  }
  for (const { path } of shown.value.named) row.references.add(path);
  for (const { reference } of shown.value.open) row.references.add(reference);
  for (const undeclared of shown.value.open)
    row.undeclared.set(
      `\`${undeclared.template}:${undeclared.line}\` \`${undeclared.reference.replaceAll(/\s+/g, ' ')}\`: ${undeclared.why}`,
      undeclared,
    );
  const discovery = await imageRepository(root).discover(builder, {});
  if (!discovery.ok) row.failures.add(discovery.failure.message);
  else for (const input of discovery.value.inputs) if ('mode' in input) row.files.add(input.name);
}

function templateFilesOf(root: string, template: string): string[] {
  if (!statSync(join(root, template)).isDirectory()) return [template];
  return readdirSync(join(root, template))
    .filter((file) => /\.pkr\.(?:hcl|json)$/.test(file))
    .map((file) => posix.join(template, file));
}

function isThere(root: string, path: string): boolean {
  return !relative(root, resolve(root, path)).startsWith('..') && existsSync(join(root, path));
}

function listOf(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `${title}:\n\n${[...new Set(items)].map((item) => `- ${item}`).join('\n')}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
