import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

import { type FileIdentity, freshFor, identityLength } from './file-identity.ts';
import { type HashWork, hashState, hashShare } from './hash-share.ts';
import { type HashThread, takeHashThread } from './hash-thread.ts';

/** What was read of a plain file. */
export interface ReadFile {
  /** 64 hex digits. */
  readonly hex: string;
  readonly identity: FileIdentity;
}

/** Plain files below a real root that are to be hashed. A second thread begins while names are still added, where there is enough to do. */
export interface HashQueue {
  /** No link may be on the way to the file. It may be read at once. */
  add(name: string): void;
  /** To be called where no name comes for a while: what was added is begun with, if it is worth a second thread. */
  begin(): void;
  /**
   * Hashes what is left, on both threads. `each` gets every name that was added: with undefined for a file that has to be
   * looked at again, since it cannot be read, is no plain file, or may have changed meanwhile. A digest is always that of a
   * state which the file had.
   */
  finish(): Promise<(each: (name: string, file: ReadFile | undefined) => void) => void>;
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
      return (each) => {
        // Each is let go of when it has been told.
        for (let work = works.shift(); work !== undefined; work = works.shift()) {
          const text = Buffer.from(work.digests.buffer).toString('latin1');
          for (const [at, name] of work.names.entries()) if (work.done[at] !== hashState.elsewhere) each(name, resultAt(work, text, at));
        }
      };
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
    digests: new Uint8Array(new SharedArrayBuffer(count * 64)),
    identities: new Float64Array(new SharedArrayBuffer(count * identityLength * 8)),
    stillBefore,
    freshFor,
  };
}

function resultAt({ done, identities }: HashWork, text: string, at: number): ReadFile | undefined {
  if (done[at] !== hashState.hashed) return undefined;
  const number = (place: number): number => identities[at * identityLength + place] ?? Number.NaN;
  return { hex: text.slice(at * 64, at * 64 + 64), identity: [number(0), number(1), number(2), number(3), number(4), number(5)] };
}

function sizeOf(file: string): number {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}
