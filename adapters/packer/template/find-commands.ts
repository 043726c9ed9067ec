import { posix } from 'node:path';

import { anyText } from './hcl-alternatives.ts';
import { type ComponentRole } from './file-references.ts';
import { type Expression, type Place } from './hcl-document.ts';
import { type Bindings, type Evaluator } from './hcl-surroundings.ts';
import { fileFunctions } from './hcl-functions.ts';
import { textsIn } from './hcl-value.ts';
import { type ReferenceCollection } from './reference-collection.ts';
import { type RepositoryReading } from './repository-reading.ts';
import { type ShellWord, shellText, shellWords } from './shell-words.ts';
import { resolveTemplatePath } from './template-path.ts';

/** Whether an attribute holds commands that run where packer runs, in its working directory. */
export function holdsCommands(role: ComponentRole, type: string, name: string): boolean {
  if (role === 'builder') return name === 'pre_mount_commands' || name === 'post_mount_commands';
  if (type === 'shell-local') return name === 'inline' || name === 'command' || name === wrapper;
  return role === 'provisioner' && type === 'ansible' && (name === 'command' || name === 'galaxy_command');
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
  readonly path: string;
  /** `missing`: it is run or read, and is not there. `names`: the command may read or write it. */
  readonly use: 'runs' | 'reads' | 'missing' | 'names';
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
  const folders: (string | undefined)[] = [];

  function take(word: ShellWord, line: Expression): void {
    if (word.use === 'opens') folders.push(folder);
    else if (word.use === 'closes') folder = folders.length > 0 ? folders.pop() : folder;
    else if (word.use === 'enters') folder = placeOf(word.text);
    else takePath(word, line);
  }

  /** Undefined where it is outside or not known. */
  function placeOf(text: string): string | undefined {
    if (isOpen(text)) return undefined;
    if (folder === undefined && !text.startsWith('/')) return undefined;
    const path = resolveTemplatePath(text, folder ?? '');
    return path.type === 'inside' ? path.path : undefined;
  }

  function takePath({ text, use }: ShellWord, line: Expression): void {
    const where = `${line.place.file}:${line.place.line}`;
    const path = placeOf(text);
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
      if (/^[/~]/.test(text) || !text.includes('/')) return;
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
    } else if (text.includes('/') && !text.startsWith('/')) {
      noteOpen(text, line, undefined, 'the shell fills in part of it');
    }
  }

  function noteOpen(text: string, line: Expression, alternatives: readonly string[] | undefined, why: string): void {
    collection.unresolved.push({
      expression: text.replaceAll(anyText, '...').replaceAll(shellText, '...'),
      place: line.place,
      why,
      alternatives: alternatives?.map((path) => path.replaceAll(shellText, anyText)) ?? [anyText],
      relativeTo: 'root',
    });
  }

  for (const line of linesOf(commands)) {
    const evaluation = evaluator.evaluate(line, bindings);
    const texts = evaluation.known ? textsIn(evaluation.value) : evaluator.alternatives(line, bindings);
    for (const text of texts) {
      if (text !== anyText) for (const word of shellWords(text.replaceAll(/\{\{.*?\}\}/gs, anyText))) take(word, line);
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

function isOpen(text: string): boolean {
  return text.includes(anyText) || text.includes(shellText);
}
