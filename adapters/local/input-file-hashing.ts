import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { type FileIdentity, freshFor, identityLength } from './file-identity.ts';
import { type HashWork, hashShare } from './hash-share.ts';

/** What was read of a plain file. */
export interface ReadFile {
  /** 64 hex digits. */
  readonly hex: string;
  readonly identity: FileIdentity;
}

/** A second thread takes some 30 ms to start: it is worth that from so many files or bytes on. */
export const manyFiles = 1500;
const manyBytes = 32 * 1024 * 1024;

/** So many bytes are hashed in this thread before others get their turn. */
const turn = 16 * 1024 * 1024;

/**
 * Hashes plain files below a real root, with a second thread where there is much to hash. The answer has one entry for
 * each name: undefined for a file that has to be looked at again, since it is larger than one turn's worth, cannot be
 * read, or may have changed meanwhile. A digest is always that of a state which the file had.
 *
 * @param stillBefore what was changed before this moment, as the file system tells the time, did not change since.
 */
export async function hashFiles(
  root: string,
  names: readonly string[],
  stillBefore: number | null,
  ready?: HashThread,
): Promise<readonly (ReadFile | undefined)[]> {
  const sizes = names.length < manyFiles ? names.map((name) => sizeOf(`${root}/${name}`)) : undefined;
  const order = sizes === undefined ? undefined : largestFirst(sizes);
  const much = sizes === undefined || sizes.reduce((sum, size) => sum + size, 0) >= manyBytes;
  const ordered = order === undefined ? names : order.map((at) => names[at] ?? '');
  const work = workOver(root, ordered, stillBefore);
  const threads = much ? Math.min(2, availableParallelism(), names.length) : 1;
  // A file that would keep this thread from everything else is hashed by other threads alone.
  const isHere = threads === 1 || sizes?.every((size) => size <= turn * 2) !== false;
  const others = Array.from({ length: isHere ? threads - 1 : threads }, (_, at) => (at === 0 ? ready : undefined) ?? startHashThread());
  const ended = others.map((thread) => thread.run(work));
  while (isHere && hashShare(fs, crypto, work, turn, turn * 2) === 'more') await yieldToOthers();
  await Promise.all(ended);
  const text = Buffer.from(work.digests.buffer).toString('latin1');
  const read = ordered.map((_, at) => resultAt(work, text, at));
  if (order === undefined) return read;
  const inOrder: (ReadFile | undefined)[] = names.map(() => undefined);
  for (const [at, original] of order.entries()) inOrder[original] = read[at];
  return inOrder;
}

function workOver(root: string, names: readonly string[], stillBefore: number | null): HashWork {
  const count = names.length;
  return {
    root,
    names,
    step: count < manyFiles ? 1 : 64,
    next: new Int32Array(new SharedArrayBuffer(4)),
    done: new Uint8Array(new SharedArrayBuffer(count)),
    digests: new Uint8Array(new SharedArrayBuffer(count * 64)),
    identities: new Float64Array(new SharedArrayBuffer(count * identityLength * 8)),
    stillBefore,
    freshFor,
  };
}

function resultAt({ done, identities }: HashWork, text: string, at: number): ReadFile | undefined {
  if (done[at] !== 1) return undefined;
  const number = (place: number): number => identities[at * identityLength + place] ?? Number.NaN;
  return { hex: text.slice(at * 64, at * 64 + 64), identity: [number(0), number(1), number(2), number(3), number(4), number(5)] };
}

/** Another thread that hashes. It starts while other work goes on here. */
export interface HashThread {
  /** Takes its share of the work. Ends when the thread does, whatever ended it: what it did not do is undone, and is looked at again. */
  run(work: HashWork): Promise<void>;
  /** Ends it, also where it got no work. */
  dismiss(): void;
}

export function startHashThread(): HashThread {
  const program = `const { parentPort } = require('node:worker_threads');
const [fs, crypto] = [require('node:fs'), require('node:crypto')];
parentPort.once('message', (work) => (${hashShare.toString()})(fs, crypto, work, Infinity, Infinity));`;
  const worker = new Worker(program, { eval: true });
  worker.unref();
  const end = new Promise<void>((resolve) => {
    worker.once('error', () => resolve());
    worker.once('exit', () => resolve());
  });
  return {
    run(work) {
      worker.ref();
      worker.postMessage(work);
      return end;
    },
    dismiss: () => void worker.terminate(),
  };
}

/** Of two threads that take the largest file left, neither waits long for the other. */
function largestFirst(sizes: readonly number[]): readonly number[] {
  return sizes.map((_, at) => at).sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
}

function sizeOf(file: string): number {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}
