import { type Stats, lstatSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';

import { type Outcome, failure, success } from '../../core/failure.ts';
import { toDigest } from '../../core/digest.ts';
import { checkInputName } from '../../core/fingerprint.ts';
import { type FileInput, fileKinds } from '../../core/input.ts';
import { identityOf } from './file-identity.ts';
import { everythingIn, filesMatching } from './input-file-globs.ts';
import { isWhole, lookAt, nameFailure, notRead, pathBelow, unreadable } from './input-file-place.ts';
import { type ReadFile, openHashQueue } from './input-file-hashing.ts';
import { hashInputFile } from './input-file.ts';
import { type Sightings } from './input-sightings.ts';
import { type StatCache } from './stat-cache.ts';

type FileKind = FileInput['kind'];

/** `isPlain`: a file itself, with no link on the way to it. */
interface Gathered {
  readonly kind: FileKind;
  readonly where: string;
  readonly isPlain: boolean;
}

export interface HashedInputs {
  readonly files: readonly FileInput[];
  /** How many of them were read; of the others what was kept holds. */
  readonly read: number;
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
  /** Every file with its digest, in no order that means anything. */
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

  function note(name: string, as: Gathered): Outcome<null> {
    const before = gathered.get(name);
    if (before !== undefined) {
      if (fileKinds.indexOf(as.kind) < fileKinds.indexOf(before.kind)) gathered.set(name, { ...as, isPlain: before.isPlain });
      return success(null);
    }
    const checked = checkName(name, as.where);
    if (!checked.ok) return checked;
    gathered.set(name, as);
    if (as.isPlain && cache?.knows(name) !== true) queue.add(name);
    return success(null);
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
      const status = lstatSync(join(root, folder), { throwIfNoEntry: false });
      if (status?.isSymbolicLink() === true) return folder;
      plainFolders.set(folder, status);
    }
    return undefined;
  }

  function isBelowPlainFolders(path: string): boolean {
    try {
      return firstLinkedFolder(path) === undefined;
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
    // One for all that is found: there may be a hundred thousand.
    const asPlain: Gathered = { kind, where, isPlain: true };
    const behindLinks: string[] = [];
    const refused: string[] = [];
    const others = filesMatching(root, { patterns, exclude }, where, sightings, (path) => {
      // The walk has seen what it is, and on the way to it is no link: there is nothing more to look at before it is read.
      if (!isBelowPlainFolders(path)) behindLinks.push(path);
      else if (!note(path, asPlain).ok) refused.push(path);
    });
    queue.begin();
    if (!others.ok) return others;
    for (const path of [...others.value, ...behindLinks, ...refused].toSorted()) {
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
    const hashed: FileInput[] = [];
    const again: string[] = [];
    for (const [name, { kind, isPlain }] of gathered) {
      if (removed.has(name)) continue;
      if (!isPlain) again.push(name);
      else if (cache?.knows(name) === true) {
        const kept = keptFile(kind, name, cache);
        if (kept === undefined) queue.add(name);
        else hashed.push(kept);
      }
    }
    const known = hashed.length;
    const forEachRead = await queue.finish();
    const moved = movedFolder();
    if (moved !== undefined) return unreadable(moved, 'the inputs', 'it became another folder while it was read');
    forEachRead((name, file) => {
      if (removed.has(name)) return;
      if (file === undefined) again.push(name);
      else {
        cache?.keep(name, file.hex, file.identity);
        hashed.push(inputOf(kindOf(name), name, file));
      }
    });
    for (const name of again.toSorted()) {
      const file = await hashInputFile(root, name, gathered.get(name)?.where ?? '');
      if (!file.ok) return file;
      hashed.push({ kind: kindOf(name), name, ...file.value });
    }
    return success({ files: hashed, read: hashed.length - known });
  }

  const kindOf = (name: string): FileKind => gathered.get(name)?.kind ?? 'config';

  function keptFile(kind: FileKind, name: string, kept: StatCache): FileInput | undefined {
    let status: Stats | undefined;
    try {
      status = lstatSync(`${root}/${name}`, { throwIfNoEntry: false });
    } catch {
      // Whoever reads it will say why.
    }
    const hex = status === undefined ? undefined : kept.digestOf(name, status);
    return status === undefined || hex === undefined ? undefined : inputOf(kind, name, { hex, identity: identityOf(status) });
  }

  /** A folder that is no longer the one that was looked at: what was read through its path may lie anywhere. */
  function movedFolder(): string | undefined {
    for (const [folder, status] of plainFolders) {
      if (status === undefined) continue;
      let now: Stats | undefined;
      try {
        now = lstatSync(join(root, folder), { throwIfNoEntry: false });
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

/** Spelt out: an object that is spread from others takes twice the memory, and there may be a hundred thousand. */
function inputOf(kind: FileKind, name: string, { hex, identity: [, , mode, size] }: ReadFile): FileInput {
  return { kind, name, digest: toDigest(hex), size, mode: (mode & 0o100) === 0 ? '100644' : '100755' };
}

function checkName(name: string, where: string): Outcome<string> {
  if (!isWhole(name)) return nameFailure(name, where);
  const checked = checkInputName(name);
  return checked.ok ? checked : failure('INPUT_NAME', `${checked.failure.message} (found by ${where})`, checked.failure.remedy);
}
