import { posix } from 'node:path';

import { anyText } from './hcl-alternatives.ts';
import { type ComponentRole } from './file-references.ts';
import { type Expression, type Place } from './hcl-document.ts';
import { type Bindings, type Evaluator } from './hcl-surroundings.ts';
import { fileFunctions } from './hcl-functions.ts';
import { textsIn } from './hcl-value.ts';
import { type ReferenceCollection } from './reference-collection.ts';
import { type RepositoryReading } from './repository-reading.ts';
import { noShellVariables, seenText, shellText } from './shell-variables.ts';
import { type ShellWord, patternStart, shellWords, writtenWord } from './shell-words.ts';
import { resolveTemplatePath } from './template-path.ts';

/** Whether an attribute holds commands that run where packer runs, in its working directory. */
export function holdsCommands(role: ComponentRole, type: string, name: string): boolean {
  if (role === 'builder') return name === 'pre_mount_commands' || name === 'post_mount_commands';
  if (type === 'shell-local') return name === 'inline' || name === 'command' || name === wrapper;
  return role === 'provisioner' && type === 'ansible' && (name === 'command' || name === 'galaxy_command');
}

/** Whether an attribute gives variables of the environment to commands that run where packer runs. */
export function holdsEnvironment(type: string, name: string): boolean {
  return type === 'shell-local' && (name === 'environment_vars' || name === 'env');
}

/** How packer runs the commands: it fills the script in, so what is open in it is no gap. */
const wrapper = 'execute_command';

/** What the search through commands needs. */
export interface CommandSearch {
  readonly evaluator: Evaluator;
  readonly reading: RepositoryReading;
  readonly collection: ReferenceCollection;
  /** The attribute that holds the commands. */
  readonly name: string;
}

/** A path of the repository that stands in a command. */
export interface PathInCommand {
  /** Of a pattern as it is written. */
  readonly path: string;
  /**
   * `missing`: it is run or read, and is not there. `names`: the command may read or write it. `pattern`: the same, of
   * the files that it finds.
   */
  readonly use: 'runs' | 'reads' | 'missing' | 'names' | 'pattern';
  /** What it may become, of a pattern. */
  readonly alternatives?: readonly string[];
  readonly place: Place;
}

/**
 * Looks through commands that run on the machine packer runs on, and answers the paths in them: a program of the
 * repository, what an interpreter is given and what `<` reads, and any other word that is a file or a folder of the
 * repository. What is read and cannot be resolved is noted. Words that are no path of anything are nothing.
 */
export function findInCommands(
  commands: Expression,
  bindings: Bindings,
  { evaluator, reading, collection, name }: CommandSearch,
): PathInCommand[] {
  const paths: PathInCommand[] = [];
  /** Where relative paths start; undefined: not known. */
  let folder: string | undefined = '';
  /** Whether a command before went to a folder of the machine's: what is not known of it is none of the repository's. */
  let isElsewhere = false;
  const folders: { readonly folder: string | undefined; readonly isElsewhere: boolean }[] = [];
  const variables = noShellVariables();

  function take(word: ShellWord, line: Expression): void {
    if (word.use === 'opens') folders.push({ folder, isElsewhere });
    else if (word.use === 'closes') ({ folder, isElsewhere } = folders.pop() ?? { folder, isElsewhere });
    else if (word.use === 'enters') enter(word.text);
    else takePath(word, line);
  }

  function enter(text: string): void {
    folder = placeOf(text);
    isElsewhere = /^[/~]/.test(text) || (isElsewhere && !isOpen(text));
  }

  /** Undefined where it is outside or not known. `base`: where relative ones start; undefined: not known. */
  function placeOf(text: string, base = folder): string | undefined {
    if (isOpen(text)) return undefined;
    if (base === undefined && !text.startsWith('/')) return undefined;
    const path = resolveTemplatePath(text, base ?? '');
    return path.type === 'inside' ? path.path : undefined;
  }

  /** A word with `*` and the like, or one below a folder that is filled in: it counts where it finds files. */
  function takePattern({ text, use }: ShellWord, line: Expression): void {
    const start = [patternStart(text), text.search(openCharacters)].filter((at) => at >= 0);
    const split = text.lastIndexOf('/', Math.min(...start)) + 1;
    // What is filled in alone, or first of all, can be anything.
    if (patternStart(text) < 0 && split === 0) return;
    const base = placeOf(text.slice(0, split) === '' ? '.' : text.slice(0, split), folder ?? '');
    if (base === undefined) return;
    const pattern = writtenWord(text.slice(split).replaceAll(openCharacters, '*')).replace(/\/+$/, '');
    if (pattern === '' || /(?:^|\/)\.\.?(?:\/|$)/.test(pattern)) return;
    const finds = reading.hasFiles(base, pattern);
    if (!finds && (use === 'names' || !text.includes('/'))) return;
    paths.push({
      path: shownText(posix.join(base, text.slice(split))),
      use: finds ? 'pattern' : 'missing',
      place: line.place,
      alternatives: [posix.join(base, text.slice(split).replaceAll(anyOfPattern, anyText))],
    });
  }

  function takePath(word: ShellWord, line: Expression): void {
    const { text, use } = word;
    const where = `${line.place.file}:${line.place.line}`;
    if (patternStart(text) >= 0 || (use === 'names' && isOpen(text))) {
      takePattern(word, line);
      return;
    }
    // Where a command before went to is not known: a file that is named may still be the one below the root.
    const path = placeOf(text, use === 'names' ? (folder ?? '') : folder);
    if (path === undefined || path === '') {
      if (use !== 'names') takeOpen(text, line);
      return;
    }
    const isFile = reading.isFile(path, where) === true;
    const { place } = line;
    if (use === 'names') {
      const isNamed = (isFile && !reading.isExcluded(path)) || (text.includes('/') && reading.isFolder(path, where));
      if (isNamed) paths.push({ path, use, place });
    } else if (isFile) {
      paths.push({ path, use: use === 'runs' ? 'runs' : 'reads', place });
    } else if (text.includes('/')) {
      paths.push({ path, use: 'missing', place });
    }
  }

  /** A path that is read and not known. Absolute ones and those of a home folder belong to the machine. */
  function takeOpen(text: string, line: Expression): void {
    if (name === wrapper) return;
    if (!isOpen(text)) {
      if (/^[/~]/.test(text) || (isElsewhere && !text.includes('/'))) return;
      noteOpen(
        text,
        line,
        undefined,
        folder === undefined ? 'a command before it goes to a folder that is not known' : 'it is outside the repository',
      );
    } else if (text.includes(anyText)) {
      const whole =
        line.type === 'template' || line.type === 'conditional' ? 'part of it is known only to packer' : 'it is known only to packer';
      noteOpen(text, line, folder === undefined ? undefined : [posix.join(folder, text)], whole);
    } else if (text === shellText) {
      noteOpen('$...', line, undefined, 'the shell fills in what is run or read');
    } else if (text.includes('/') && !text.startsWith('/')) {
      noteOpen(text, line, undefined, 'the shell fills in part of it');
    }
  }

  function noteOpen(text: string, line: Expression, alternatives: readonly string[] | undefined, why: string): void {
    collection.unresolved.push({
      expression: shownText(text),
      place: line.place,
      why,
      alternatives: alternatives?.map((path) => path.replaceAll(openCharacters, anyText)) ?? [anyText],
      relativeTo: 'root',
    });
  }

  for (const line of linesOf(commands)) {
    const evaluation = evaluator.evaluate(line, bindings);
    const texts = evaluation.known ? textsIn(evaluation.value) : evaluator.alternatives(line, bindings);
    for (const text of texts) {
      if (text !== anyText) for (const word of shellWords(text.replaceAll(/\{\{.*?\}\}/gs, anyText), variables)) take(word, line);
      else if (!evaluation.known && !isContent(line) && name !== wrapper) collection.note(line, 'root', evaluation.why, bindings);
    }
  }
  return paths;
}

function linesOf(commands: Expression): readonly Expression[] {
  return commands.type === 'list' ? commands.items : [commands];
}

/** The file that it is read from is an input itself. */
function isContent(line: Expression): boolean {
  return line.type === 'call' && fileFunctions.has(line.name);
}

const openCharacters = new RegExp(`[${anyText}${shellText}${seenText}]`, 'g');
/** What makes a word a pattern, with what belongs to it. */
const anyOfPattern = /\uF8FB[^\]]*\]|\uF8FC[^}]*\}|[\uF8F9\uF8FA\uF8FD-\uF8FF]+/g;

function isOpen(text: string): boolean {
  return text.search(openCharacters) >= 0;
}

function shownText(text: string): string {
  return writtenWord(text).replaceAll(openCharacters, '...');
}

/** The files of the repository that variables of the environment name. */
export function findInEnvironment(
  given: Expression,
  bindings: Bindings,
  { evaluator, reading }: Pick<CommandSearch, 'evaluator' | 'reading'>,
): PathInCommand[] {
  const paths: PathInCommand[] = [];
  for (const line of given.type === 'object' ? given.entries.map(({ value }) => value) : linesOf(given)) {
    const evaluation = evaluator.evaluate(line, bindings);
    const where = `${line.place.file}:${line.place.line}`;
    for (const text of evaluation.known ? textsIn(evaluation.value) : []) {
      for (const word of text.replace(/^\w+=/, '').split(':')) {
        const path = resolveTemplatePath(word, '');
        if (path.type !== 'inside' || path.path === '') continue;
        const isFile = reading.isFile(path.path, where) === true && !reading.isExcluded(path.path);
        if (isFile || (word.includes('/') && reading.isFolder(path.path, where)))
          paths.push({ path: path.path, use: 'names', place: line.place });
      }
    }
  }
  return paths;
}
