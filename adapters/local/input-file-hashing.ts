import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

import { type FileColumns, digestLength } from './file-columns.ts';
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
}

/** Plain files below a real root that are to be hashed, by this thread and, where there is enough to do, a second one, while names are still added. */
export interface HashQueue {
  /**
   * No link may be on the way to the file. It may be read at once.
   *
   * @returns the columns where what was read of it will be; it is the last of their names now.
   */
  add(name: string): FileColumns;
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
  let here: Promise<void> | undefined;
  let isClosed = false;

  function seal(): void {
    if (waiting.names.length === 0) return;
    works.push(waiting);
    threads[0]?.take(waiting);
    waiting = workFor(root, manyFiles, stillBefore);
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
    const large = works
      .filter(({ done }) => done.includes(hashState.tooLarge))
      .flatMap((work) => work.names.flatMap((name, at) => (work.done[at] === hashState.tooLarge ? [{ name, work, at }] : [])));
    if (large.length === 0) return;
    const sizes = new Map(large.map((file) => [file, file.work.identities[file.at * identityLength + 3] ?? 0]));
    large.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
    const apart = workFor(root, large.length, stillBefore);
    apart.names.push(...large.map(({ name }) => name));
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
    add(name) {
      const columns = waiting;
      columns.names.push(name);
      if (columns.names.length === manyFiles) spread();
      return columns;
    },
    begin() {
      const isMuch = threads.length > 0 || waiting.names.reduce((bytes, name) => bytes + sizeOf(`${root}/${name}`), 0) >= manyBytes;
      if (!isMuch) return;
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
      return works.map((work) => ({ ...work, isRead: (at) => work.done[at] === hashState.hashed }));
    },
    close() {
      isClosed = true;
      for (const thread of threads) thread.dismiss();
    },
  };
}

/** Room for so many files, of which none is named yet. */
function workFor(root: string, count: number, stillBefore: number | null): HashWork & { readonly names: string[] } {
  return {
    root,
    names: [],
    next: new Int32Array(new SharedArrayBuffer(4)),
    done: new Uint8Array(new SharedArrayBuffer(count)),
    digests: new Uint8Array(new SharedArrayBuffer(count * digestLength)),
    identities: new Float64Array(new SharedArrayBuffer(count * identityLength * 8)),
    stillBefore,
    freshFor,
  };
}

function sizeOf(file: string): number {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}
