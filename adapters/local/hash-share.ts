import type * as crypto from 'node:crypto';
import type * as fs from 'node:fs';

import { type FileColumns } from './file-columns.ts';

/** Files to hash, of which the names are there first: no link is on the way to any. What changes is shared between threads. */
export interface HashWork extends FileColumns {
  /** Absolute, real. */
  readonly root: string;
  /** The index of the first name that nobody has taken. */
  readonly next: Int32Array;
  /** One of `hashState` for each name. */
  readonly done: Uint8Array;
  /** A file that was changed before this moment (as the file system tells the time) did not change since. Null: nobody knows. */
  readonly stillBefore: number | null;
  /** A file that changed so few milliseconds ago is left undone, where nobody knows. */
  readonly freshFor: number;
}

/** `hashed`: the digest and the identity are there. `tooLarge`: for the thread that took it; only its size is there. */
export const hashState = { hashed: 1, tooLarge: 2 } as const;

/** Bytes that are read at once. Reading is the slower the more they are, and the slower for every new buffer. */
export const readLength = 128 * 1024;

/**
 * Takes names and hashes their files until none is left, or until `budget` bytes are hashed, and says which. A file
 * larger than `largest` bytes is left to another thread. Undone is everything that is not as simple as can be: what cannot be read,
 * is no plain file, or may have changed while it was read. Whoever asked looks at those again, one by one.
 *
 * This function has no surroundings: it runs in this thread as it is, and in another one from its own text.
 */
export function hashShare(
  { closeSync, constants, fstatSync, openSync, readSync }: typeof fs,
  { createHash, hash }: typeof crypto,
  buffer: Buffer,
  work: HashWork,
  budget: number,
  largest: number,
): 'none is left' | 'more' {
  const { root, folders, next, done, digests, identities, stillBefore, freshFor } = work;
  const { length } = buffer;
  // To another thread it comes as plain bytes.
  const text = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength);
  // Never follows a link, never waits for the writer of a FIFO.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

  function hashOne(at: number, descriptor: number): number {
    const before = stillBefore === null ? fstatSync(descriptor) : undefined;
    // What changed just now may change again without another time.
    if (before !== undefined && (!before.isFile() || Math.abs(Date.now() - before.ctimeMs) < freshFor)) return 0;
    let got = readSync(descriptor, buffer, 0, length, null);
    let size = got;
    let digest: string;
    if (got < length) {
      digest = hash('sha256', buffer.subarray(0, got), 'hex');
    } else {
      const expected = (before ?? fstatSync(descriptor)).size;
      if (expected > largest) {
        identities[at * 6 + 3] = expected;
        Atomics.store(done, at, 2);
        return 0;
      }
      const whole = createHash('sha256');
      // A file that grows as fast as it is read would never end.
      while (got > 0 && size <= expected) {
        whole.update(got === length ? buffer : buffer.subarray(0, got));
        got = readSync(descriptor, buffer, 0, length, null);
        size += got;
      }
      digest = whole.digest('hex');
    }
    const status = fstatSync(descriptor);
    const still =
      before === undefined
        ? status.ctimeMs < (stillBefore ?? 0)
        : status.ctimeMs === before.ctimeMs && status.mtimeMs === before.mtimeMs && status.size === before.size;
    if (!still || !status.isFile() || status.size !== size) return size;
    text.write(digest, at * 64, 'latin1');
    const to = at * 6;
    identities[to] = status.dev;
    identities[to + 1] = status.ino;
    identities[to + 2] = status.mode;
    identities[to + 3] = status.size;
    identities[to + 4] = status.mtimeMs;
    identities[to + 5] = status.ctimeMs;
    Atomics.store(done, at, 1);
    return size;
  }

  // What is taken is further on each time.
  let folder = '';
  let names: readonly string[] = [];
  let [first, end, following] = [0, 0, 0];
  for (let hashed = 0; hashed < budget;) {
    const at = Atomics.add(next, 0, 1);
    while (at >= end) {
      const files = folders[following];
      if (files === undefined) return 'none is left';
      following += 1;
      [first, end] = [end, end + files.count];
      if (at < end) [folder, names] = [files.folder, files.joined.split('/')];
    }
    let descriptor: number | undefined;
    try {
      descriptor = openSync(`${root}/${folder}/${names[at - first]}`, flags);
      hashed += hashOne(at, descriptor);
    } catch {
      // Left undone: whoever looks at it again finds out why, and says so.
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }
  return 'more';
}
