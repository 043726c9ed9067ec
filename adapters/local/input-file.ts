import { type Hash, createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as waitFor, setImmediate as yieldToOthers } from 'node:timers/promises';

import { toDigest } from '../../core/digest.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type FileInput } from '../../core/input.ts';
import { freshFor, isFresh } from './file-identity.ts';
import { type InputPlace, lookAt, notRead, unreadable } from './input-file-place.ts';

/** One buffer for all files: reading is the slower for every new one. */
const buffer = Buffer.allocUnsafeSlow(128 * 1024);

/** So many bytes are hashed before others get their turn. */
const yieldAfter = 16 * 1024 * 1024;

/** What a manifest says of a file, beside its name and kind. */
export type HashedFile = Pick<FileInput, 'digest' | 'size' | 'mode'>;

/**
 * Reads a file of the repository once and hashes it. The digest is over its bytes; of a link over its target's path, a
 * NUL and, where it leads to a file, that file's bytes. The mode is git's: 100755 where the owner may execute it, 120000
 * for a link, whose size is that of its target's path. INPUT_UNREADABLE where it changed while it was read, so a digest
 * is always that of a state which the file had. Never waits for another process: a FIFO is refused, not opened.
 */
export async function hashInputFile(root: string, name: string, where: string): Promise<Outcome<HashedFile>> {
  const place = await lookWhenStill(root, name, where);
  if (!place.ok) return place;
  if (place.value.type === 'absent') return unreadable(name, where, 'it is not there (any more)');
  const { file, status, link, type } = place.value;
  const hash = createHash('sha256');
  if (link === undefined && type === 'folder') return unreadable(name, where, 'it has become a folder');
  if (link !== undefined) hash.update(`${link}\0`);
  if (type === 'file') {
    const read = await readStable(file, name, where, status, hash);
    if (!read.ok) return read;
  }
  const digest = toDigest(hash.digest('hex'));
  if (link !== undefined) {
    // Its target was read in one step and followed in another: it may have been turned elsewhere between them.
    const again = lookAt(root, name, where);
    if (!again.ok) return again;
    if (again.value.type !== type || again.value.link !== link || again.value.file !== file) return changed(name, where);
  }
  if (link !== undefined) return success({ digest, size: Buffer.byteLength(link), mode: '120000' });
  return success({ digest, size: Number(status.size), mode: (status.mode & 0o100n) === 0n ? '100644' : '100755' });
}

/**
 * Looks at a file that did not change within the last ticks of its clock, so that its next change gets another time. One
 * that did is waited for once, and refused where it changed meanwhile.
 */
async function lookWhenStill(root: string, name: string, where: string): Promise<Outcome<InputPlace>> {
  const place = lookAt(root, name, where);
  if (!place.ok || place.value.type !== 'file' || !isFresh(Number(place.value.status.ctimeMs), Date.now())) return place;
  await waitFor(freshFor);
  const again = lookAt(root, name, where);
  if (!again.ok || again.value.type !== 'file' || !isFresh(Number(again.value.status.ctimeMs), Date.now())) return again;
  return changed(name, where);
}

/** A whole file of at most `limit` bytes, read as `hashInputFile` does. */
export function readInputFile(root: string, name: string, where: string, limit: number): Outcome<Uint8Array> {
  const place = lookAt(root, name, where);
  if (!place.ok) return place;
  if (place.value.type !== 'file') return unreadable(name, where, place.value.type === 'absent' ? 'it is not there' : 'it is a folder');
  const { file, status } = place.value;
  if (status.size > BigInt(limit))
    return failure(
      'INPUT_UNREADABLE',
      `${JSON.stringify(name)}, named by ${where}, has ${status.size} bytes; at most ${limit} are taken`,
      'name the right file',
    );
  const opened = openStable(file, name, where, status);
  if (!opened.ok) return opened;
  try {
    const content = Buffer.alloc(Number(status.size));
    let filled = 0;
    for (let got = -1; got !== 0 && filled < content.length; filled += got)
      got = readSync(opened.value, content, filled, content.length - filled, null);
    return filled === content.length && isSame(fstatSync(opened.value, { bigint: true }), status) ? success(content) : changed(name, where);
  } catch (error) {
    return notRead(name, where, error);
  } finally {
    closeSync(opened.value);
  }
}

async function readStable(file: string, name: string, where: string, before: BigIntStats, hash: Hash): Promise<Outcome<null>> {
  const opened = openStable(file, name, where, before);
  if (!opened.ok) return opened;
  try {
    let total = 0n;
    for (let sinceYield = 0; ;) {
      const got = readSync(opened.value, buffer, 0, buffer.length, null);
      if (got === 0) break;
      hash.update(buffer.subarray(0, got));
      total += BigInt(got);
      sinceYield += got;
      // A file that grows as fast as it is read would never end.
      if (total > before.size) break;
      if (sinceYield >= yieldAfter) {
        sinceYield = 0;
        await yieldToOthers();
      }
    }
    return total === before.size && isSame(fstatSync(opened.value, { bigint: true }), before) ? success(null) : changed(name, where);
  } catch (error) {
    return notRead(name, where, error);
  } finally {
    closeSync(opened.value);
  }
}

/** Opens the very file that was looked at: without following a link, and without waiting for the writer of a FIFO. */
function openStable(file: string, name: string, where: string, looked: BigIntStats): Outcome<number> {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return notRead(name, where, error);
  }
  const status = fstatSync(descriptor, { bigint: true });
  if (status.isFile() && isSame(status, looked)) return success(descriptor);
  closeSync(descriptor);
  return changed(name, where);
}

/** Whether nothing was written to a file between two looks. */
function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.mode === b.mode;
}

function changed(name: string, where: string): Outcome<never> {
  return failure(
    'INPUT_UNREADABLE',
    `${JSON.stringify(name)}, named by ${where}, changed while it was read`,
    'keep the repository still, and ask again',
  );
}
