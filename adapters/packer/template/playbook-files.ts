import { posix } from 'node:path';

import { anyText } from './hcl-alternatives.ts';
import { type Place } from './hcl-document.ts';
import { type RepositoryReading } from './repository-reading.ts';
import { resolveTemplatePath } from './template-path.ts';

/** A playbook that leads to more files than this is followed no further. */
const most = 500;

/** More texts with `{{ }}` are not looked at. */
const mostFilledIn = 5000;

/** A path with `{{ }}`, which Ansible fills in. */
export interface OpenPath {
  readonly expression: string;
  readonly place: Place;
  readonly why: string;
  /** Below the root, with `anyText`. */
  readonly alternatives: readonly string[];
}

export interface PlaybookFiles {
  /** Files and folders below the root. */
  readonly paths: readonly string[];
  /** The folders of the playbook and of those that it imports: Ansible looks for roles and more beside each. */
  readonly folders: readonly string[];
  readonly open: readonly OpenPath[];
}

/** What a task makes, calls itself or tells is no file that it reads. */
const readsNothing: ReadonlySet<string> = new Set(['dest', 'path', 'msg', 'register', 'become_user', 'chdir', 'creates']);

/** Keys whose values are paths, by the module that they stand in where that decides. */
const pathKeys: ReadonlyMap<string, RegExp> = new Map([
  ...['vars_files', 'include', 'include_tasks', 'import_tasks', 'import_playbook', 'include_vars', 'script'].map(
    (key) => [key, /^/] as const,
  ),
  ...['with_fileglob', 'with_first_found', 'role', 'roles'].map((key) => [key, /^/] as const),
  // Of a module that reads on the machine that is built it is a path there.
  ['src', /^(?!fetch$|slurp$|file$)/],
  ['dir', /^include_vars$/],
  ['file', /^(?:include|import)/],
  ['name', /^(?:include|import)_role$/],
  ['files', /^with_first_found$/],
]);

/** Their values are names in the folders of roles, unless they have a `/`. */
const roleKeys = new Set(['role', 'roles', 'name']);

/** In their values a name without `/` may be a folder. */
const folderKeys = new Set(['src', 'dir', ...roleKeys]);

/** A line of YAML, as far as it matters here. */
interface Line {
  /** Among the lines that say something. */
  readonly at: number;
  readonly number: number;
  /** Where its `-` stands, of an item of a list. */
  readonly dash: number | undefined;
  /** Where its key or its text begins. */
  readonly indent: number;
  /** The last part of the key that the line begins with: `copy` of `ansible.builtin.copy`. */
  readonly key: string | undefined;
  readonly value: string;
  /** The key that the line stands below. */
  readonly below: string | undefined;
}

/**
 * The files and folders that stand in a playbook and in the files of YAML that it leads to (`import_playbook`,
 * `vars_files`, `include_tasks`, `src`, roles by their paths), relative to the file or to the playbook, as Ansible looks
 * for them. What is not there is nothing: the words of a playbook are mostly no paths.
 */
export function filesInPlaybook(playbook: string, where: string, reading: RepositoryReading): PlaybookFiles {
  const files = new Set<string>([playbook]);
  const subfolders = new Set<string>();
  const folders = new Set<string>([folderOf(playbook)]);
  const open: OpenPath[] = [];
  const looked = new Set<string>();
  let filledInSoFar = 0;

  function takeWord(word: string, file: string, key: string | undefined): void {
    for (const base of new Set([folderOf(file), folderOf(playbook)])) {
      const place = resolveTemplatePath(word, base);
      if (place.type !== 'inside' || place.path === '') continue;
      const { path } = place;
      const asked = `${key ?? ''}\0${word.includes('/')}\0${path}`;
      if (looked.has(asked)) continue;
      looked.add(asked);
      if (reading.isFile(path, where) === true) {
        files.add(path);
        if (key === 'import_playbook' || key === 'include') folders.add(folderOf(path));
      } else if ((word.includes('/') || folderKeys.has(key ?? '')) && !`${playbook}/`.startsWith(`${path}/`)) {
        if (reading.isFolder(path, where)) subfolders.add(path);
      }
    }
  }

  function takeOpen(text: string, file: string, line: number): void {
    const path = resolveTemplatePath(text.replace(filledIn, anyText), folderOf(file));
    if (path.type !== 'inside') return;
    open.push({ expression: text, place: { file, line }, why: 'Ansible fills in {{...}} while it runs', alternatives: [path.path] });
  }

  function giveUp(expression: string, why: string): void {
    open.push({ expression, place: { file: playbook, line: 1 }, why, alternatives: [anyText] });
  }

  function takeLine(line: Line, lines: readonly Line[], file: string): void {
    const { key, below } = line;
    const isRoleName = key === 'name' && pathKeys.get('name')?.test(below ?? '') === true;
    if (key !== undefined && (readsNothing.has(key) || (key === 'name' && !isRoleName && below !== 'roles'))) return;
    const value = line.value.replaceAll(/\{\{\s*playbook_dir\s*\}\}/g, '.');
    const inside =
      value.length > longestLine
        ? value
        : value.replaceAll(withFilledIn, (text, at: number) => {
            filledInSoFar += 1;
            if (filledInSoFar === mostFilledIn) giveUp('{{...}}', `it leads to more than ${mostFilledIn} texts with {{...}}`);
            if (filledInSoFar < mostFilledIn && namesPath(text, value.slice(0, at), line, lines)) takeOpen(text, file, line.number);
            // What stands in `{{ lookup('file', 'x') }}` is looked at as other words are.
            return [...text.matchAll(filledIn)].map(([expression]) => expression).join(' ');
          });
    const isNamed = folderKeys.has(key ?? below ?? '');
    for (const [text] of inside.matchAll(word))
      if (text.length <= longestPath && (isNamed || /[./]./.test(text) || text.endsWith('/'))) takeWord(text, file, key ?? below);
  }

  for (const file of files) {
    if (files.size > most) {
      giveUp(playbook, `it leads to more than ${most} files`);
      break;
    }
    const lines = /\.ya?ml$/.test(file) ? linesOf(reading.text(file, where) ?? '') : [];
    for (const line of lines) takeLine(line, lines, file);
  }
  files.delete(playbook);
  return { paths: [...files, ...subfolders], folders: [...folders], open };
}

/** Longer lines hold data; what stands in them is looked at word by word alone. */
const longestLine = 10_000;
const longestPath = 4096;
const word = /[\w@%+~./-]+/g;
const filledIn = /\{\{[^}]*\}\}/g;
const withFilledIn = /(?<![\w@%+~./-])[\w@%+~./-]*(?:\{\{[^}]*\}\}[\w@%+~./-]*)+/g;

/** Whether a text with `{{ }}` is a path of this machine. @param before what stands before it in the value. */
function namesPath(text: string, before: string, line: Line, lines: readonly Line[]): boolean {
  // `src=x` and `{src: x}` on the line of the module itself.
  const inner = /([\w.]+)\s*[:=]\s*["']?$/.exec(before)?.[1];
  const [key, module] = inner === undefined ? [line.key ?? line.below, line.below] : [lastPart(inner), line.key ?? line.below];
  if (key === undefined || pathKeys.get(key)?.test(module ?? '') !== true) return false;
  if (roleKeys.has(key) && !text.includes('/')) return false;
  const task = taskAround(line, lines);
  if (task.some((each) => readsOnTarget.test(`${each.key}: ${each.value}`))) return false;
  // What a loop over literal values gives is seen there.
  return !(/^\{\{\s*item\b[\w.]*\s*\}\}$/.test(text) && loopsOverLiterals(task));
}

/** By which `src` is a path of the machine that is built. */
const readsOnTarget = /\bremote_src\s*[:=]\s*["']?(?:yes|true)|\bstate\s*[:=]\s*["']?(?:link|hard)/i;

function loopsOverLiterals(task: readonly Line[]): boolean {
  const at = task.findIndex(({ key }) => key !== undefined && /^(?:loop|with_\w+)$/.test(key));
  const loop = task[at];
  if (loop === undefined) return false;
  const end = task.findIndex(({ dash, indent }, index) => index > at && dash === undefined && indent <= loop.indent);
  return task.slice(at, end === -1 ? undefined : end).every(({ value }) => !value.includes('{{'));
}

/** A task of a person is not longer. */
const longestTask = 100;

/** The lines of the item that a line belongs to. */
function taskAround(line: Line, lines: readonly Line[]): readonly Line[] {
  const { at } = line;
  const before = lines.slice(Math.max(0, at - longestTask), at + 1);
  const first = before.findLast(({ dash }) => dash !== undefined && dash < line.indent);
  const start = first?.dash;
  if (first === undefined || start === undefined) return [line];
  const task = lines.slice(first.at, at + longestTask);
  const end = task.findIndex(({ dash, indent }, index) => index > 0 && (dash ?? indent) <= start);
  return end === -1 ? task : task.slice(0, end);
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  /** The keys that the next line may stand below. */
  let outer: { readonly key: string; readonly indent: number }[] = [];
  for (const [at, whole] of text.split('\n').entries()) {
    const [, spaces = '', dashes = '', name, value = ''] =
      /^(\s*)((?:-\s+)*)(?:["']?([A-Za-z_][\w.]*)["']?\s*:(?=\s|$))?(.*)$/.exec(whole.replace(/(?:^|\s)#.*$/, '')) ?? [];
    if (dashes === '' && name === undefined && value.trim() === '') continue;
    const dash = dashes === '' ? undefined : spaces.length;
    const indent = spaces.length + dashes.length;
    // The items of a list may stand right below its key.
    outer = outer.filter((each) => (dash === undefined ? each.indent < indent : each.indent <= dash));
    const key = name === undefined ? undefined : lastPart(name);
    lines.push({ at: lines.length, number: at + 1, dash, indent, key, value: value.trim(), below: outer.at(-1)?.key });
    if (key !== undefined) outer.push({ key, indent });
  }
  return lines;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === '.' ? '' : folder;
}
