import { type Stats, lstatSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';

import { type Outcome, failure, success } from '../../core/failure.ts';
import { type Digest, toDigest } from '../../core/digest.ts';
import { checkInputName, isPlainText, sortNames } from '../../core/fingerprint.ts';
import { type FileInput, fileKinds } from '../../core/input.ts';
import { type FileColumns, hexAt, modeAt, sizeAt } from './file-columns.ts';
import { everythingIn, filesMatching } from './input-file-globs.ts';
import { isWhole, lookAt, nameFailure, notRead, pathBelow, unreadable } from './input-file-place.ts';
import { openHashQueue } from './input-file-hashing.ts';
import { type HashedFile, hashInputFile } from './input-file.ts';
import { pathIn } from './input-folder-walk.ts';
import { type Sightings } from './input-sightings.ts';
import { type StatCache } from './stat-cache.ts';

type FileKind = FileInput['kind'];

/** How a file was found. */
interface Found {
  kind: FileKind;
  where: string;
  /** A file itself, with no link on the way to it. */
  readonly isPlain: boolean;
}

interface Gathered extends Found {
  readonly name: string;
  /** Where what is known of it is in the end: by itself, or among others. */
  found: HashedFile | FileColumns | undefined;
  /** Its place among others. */
  at: number;
}

/** The files among the inputs. Each is made when it is asked for: a hundred thousand at once would take more memory than all else. */
export interface HashedInputs {
  readonly count: number;
  /** How many were read; of the others what was kept holds. */
  readonly read: number;
  names(): Iterable<string>;
  get(name: string): FileInput | undefined;
  /** Whether one is a link of this digest. */
  hasLink(digest: Digest): boolean;
  /** Those of a kind, in the order of the fingerprint. */
  inOrder(kind: FileKind): Iterable<FileInput>;
}

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
  /** Every file with its digest. */
  hash(): Promise<Outcome<HashedInputs>>;
  /** To be called at the end, whatever happened. */
  close(): void;
}

/**
 * Gathers files below a real root under the names that they really have. Where a link is on the way to a file, the
 * link is an input and the file is one under its own name: so a link that is turned elsewhere shows, and no file
 * counts under two names.
 */
export function collectInputFiles(
  root: string,
  exclude: readonly string[],
  { sightings, cache }: { readonly sightings: Sightings; readonly cache: StatCache | undefined },
): InputFiles {
  const gathered = new Map<string, Gathered>();
  const queue = openHashQueue(root, cache?.begun.time ?? null);
  /** Those that are no links, with what they were when that was seen. */
  const plainFolders = new Map<string, Stats | undefined>([['', undefined]]);
  const walked = new Set<string>();
  const removed = new Set<string>();

  function note(name: string, { kind, where, isPlain }: Found): Outcome<null> {
    const before = gathered.get(name);
    if (before !== undefined) {
      if (fileKinds.indexOf(kind) < fileKinds.indexOf(before.kind)) {
        before.kind = kind;
        before.where = where;
      }
      return success(null);
    }
    const checked = checkName(name, where);
    if (!checked.ok) return checked;
    put(name, { kind, where, isPlain });
    return success(null);
  }

  /** A file that is not there yet, and whose name can be an input's. */
  function put(name: string, { kind, where, isPlain }: Found): void {
    const file: Gathered = { kind, where, isPlain, name, found: undefined, at: 0 };
    gathered.set(name, file);
    if (isPlain && cache?.placeOf(name) === undefined) enqueue(file);
  }

  function enqueue(file: Gathered): void {
    file.found = queue.add(file.name);
    file.at = file.found.names.length - 1;
  }

  /** The path without links among its folders; each such link is noted. */
  function throughLinks(path: string, kind: FileKind, where: string): Outcome<string> {
    let current = path;
    // As many as the system itself follows.
    for (let hops = 0; hops <= 40; hops += 1) {
      const link = firstLinkedFolder(current);
      if (link === undefined) return success(current);
      sightings.looked.add(link);
      const place = lookAt(root, link, where);
      if (!place.ok) return place;
      if (place.value.type === 'absent' || place.value.link === undefined)
        return unreadable(path, where, 'it vanished while it was looked at');
      const noted = note(link, { kind, where, isPlain: false });
      if (!noted.ok) return noted;
      const target = pathBelow(root, resolve(root, link, '..', place.value.link));
      // The link leads inside in the end, but by a way that is outside: its real place serves as well.
      const real = target ?? pathBelow(root, place.value.file) ?? '';
      current = posix.join(real, current.slice(link.length + 1));
    }
    return unreadable(path, where, 'its links go in a circle');
  }

  function firstLinkedFolder(path: string): string | undefined {
    // Whose folder was not linked has no linked folder above it either.
    if (plainFolders.has(path.slice(0, Math.max(0, path.lastIndexOf('/'))))) return undefined;
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash);
      if (plainFolders.has(folder)) continue;
      const status = lstatSync(`${root}/${folder}`, { throwIfNoEntry: false });
      if (status?.isSymbolicLink() === true) return folder;
      plainFolders.set(folder, status);
    }
    return undefined;
  }

  function isPlainFolder(folder: string): boolean {
    try {
      return firstLinkedFolder(`${folder}/`) === undefined;
    } catch {
      // What can no longer be looked at is told of where it is looked at again.
      return false;
    }
  }

  function add(given: string, kind: FileKind, where: string): Outcome<{ readonly found: boolean }> {
    try {
      const path = throughLinks(given, kind, where);
      if (!path.ok) return path;
      sightings.looked.add(path.value);
      const place = lookAt(root, path.value, where);
      if (!place.ok) return place;
      if (place.value.type === 'absent') return success({ found: false });
      const added =
        place.value.type === 'file'
          ? note(path.value, { kind, where, isPlain: place.value.link === undefined })
          : addFolder(path.value, place.value.file, place.value.link, kind, where);
      return added.ok ? success({ found: true }) : added;
    } catch (error) {
      return notRead(given, where, error);
    }
  }

  function addFolder(path: string, file: string, link: string | undefined, kind: FileKind, where: string): Outcome<null> {
    const noted = link === undefined ? success(null) : note(path, { kind, where, isPlain: false });
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
    const asPlain: Found = { kind, where, isPlain: true };
    const again: string[] = [];
    const others = filesMatching(root, { patterns, exclude }, where, sightings, (folder, names) => {
      // The walk has seen what they are, and on the way to them is no link: there is nothing more to look at before they are read.
      const isPlain = isPlainFolder(folder);
      const areNames = isPlain && isPlainText(`${folder}/${names.join('')}`);
      for (const name of names) {
        const path = pathIn(folder, name);
        if (areNames && !gathered.has(path)) put(path, asPlain);
        else if (!isPlain || !note(path, asPlain).ok) again.push(path);
      }
    });
    queue.begin();
    if (!others.ok) return others;
    for (const path of [...others.value, ...again].toSorted()) {
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

  async function hash(): Promise<Outcome<HashedInputs>> {
    for (const name of removed) gathered.delete(name);
    const known = cache === undefined ? 0 : takeKnown(cache);
    const read = await queue.finish();
    const moved = movedFolder();
    if (moved !== undefined) return unreadable(moved, 'the inputs', 'it became another folder while it was read');
    for (const files of read) {
      for (let at = 0; at < files.names.length; at += 1) {
        const file = files.isRead(at) ? undefined : gathered.get(files.names[at] ?? '');
        if (file !== undefined) file.found = undefined;
      }
      cache?.keep(files);
    }
    const again = gathered.values().filter(({ found }) => found === undefined);
    for (const file of [...again].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const hashed = await hashInputFile(root, file.name, file.where);
      if (!hashed.ok) return hashed;
      file.found = hashed.value;
    }
    return success(hashedInputs(gathered, gathered.size - known));
  }

  /** How many of the files are as they were when they were kept; the others are to be read. */
  function takeKnown(kept: StatCache): number {
    let count = 0;
    if (kept.known.names.length === 0) return count;
    for (const file of gathered.values()) {
      const at = file.isPlain ? kept.placeOf(file.name) : undefined;
      if (at === undefined) continue;
      if (!isUnchanged(file.name, at, kept)) enqueue(file);
      else {
        file.found = kept.known;
        file.at = at;
        count += 1;
      }
    }
    return count;
  }

  function isUnchanged(name: string, at: number, kept: StatCache): boolean {
    try {
      const status = lstatSync(`${root}/${name}`, { throwIfNoEntry: false });
      return status !== undefined && kept.isUnchanged(at, status);
    } catch {
      // Whoever reads it will say why.
      return false;
    }
  }

  /** A folder that is no longer the one that was looked at: what was read through its path may lie anywhere. */
  function movedFolder(): string | undefined {
    for (const [folder, status] of plainFolders) {
      if (status === undefined) continue;
      let now: Stats | undefined;
      try {
        now = lstatSync(`${root}/${folder}`, { throwIfNoEntry: false });
      } catch {
        // No longer to be looked at: no longer the same.
      }
      if (now === undefined || now.dev !== status.dev || now.ino !== status.ino || !now.isDirectory()) return folder;
    }
    return undefined;
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
    close: () => queue.close(),
    hash,
  };
}

function hashedInputs(gathered: ReadonlyMap<string, Gathered>, read: number): HashedInputs {
  const sorted = new Map<FileKind, readonly Gathered[]>();
  const namesOf = (kind: FileKind): string[] => {
    const names: string[] = [];
    for (const file of gathered.values()) if (file.kind === kind) names.push(file.name);
    return names;
  };
  const ofKind = (kind: FileKind): readonly Gathered[] => sortNames(namesOf(kind)).flatMap((name) => gathered.get(name) ?? []);
  return {
    count: gathered.size,
    read,
    names: () => gathered.keys(),
    get(name) {
      const file = gathered.get(name);
      return file === undefined ? undefined : fileInput(file);
    },
    hasLink: (digest) =>
      gathered.values().some(({ found }) => found !== undefined && 'mode' in found && found.mode === '120000' && found.digest === digest),
    *inOrder(kind) {
      const files = sorted.get(kind) ?? ofKind(kind);
      sorted.set(kind, files);
      for (const file of files) yield fileInput(file);
    },
  };
}

/** Spelt out: an object that is spread from others takes twice the memory. */
function fileInput({ name, kind, found, at }: Gathered): FileInput {
  if (found === undefined) throw new TypeError('unreachable: an input that was neither read nor known');
  if ('digest' in found) return { kind, name, digest: found.digest, size: found.size, mode: found.mode };
  const [mode, size] = [modeAt(found, at), sizeAt(found, at)];
  return { kind, name, digest: toDigest(hexAt(found, at)), size, mode: (mode & 0o100) === 0 ? '100644' : '100755' };
}

function checkName(name: string, where: string): Outcome<string> {
  if (!isWhole(name)) return nameFailure(name, where);
  const checked = checkInputName(name);
  return checked.ok ? checked : failure('INPUT_NAME', `${checked.failure.message} (found by ${where})`, checked.failure.remedy);
}
