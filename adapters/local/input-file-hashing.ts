import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

import { type FileColumns, digestLength } from './file-columns.ts';
import { freshFor, identityLength } from './file-identity.ts';
import { type HashWork, hashState, hashShare } from './hash-share.ts';
import { type HashThread, takeHashThread } from './hash-thread.ts';

/** Some of the files that were added, as they were read. */
export interface ReadFiles extends FileColumns {
  /**
   * `read`: digest and identity are there, of a state which the file had. `again`: it has to be looked at again, since it
   * cannot be read, is no plain file, or may have changed meanwhile. `elsewhere`: it is among other files of this run.
   */
  outcomeAt(at: number): 'read' | 'again' | 'elsewhere';
}

/** Plain files below a real root that are to be hashed. A second thread begins while names are still added, where there is enough to do. */
export interface HashQueue {
  /** No link may be on the way to the file. It may be read at once. */
  add(name: string): void;
  /** To be called where no name comes for a while: what was added is begun with, if it is worth a second thread. */
  begin(): void;
  /** Hashes what is left, on both threads. */
  finish(): Promise<readonly ReadFiles[]>;
  /** To be called at the end, whatever happened. */
  close(): void;
}

/** A second thread takes some 30 ms to start: it is worth that from so many files or bytes on. */
const manyFiles = 512;
const manyBytes = 32 * 1024 * 1024;

/** So many bytes are hashed in this thread before others get their turn; a file of more than two turns is another thread's. */
const turn = 16 * 1024 * 1024;

/** @param stillBefore what was changed before this moment, as the file system tells the time, did not change since. */
export function openHashQueue(root: string, stillBefore: number | null): HashQueue {
  const isSpread = availableParallelism() > 1;
  const works: HashWork[] = [];
  const threads: HashThread[] = [];
  let waiting: string[] = [];

  function seal(): void {
    if (waiting.length === 0) return;
    const work = workOver(root, waiting, stillBefore);
    waiting = [];
    works.push(work);
    threads[0]?.take(work);
  }

  /** The second thread gets all that there is, and from now on each part as it is whole. */
  function spread(): void {
    seal();
    if (!isSpread || threads.length > 0) return;
    const thread = takeHashThread();
    threads.push(thread);
    for (const work of works) thread.take(work);
  }

  /** Of two threads that take the largest file left, neither waits long for the other. */
  async function hashLarge(): Promise<void> {
    const large = works
      .filter(({ done }) => done.includes(hashState.tooLarge))
      .flatMap((work) => work.names.flatMap((name, at) => (work.done[at] === hashState.tooLarge ? [{ name, work, at }] : [])));
    if (large.length === 0) return;
    const sizes = new Map(large.map((file) => [file, file.work.identities[file.at * identityLength + 3] ?? 0]));
    large.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
    const names = large.map(({ name }) => name);
    const work = workOver(root, names, stillBefore);
    works.push(work);
    while (threads.length < (isSpread && large.length > 1 ? 2 : 1)) threads.push(takeHashThread());
    for (const thread of threads) thread.take(work);
    await Promise.all(threads.map((thread) => thread.idle()));
    for (const { work: before, at } of large) before.done[at] = hashState.elsewhere;
  }

  return {
    add(name) {
      waiting.push(name);
      if (waiting.length === manyFiles) spread();
    },
    begin() {
      if (threads.length > 0 || waiting.reduce((bytes, name) => bytes + sizeOf(`${root}/${name}`), 0) >= manyBytes) spread();
    },
    async finish() {
      this.begin();
      seal();
      // From the other end than the second thread, so that they meet.
      for (const work of works.toReversed()) while (hashShare(fs, crypto, work, turn, turn * 2) === 'more') await yieldToOthers();
      await Promise.all(threads.map((thread) => thread.idle()));
      await hashLarge();
      return works.map((work) => ({ ...work, outcomeAt: (at) => outcomeAt(work, at) }));
    },
    close() {
      for (const thread of threads) thread.dismiss();
    },
  };
}

function workOver(root: string, names: readonly string[], stillBefore: number | null): HashWork {
  const count = names.length;
  return {
    root,
    names,
    next: new Int32Array(new SharedArrayBuffer(4)),
    done: new Uint8Array(new SharedArrayBuffer(count)),
    digests: new Uint8Array(new SharedArrayBuffer(count * digestLength)),
    identities: new Float64Array(new SharedArrayBuffer(count * identityLength * 8)),
    stillBefore,
    freshFor,
  };
}

function outcomeAt({ done }: HashWork, at: number): ReturnType<ReadFiles['outcomeAt']> {
  if (done[at] === hashState.hashed) return 'read';
  return done[at] === hashState.elsewhere ? 'elsewhere' : 'again';
}

function sizeOf(file: string): number {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}
