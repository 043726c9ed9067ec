import { lstatSync } from 'node:fs';
import { posix, resolve } from 'node:path';

import { type Outcome, failure, success } from '../../core/failure.ts';
import { checkInputName, isPlainText } from '../../core/fingerprint.ts';
import { type FileInput, fileKinds } from '../../core/input.ts';
import { namesOf, pathIn, placeOfPath } from './file-columns.ts';
import { type FileAmong } from './file-finder.ts';
import { type FoundFile, type FoundFiles, type FoundFolder, type HashedInputs, finderIn, hashedInputs } from './hashed-inputs.ts';
import { everythingIn, filesMatching } from './input-file-globs.ts';
import { isWholeBelow, lookAt, nameFailure, notRead, pathBelow, unreadable } from './input-file-place.ts';
import { openHashQueue } from './input-file-hashing.ts';
import { hashInputFile } from './input-file.ts';
import { plainFoldersBelow } from './plain-folders.ts';
import { type Sightings } from './input-sightings.ts';
import { type StatCache } from './stat-cache.ts';

type FileKind = FileInput['kind'];

/** How a file was found. */
type Found = Pick<FoundFile, 'kind' | 'where' | 'isPlain'>;

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
  const gathered: FoundFiles = { files: new Map(), folders: new Map() };
  const findInFolder = finderIn(gathered.folders);
  /** Folders of files that were found by themselves. */
  const foldersOfFiles = new Set<string>();
  const queue = openHashQueue(root, cache?.begun.time ?? null);
  const plainFolders = plainFoldersBelow(root);
  const walked = new Set<string>();
  const removed = new Set<string>();

  function note(name: string, { kind, where, isPlain }: Found): Outcome<null> {
    const before = gathered.files.get(name);
    const among = before === undefined ? findInFolder(name) : undefined;
    const isStronger = (than: FileKind): boolean => fileKinds.indexOf(kind) < fileKinds.indexOf(than);
    if (before !== undefined) {
      if (isStronger(before.kind)) [before.kind, before.where] = [kind, where];
      return success(null);
    }
    if (among !== undefined) {
      if (isStronger(among.files.kind)) setApart(name, among, { kind, where });
      return success(null);
    }
    const checked = checkName(root, name, where);
    if (!checked.ok) return checked;
    const file: FoundFile = { kind, where, isPlain, name, found: undefined };
    gathered.files.set(name, file);
    foldersOfFiles.add(placeOfPath(name).folder);
    if (isPlain && cache?.placeOf(name) === undefined) enqueue(file);
    return success(null);
  }

  function enqueue(file: FoundFile): void {
    const { folder, name } = placeOfPath(file.name);
    for (const { columns, first } of queue.add(folder, [name])) file.found = { columns, at: first };
  }

  /** Of files that were found together one counts by itself from now on. */
  function setApart(name: string, { files, at }: FileAmong<FoundFolder>, as: Pick<Found, 'kind' | 'where'>): FoundFile {
    files.apart.push(at);
    // Whether what is kept of it still holds is looked at later.
    const found = files.columns === cache?.known ? undefined : { columns: files.columns, at: files.first + at };
    const file: FoundFile = { ...as, isPlain: true, name, found };
    gathered.files.set(name, file);
    return file;
  }

  /** Plain files of a folder of which none is there yet, and whose names can be inputs'. */
  function putFolder(folder: string, names: readonly string[], { kind, where }: Found): void {
    const known = cache?.inFolder(folder) ?? [];
    const left = new Set(known.length === 0 ? [] : names);
    const parts = known.map((kept): FoundFolder => {
      const apart = [...namesOf(kept).entries()].filter(([, name]) => !left.delete(name)).map(([at]) => at);
      return { ...kept, kind, where, apart };
    });
    const added = queue.add(folder, known.length === 0 ? names : [...left]);
    gathered.folders.set(folder, [...parts, ...added.map((files) => ({ ...files, kind, where, apart: [] }))]);
  }

  /** The path without links among its folders; each such link is noted. */
  function throughLinks(path: string, kind: FileKind, where: string): Outcome<string> {
    let current = path;
    // As many as the system itself follows.
    for (let hops = 0; hops <= 40; hops += 1) {
      const link = plainFolders.firstLinkOnTheWay(current);
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
      const isPlain = plainFolders.has(folder);
      const isNew = !gathered.folders.has(folder) && !foldersOfFiles.has(folder);
      if (isPlain && isNew && isPlainText(`${folder}/${names.join('')}`)) {
        putFolder(folder, names, asPlain);
        return;
      }
      for (const name of names) {
        const path = pathIn(folder, name);
        if (!isPlain || !note(path, asPlain).ok) again.push(path);
      }
    });
    queue.begin();
    if (!others.ok) return others;
    for (const path of [...others.value, ...again].toSorted()) {
      const checked = checkName(root, path, where);
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
    for (const name of removed) {
      const among = findInFolder(name);
      among?.files.apart.push(among.at);
      gathered.files.delete(name);
    }
    const known = cache === undefined ? 0 : takeKnown(cache);
    const read = await queue.finish();
    const moved = plainFolders.firstMoved();
    if (moved !== undefined) return unreadable(moved, 'the inputs', 'it became another folder while it was read');
    for (const files of read) {
      for (const name of files.unread()) {
        const among = findInFolder(name);
        const file = among === undefined ? gathered.files.get(name) : setApart(name, among, among.files);
        if (file !== undefined) file.found = undefined;
      }
      cache?.keep(files);
    }
    const again = gathered.files.values().filter(({ found }) => found === undefined);
    for (const file of [...again].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const hashed = await hashInputFile(root, file.name, file.where);
      if (!hashed.ok) return hashed;
      file.found = hashed.value;
    }
    return success(hashedInputs(gathered, known));
  }

  /** How many of the files are as they were when they were kept; the others are to be read. */
  function takeKnown(kept: StatCache): number {
    let count = 0;
    for (const file of gathered.files.values()) {
      const at = file.isPlain ? kept.placeOf(file.name) : undefined;
      if (at === undefined) continue;
      if (isUnchanged(file.name, at, kept)) {
        file.found = { columns: kept.known, at };
        count += 1;
      } else if (file.found === undefined) enqueue(file);
    }
    for (const parts of gathered.folders.values()) {
      for (const part of parts.filter(({ columns }) => columns === kept.known)) {
        const changed: string[] = [];
        for (const [at, name] of namesOf(part).entries()) {
          if (part.apart.includes(at)) continue;
          if (isUnchanged(`${part.folder}/${name}`, part.first + at, kept)) count += 1;
          else {
            part.apart.push(at);
            changed.push(name);
          }
        }
        const { kind, where } = part;
        for (const added of queue.add(part.folder, changed)) parts.push({ ...added, kind, where, apart: [] });
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

function checkName(root: string, name: string, where: string): Outcome<string> {
  if (!isWholeBelow(root, name)) return nameFailure(name, where);
  const checked = checkInputName(name);
  return checked.ok ? checked : failure('INPUT_NAME', `${checked.failure.message} (found by ${where})`, checked.failure.remedy);
}
