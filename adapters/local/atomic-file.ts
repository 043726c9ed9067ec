import { closeSync, fsyncSync, linkSync, openSync, renameSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { errorCode, isAbsence } from './system-error.ts';

/** Files that are being written have such names: no key, and no name of an input, begins so. */
const temporaryName = /^\.hybridcore-\d+-\d+\.tmp$/;

let drafts = 0;

/** A file that is written and on the disk, but has no name yet that anyone looks for. */
export interface Draft {
  /**
   * Gives it its name, in place of what stood there; the name is on the disk when this returns. Synchronous, so
   * that it can stand inside a transaction of SQLite.
   */
  replace(file: string): void;
  /** Gives it its name unless that is taken: of several writers one gets true. Never follows or overwrites a link. */
  create(file: string): boolean;
  /** Removes what is left of the temporary file. To be called at the end, whatever happened. */
  discard(): Promise<void>;
}

/**
 * Writes a new file under a temporary name and waits until it is on the disk.
 *
 * @param folder must be there, on the file system of the final name.
 * @param mode of the final file, before the umask.
 * @throws the error of the file system: ENOSPC, EACCES, EROFS and their like; what the pieces of the content throw. Nothing is
 *   left then.
 */
export async function writeDraft(folder: string, content: Uint8Array | AsyncIterable<Uint8Array>, mode: number): Promise<Draft> {
  const { handle, file } = await openDraft(folder, mode);
  const discard = () => rm(file, { force: true });
  try {
    await handle.writeFile(content);
    await handle.sync();
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => undefined);
    await discard();
    throw error;
  }
  return {
    replace(target) {
      renameSync(file, target);
      syncFolder(path.dirname(target));
    },
    create(target) {
      const created = linkUnlessTaken(file, target);
      if (created) syncFolder(path.dirname(target));
      return created;
    },
    discard,
  };
}

/** A process's number may have been another's before, or be another container's now: a name that is taken is passed over. */
async function openDraft(folder: string, mode: number): Promise<{ handle: FileHandle; file: string }> {
  for (;;) {
    drafts += 1;
    const file = path.join(folder, `.hybridcore-${process.pid}-${drafts}.tmp`);
    try {
      return { handle: await open(file, 'wx', mode), file };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

function linkUnlessTaken(file: string, target: string): boolean {
  try {
    linkSync(file, target);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Writes a file whole or not at all, and replaces what stood there: who reads meanwhile finds the old bytes or
 * the new ones. On return the file and its name are on the disk. Makes the folder.
 *
 * @throws the error of the file system; what stood there is untouched then.
 */
export async function writeFileAtomically(file: string, content: Uint8Array | string, mode = 0o644): Promise<void> {
  const folder = path.dirname(file);
  await makeFolder(folder);
  const draft = await writeDraft(folder, typeof content === 'string' ? new TextEncoder().encode(content) : content, mode);
  try {
    draft.replace(file);
  } finally {
    await draft.discard();
  }
}

/** Makes a folder with those above it, and waits until all the new names are on the disk. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const above = path.dirname(path.resolve(first));
  for (let at = path.dirname(path.resolve(folder)); at.length >= above.length; at = path.dirname(at)) {
    syncFolder(at);
    if (at === above) return;
  }
}

/** Waits until the names in a folder are on the disk. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Removes what killed writers left in a folder, where it was last written before the moment (milliseconds since 1970). */
export async function removeStaleDrafts(folder: string, before: number): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (!temporaryName.test(name)) continue;
    const file = path.join(folder, name);
    if ((await writtenAt(file)) < before) await rm(file, { force: true });
  }
}

/** The names in a folder; none where there is no folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

/** Infinity where it has gone meanwhile. */
async function writtenAt(file: string): Promise<number> {
  try {
    return (await lstat(file)).mtimeMs;
  } catch (error) {
    if (isAbsence(error)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}
