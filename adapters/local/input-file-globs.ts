import { type Dirent, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type FileSystemAdapter, escapePath, globSync } from 'tinyglobby';

import { type Failure, type Outcome, success } from '../../core/failure.ts';
import { errorCode } from './system-error.ts';
import { inputsCacheFolder } from './cache-owner.ts';
import { pathIn, placeOfPath } from './file-columns.ts';
import { isWholeBelow, lookAt, nameFailure, notRead } from './input-file-place.ts';
import { type OnPlain, everythingBelow, folderOfAll } from './input-folder-walk.ts';
import { type Sightings, noSightings } from './input-sightings.ts';

const ulid = `[0-7]${'[0-9A-HJKMNP-TV-Z]'.repeat(25)}`;

/**
 * Never inputs: git's own files, and what this program writes into the repository's root (`core/contract/keys.ts`).
 * Named as narrowly as that, since a user's own `artifacts/` may well be what an image is made of.
 */
const neverWalked = [
  '**/.git',
  '**/.git/**',
  '**/.hybridcore-*.tmp',
  'artifacts/*.hash.json',
  `artifacts/*/${ulid}.hash.json`,
  'state/hybridcore.db*',
  'state/packer/**',
  'state/build-service/**',
  `${inputsCacheFolder}/**`,
  `incoming/run-${ulid}/**`,
  `control/run-${ulid}/**`,
  `diag/*/${ulid}.tar.gz`,
];

/** Which files a walk finds. */
export interface Globs {
  readonly patterns: readonly string[];
  /** Patterns of what is left out. */
  readonly exclude: readonly string[];
}

/**
 * The files below the real root that fit, as paths with `/`: files whose names begin with a dot too, links as themselves
 * and not followed, and whatever else is no folder. A folder that cannot be read is INPUT_UNREADABLE, not a gap.
 *
 * @param onPlain gets those that their folder calls plain files, as soon as they are known to fit.
 * @returns the others, sorted in code units.
 */
export function filesMatching(
  root: string,
  globs: Globs,
  where: string,
  sightings: Sightings,
  onPlain: OnPlain,
): Outcome<readonly string[]> {
  const failures: Failure[] = [];
  const others = new Set<string>();
  let isFirst = true;

  function list(folder: string): Dirent[] {
    const isBase = isFirst;
    isFirst = false;
    if (!isWholeBelow(root, folder)) {
      // What Node lists under that name is another folder, or none.
      failures.push(nameFailure(folder, where).failure);
      return [];
    }
    sightings.looked.add(folder);
    sightings.listed.add(folder);
    try {
      // Only the base of a pattern can be a link: those below are not followed.
      const place = isBase ? lookAt(root, folder, where) : undefined;
      if (place?.ok === false) {
        failures.push(place.failure);
        return [];
      }
      return readdirSync(`${root}/${folder}`, { withFileTypes: true });
    } catch (error) {
      const isMissingBase = isBase && (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR');
      if (!isMissingBase) failures.push(notRead(folder, where, error).failure);
      return [];
    }
  }

  const folders = globs.exclude.length === 0 ? globs.patterns.map((pattern) => folderOfAll(pattern)) : [undefined];
  if (folders.every((folder) => folder !== undefined && isFolderItself(root, folder, where))) {
    for (const folder of folders) everythingBelow(folder ?? '', list, onPlain, (path) => others.add(path));
  } else {
    const plain = new Set<string>();
    const fitting = new Map<string, string[]>();
    const listed = (folder: string): Entry[] =>
      list(folder).map((entry) => {
        if (entry.isFile()) plain.add(pathIn(folder, entry.name));
        return entryOf(entry.name, entry.isDirectory());
      });
    for (const path of run(globs, listed)) {
      if (!plain.has(path)) others.add(path);
      else {
        const { folder, name } = placeOfPath(path);
        const names = fitting.get(folder);
        if (names === undefined) fitting.set(folder, [name]);
        else names.push(name);
      }
    }
    for (const [folder, names] of fitting) onPlain(folder, names.sort());
  }
  const [first] = failures;
  return first === undefined ? success([...others].toSorted()) : { ok: false, failure: first };
}

/** The same, all of them, sorted in code units. */
export function allFilesMatching(
  root: string,
  globs: Globs,
  where: string,
  sightings: Sightings = noSightings(),
): Outcome<readonly string[]> {
  const found = new Set<string>();
  const others = filesMatching(root, globs, where, sightings, (folder, names) => {
    for (const name of names) found.add(pathIn(folder, name));
  });
  if (!others.ok) return others;
  for (const path of others.value) found.add(path);
  return success([...found].toSorted());
}

/** Whether a folder stands there, with no link on the way: then all that fits is below it. */
function isFolderItself(root: string, folder: string, where: string): boolean {
  const place = lookAt(root, folder, where);
  return place.ok && place.value.type === 'folder' && place.value.file === join(root, folder);
}

/** Whether the patterns would find a path, were a file there. */
export function wouldMatch(globs: Globs, path: string): boolean {
  const found = run(globs, (folder) => {
    const rest = folder === '' ? path : path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : '';
    const [name, ...deeper] = rest.split('/');
    return name === undefined || name === '' ? [] : [entryOf(name, deeper.length > 0)];
  });
  return found.includes(path);
}

/** All files below a folder of the repository. */
export function everythingIn(folder: string): string {
  return patternIn(folder, '**');
}

/** A pattern below a folder whose own name is taken literally. */
export function patternIn(folder: string, pattern: string): string {
  return folder === '' ? pattern : `${escapePath(shown(folder))}/${pattern}`;
}

/** What the library asks of an entry of a folder. */
type Entry = Pick<Dirent, 'name' | 'isFile' | 'isDirectory' | 'isSymbolicLink'>;

/** The library would pass over links and FIFOs: they are shown to it as files, and looked at afterwards. */
function entryOf(name: string, isDirectory: boolean): Entry {
  return { name: shown(name), isFile: () => !isDirectory, isDirectory: () => isDirectory, isSymbolicLink: () => false };
}

/** Where the library believes the repository to be: no character of a real root can then mean anything in a pattern. */
const assumedRoot = '/repository';

function run(globs: Globs, list: (folder: string) => Entry[]): string[] {
  const readAssumed = (absolute: string): Entry[] => list(actual(posix.relative(assumedRoot, absolute)));
  // The library asks for nothing but the entries with their types; the type of its option has all of Node's overloads.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const fs = { readdirSync: readAssumed } as unknown as FileSystemAdapter;
  const ignore = [...neverWalked, ...globs.exclude].map((pattern) => shownPattern(pattern));
  const patterns = globs.patterns.map((pattern) => shownPattern(pattern));
  return globSync(patterns, { cwd: assumedRoot, ignore, dot: true, followSymbolicLinks: false, fs }).map((path) => actual(path));
}

/**
 * Characters of names that the library's patterns would pass over or take for an escape, so that a file would be
 * missed without a word; each stands as a noncharacter of Unicode while patterns are matched.
 */
const standIns: ReadonlyMap<string, string> = new Map([
  ['\n', '\uFDD0'],
  ['\r', '\uFDD1'],
  ['\u2028', '\uFDD2'],
  ['\u2029', '\uFDD3'],
  ['\\', '\uFDD4'],
  ['"', '\uFDD5'],
]);
const originals: ReadonlyMap<string, string> = new Map([...standIns].map(([original, standIn]) => [standIn, original]));

function shown(name: string): string {
  return name.replace(/[\n\r\u2028\u2029\\"]/g, (character) => standIns.get(character) ?? character);
}

/** In a pattern a backslash is an escape, and stays one. */
function shownPattern(pattern: string): string {
  return pattern
    .split('\\')
    .map((part) => shown(part))
    .join('\\');
}

function actual(name: string): string {
  return name.replace(/[\uFDD0-\uFDD5]/g, (character) => originals.get(character) ?? character);
}
