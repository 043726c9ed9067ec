import { lstatSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';

import { type Failure, type Outcome, failure, success } from '../../core/failure.ts';
import { checkInputName } from '../../core/fingerprint.ts';
import { type FileInput, fileKinds } from '../../core/input.ts';
import { everythingIn, filesMatching } from './input-file-globs.ts';
import { lookAt, pathBelow, reasonOf, unreadable } from './input-file-place.ts';
import { hashInputFile } from './input-file.ts';

type FileKind = FileInput['kind'];

/** The files that are inputs, gathered first and hashed afterwards. */
export interface InputFiles {
  /** A file that something names: it must be there. */
  addFile(path: string, kind: FileKind, where: string): Outcome<null>;
  /** A file, a folder with all that is in it, or a link to either. `found` is false where nothing is there. */
  add(path: string, kind: FileKind, where: string): Outcome<{ readonly found: boolean }>;
  /** What some patterns find. */
  addMatching(patterns: readonly string[], kind: FileKind, where: string): Outcome<null>;
  /** Leaves out what the build itself writes. */
  remove(path: string): void;
  /** Every file with its digest, in no order that means anything. */
  hash(): Promise<Outcome<readonly FileInput[]>>;
}

/**
 * Gathers files below a real root under the names that they really have. Where a link is on the way to a file, the
 * link is an input and the file is one under its own name: so a link that is turned elsewhere shows, and no file
 * counts under two names.
 */
export function collectInputFiles(root: string, exclude: readonly string[]): InputFiles {
  const gathered = new Map<string, { kind: FileKind; where: string }>();
  const plainFolders = new Set<string>(['']);
  const walked = new Set<string>();
  const removed = new Set<string>();

  function note(name: string, kind: FileKind, where: string): Outcome<null> {
    const checked = checkName(name, where);
    if (!checked.ok) return checked;
    const before = gathered.get(name);
    if (before === undefined || fileKinds.indexOf(kind) < fileKinds.indexOf(before.kind)) gathered.set(name, { kind, where });
    return success(null);
  }

  /** The path without links among its folders; each such link is noted. */
  function throughLinks(path: string, kind: FileKind, where: string): Outcome<string> {
    let current = path;
    // As many as the system itself follows.
    for (let hops = 0; hops <= 40; hops += 1) {
      const link = firstLinkedFolder(current);
      if (link === undefined) return success(current);
      const place = lookAt(root, link, where);
      if (!place.ok) return place;
      if (place.value.type === 'absent' || place.value.link === undefined)
        return unreadable(path, where, 'it vanished while it was looked at');
      const noted = note(link, kind, where);
      if (!noted.ok) return noted;
      const target = pathBelow(root, resolve(root, link, '..', place.value.link));
      // The link leads inside in the end, but by a way that is outside: its real place serves as well.
      const real = target ?? pathBelow(root, place.value.file) ?? '';
      current = posix.join(real, current.slice(link.length + 1));
    }
    return unreadable(path, where, 'its links go in a circle');
  }

  function firstLinkedFolder(path: string): string | undefined {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash);
      if (plainFolders.has(folder)) continue;
      if (lstatSync(join(root, folder), { throwIfNoEntry: false })?.isSymbolicLink() === true) return folder;
      plainFolders.add(folder);
    }
    return undefined;
  }

  function add(given: string, kind: FileKind, where: string): Outcome<{ readonly found: boolean }> {
    try {
      const path = throughLinks(given, kind, where);
      if (!path.ok) return path;
      const place = lookAt(root, path.value, where);
      if (!place.ok) return place;
      if (place.value.type === 'absent') return success({ found: false });
      const added =
        place.value.type === 'file'
          ? note(path.value, kind, where)
          : addFolder(path.value, place.value.file, place.value.link, kind, where);
      return added.ok ? success({ found: true }) : added;
    } catch (error) {
      return unreadable(given, where, reasonOf(error));
    }
  }

  function addFolder(path: string, file: string, link: string | undefined, kind: FileKind, where: string): Outcome<null> {
    const noted = link === undefined ? success(null) : note(path, kind, where);
    const folder = pathBelow(root, file) ?? '';
    const visit = `${kind} ${folder}`;
    if (!noted.ok || walked.has(visit)) return noted;
    walked.add(visit);
    return addMatching([everythingIn(folder)], kind, where);
  }

  function addMatching(patterns: readonly string[], kind: FileKind, where: string): Outcome<null> {
    for (const pattern of patterns) {
      const missing = missingLiteral(pattern, where);
      if (missing !== undefined) return missing;
    }
    const found = filesMatching(root, { patterns, exclude }, where);
    if (!found.ok) return found;
    for (const path of found.value) {
      const checked = checkName(path, where);
      if (!checked.ok) return checked;
      const added = add(path, kind, where);
      if (!added.ok) return added;
      if (!added.value.found) return unreadable(path, where, 'it vanished while it was looked at');
    }
    return success(null);
  }

  /** A wildcard may find nothing; a path that is spelt out and not there is a mistake. */
  function missingLiteral(pattern: string, where: string): Outcome<never> | undefined {
    if (/[*?[\]{}()!+@\\]/.test(pattern)) return undefined;
    const place = lookAt(root, pattern, where);
    if (!place.ok) return place;
    return place.value.type === 'absent' ? unreadable(pattern, where, 'it is not there') : undefined;
  }

  async function hash(): Promise<Outcome<readonly FileInput[]>> {
    const hashed: FileInput[] = [];
    for (const [name, { kind, where }] of gathered) {
      if (removed.has(name)) continue;
      const file = await hashInputFile(root, name, where);
      if (!file.ok) return file;
      hashed.push({ kind, name, ...file.value });
    }
    return success(hashed);
  }

  return {
    add,
    addMatching,
    addFile(path, kind, where) {
      const added = add(path, kind, where);
      if (!added.ok) return added;
      return added.value.found ? success(null) : unreadable(path, where, 'it is not there');
    },
    remove: (path) => void removed.add(path),
    hash,
  };
}

/** Node gives U+FFFD for the bytes of a name that are not UTF-8; two such names could then read the same. */
function checkName(name: string, where: string): Outcome<string> | { readonly ok: false; readonly failure: Failure } {
  if (!name.includes('\uFFFD')) {
    const checked = checkInputName(name);
    return checked.ok ? checked : failure('INPUT_NAME', `${checked.failure.message} (found by ${where})`, checked.failure.remedy);
  }
  return failure(
    'INPUT_NAME',
    `the name ${JSON.stringify(name)}, found by ${where}, is not UTF-8`,
    'rename the file, or leave it out of the inputs',
  );
}
