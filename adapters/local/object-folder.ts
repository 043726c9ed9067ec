import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';

import { assertKey, isKeySegment, keyPrefixes } from '../../core/contract/object-key.ts';
import { isAbsence } from './system-error.ts';

/** The records of a home, relative to it: where such a file is, a home is. */
export const databaseOfHome = path.join('state', 'hybridcore.db');

/** Where a key lies below the home folder. `link`: the first folder on the way that is a link, and so leads who knows where. */
export type KeyPlace = { readonly state: 'inside'; readonly file: string } | { readonly state: 'outside'; readonly link: string };

/**
 * The file of a key. No folder below home may be a link, wherever it leads: what is written under a key lies under
 * that path and no other, and a walk meets each file once. The last part is left to who opens it.
 *
 * @throws TypeError for what is no key.
 */
export async function placeOfKey(home: string, key: string): Promise<KeyPlace> {
  assertKey(key);
  const segments = key.split('/');
  let at = home;
  for (const segment of segments.slice(0, -1)) {
    at = path.join(at, segment);
    const kind = await kindOf(at);
    if (kind === 'link') return { state: 'outside', link: at };
    if (kind === 'absent') break;
  }
  return { state: 'inside', file: path.join(home, ...segments) };
}

async function kindOf(file: string): Promise<'link' | 'other' | 'absent'> {
  try {
    return (await lstat(file)).isSymbolicLink() ? 'link' : 'other';
  } catch (error) {
    if (isAbsence(error)) return 'absent';
    throw error;
  }
}

/**
 * The keys of all plain files below home that begin with the prefix and come after the given one, in order of code
 * units. Folders that can hold none of them are not read; links are not followed.
 */
export async function* keysBelow(home: string, prefix: string, after: string): AsyncGenerator<string> {
  for (const root of keyPrefixes) {
    if (!canHold(root, prefix, after)) continue;
    const first = await placeOfKey(home, `${root}any`);
    if (first.state === 'inside') yield* keysIn(home, root, prefix, after);
  }
}

async function* keysIn(home: string, folder: string, prefix: string, after: string): AsyncGenerator<string> {
  const keys = (await entriesOf(path.join(home, folder)))
    .filter((entry) => isKeySegment(entry.name) && (entry.isFile() || entry.isDirectory()))
    // With the `/` of a folder, since that is what its keys are sorted by: `a.json` before `a/b`.
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .sort((a, b) => (a < b ? -1 : 1));
  for (const key of keys) {
    if (!key.endsWith('/')) {
      if (key.startsWith(prefix) && key > after) yield key;
    } else if (canHold(key, prefix, after)) {
      yield* keysIn(home, key, prefix, after);
    }
  }
}

/** Whether a folder can hold a key that begins with the prefix and comes after the given one. */
function canHold(folder: string, prefix: string, after: string): boolean {
  return (folder.startsWith(prefix) || prefix.startsWith(folder)) && (folder > after || after.startsWith(folder));
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}
