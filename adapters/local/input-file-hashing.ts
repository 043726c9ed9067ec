import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

import { type FileColumns, type FolderNames, countOf, digestLength, folderNames, namesOf, pathIn } from './file-columns.ts';
import { freshFor, identityLength } from './file-identity.ts';
import { type HashWork, hashState, hashShare, readLength } from './hash-share.ts';
import { type HashThread, takeHashThread } from './hash-thread.ts';

/** Some of the files that were added, as they were read. */
export interface ReadFiles extends FileColumns {
  /**
   * Whether digest and identity are there, of a state which the file had. Else it has to be looked at again, since it cannot
   * be read, is no plain file, or may have changed meanwhile.
   */
  isRead(at: number): boolean;
  /** The paths of those that are not. */
  unread(): readonly string[];
}

/** Some files that were added together: where what was read of them will be. */
export interface AddedFiles extends FolderNames {
  readonly columns: FileColumns;
  /** The place of the first of them; the others follow. */
  readonly first: number;
}

/** Plain files below a real root that are to be hashed, by this thread and, where there is enough to do, a second one, while more are still added. */
export interface HashQueue {
  /** No link may be on the way to the files. They may be read at once. They come in parts of one folder, in their order. */
  add(folder: string, names: readonly string[]): readonly AddedFiles[];
  /** To be called where no name comes for a while: what was added is begun with, if it is worth a second thread, also in this one whenever others leave it a turn. */
  begin(): void;
  /** Hashes what is left. */
  finish(): Promise<readonly ReadFiles[]>;
  /** To be called at the end, whatever happened. */
  close(): void;
}

/** A second thread takes some 30 ms to start: it is worth that from so many files or bytes on. */
const manyFiles = 512;
const manyBytes = 32 * 1024 * 1024;

/** So many bytes are hashed in this thread before others get their turn. */
const turn = 1024 * 1024;

/** A file of more bytes is another thread's. */
const largest = 32 * 1024 * 1024;

/** @param stillBefore what was changed before this moment, as the file system tells the time, did not change since. */
export function openHashQueue(root: string, stillBefore: number | null): HashQueue {
  const isSpread = availableParallelism() > 1;
  const works: HashWork[] = [];
  const threads: HashThread[] = [];
  const buffer = Buffer.allocUnsafeSlow(readLength);
  let waiting = workFor(root, manyFiles, stillBefore);
  let waitingCount = 0;
  let here: Promise<void> | undefined;
  let isClosed = false;

  function seal(): void {
    if (waiting.folders.length === 0) return;
    works.push(waiting);
    threads[0]?.take(waiting);
    waiting = workFor(root, manyFiles, stillBefore);
    waitingCount = 0;
  }

  /** The second thread gets all that there is, and from now on each part as it is whole. */
  function spread(): void {
    seal();
    if (!isSpread || threads.length > 0) return;
    const thread = takeHashThread();
    threads.push(thread);
    for (const work of works) thread.take(work);
  }

  /** From the other end than the second thread, so that they meet. */
  async function hashHere(): Promise<void> {
    for (const work of works.toReversed()) {
      while (!isClosed && hashShare(fs, crypto, buffer, work, turn, largest) === 'more') await yieldToOthers();
    }
  }

  /** Of two threads that take the largest file left, neither waits long for the other. */
  async function hashLarge(): Promise<void> {
    const large = works.flatMap((work) => largeFilesOf(work));
    if (large.length === 0) return;
    const sizes = new Map(large.map((file) => [file, file.work.identities[file.at * identityLength + 3] ?? 0]));
    large.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
    const apart = workFor(root, large.length, stillBefore);
    apart.folders.push(...large.map(({ folder, name }) => folderNames(folder, [name])));
    while (threads.length < (isSpread && large.length > 1 ? 2 : 1)) threads.push(takeHashThread());
    for (const thread of threads) thread.take(apart);
    await Promise.all(threads.map((thread) => thread.idle()));
    for (const [from, { work, at }] of large.entries()) {
      work.identities.set(apart.identities.subarray(from * identityLength, (from + 1) * identityLength), at * identityLength);
      work.digests.set(apart.digests.subarray(from * digestLength, (from + 1) * digestLength), at * digestLength);
      work.done[at] = apart.done[from] ?? 0;
    }
  }

  return {
    add(folder, names) {
      const added: AddedFiles[] = [];
      for (let from = 0; from < names.length;) {
        const [columns, first] = [waiting, waitingCount];
        const part = folderNames(folder, names.slice(from, from + manyFiles - first));
        columns.folders.push(part);
        added.push({ ...part, columns, first });
        waitingCount += part.count;
        from += part.count;
        if (waitingCount === manyFiles) spread();
      }
      return added;
    },
    begin() {
      if (threads.length === 0 && bytesOf(root, waiting) < manyBytes) return;
      spread();
      const before = here ?? yieldToOthers();
      here = before.then(hashHere);
    },
    async finish() {
      this.begin();
      seal();
      await here;
      await hashHere();
      await Promise.all(threads.map((thread) => thread.idle()));
      await hashLarge();
      return works.map((work) => readFiles(work));
    },
    close() {
      isClosed = true;
      for (const thread of threads) thread.dismiss();
    },
  };
}

/** Room for so many files, of which none is named yet. */
function workFor(root: string, count: number, stillBefore: number | null): HashWork & { readonly folders: FolderNames[] } {
  return {
    root,
    folders: [],
    next: new Int32Array(new SharedArrayBuffer(4)),
    done: new Uint8Array(new SharedArrayBuffer(count)),
    digests: Buffer.from(new SharedArrayBuffer(count * digestLength)),
    identities: new Float64Array(new SharedArrayBuffer(count * identityLength * 8)),
    stillBefore,
    freshFor,
  };
}

function readFiles(work: HashWork): ReadFiles {
  const isRead = (at: number): boolean => work.done[at] === hashState.hashed;
  return {
    ...work,
    isRead,
    unread() {
      if (work.done.subarray(0, countOf(work)).every((state) => state === hashState.hashed)) return [];
      return filesOf(work)
        .filter(({ at }) => !isRead(at))
        .map(({ folder, name }) => pathIn(folder, name));
    },
  };
}

interface FileOfWork {
  readonly folder: string;
  readonly name: string;
  readonly work: HashWork;
  readonly at: number;
}

function filesOf(work: HashWork): readonly FileOfWork[] {
  return work.folders
    .flatMap((files) => namesOf(files).map((name) => ({ folder: files.folder, name })))
    .map((file, at) => ({ ...file, work, at }));
}

/** The files of some work that were left to another thread. */
function largeFilesOf(work: HashWork): readonly FileOfWork[] {
  if (!work.done.includes(hashState.tooLarge)) return [];
  return filesOf(work).filter(({ at }) => work.done[at] === hashState.tooLarge);
}

/** Of all the files that are named so far. */
function bytesOf(root: string, { folders }: HashWork): number {
  let bytes = 0;
  for (const files of folders) for (const name of namesOf(files)) bytes += sizeOf(`${root}/${files.folder}/${name}`);
  return bytes;
}

function sizeOf(file: string): number {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}
