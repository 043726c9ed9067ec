import { createHash } from 'node:crypto';
import { constants, lstatSync, readFileSync } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';

import { type Digest, toDigest } from '../../core/digest.ts';
import { GoneError, type OpenObject, type ReadObject } from '../../core/ports.ts';
import { errorCode, isAbsence } from './system-error.ts';

const chunkSize = 64 * 1024;

/** A file that stands open, what is no plain file, or nothing. */
type Opened = { readonly state: 'open'; readonly handle: FileHandle; readonly size: number } | { readonly state: 'absent' | 'not-a-file' };

/** Opens without following a link at the end of the path, and without waiting for the writer of a pipe. */
async function openPlain(file: string): Promise<Opened> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isAbsence(error)) return { state: 'absent' };
    const code = errorCode(error);
    // ELOOP: a link. ENXIO and EOPNOTSUPP: a socket, on Linux and on macOS.
    if (code === 'ELOOP' || code === 'ENXIO' || code === 'EOPNOTSUPP') return { state: 'not-a-file' };
    throw error;
  }
  try {
    const status = await handle.stat();
    if (status.isFile()) return { state: 'open', handle, size: status.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return { state: 'not-a-file' };
}

/** Whether a plain file stands there: no link, folder, pipe or socket. */
export async function isPlainFile(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isFile();
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

/** Reads a plain file of at most so many bytes; one that grows beyond them meanwhile is too large as well. */
export async function readPlainFile(file: string, limit: number): Promise<ReadObject> {
  const opened = await openPlain(file);
  if (opened.state !== 'open') return { state: opened.state };
  const { handle, size } = opened;
  try {
    if (size > limit) return { state: 'too-large', size };
    const content = await readUpTo(handle, limit, size);
    return content === undefined
      ? { state: 'too-large', size: Math.max(limit + 1, (await handle.stat()).size) }
      : { state: 'read', content, version: null };
  } finally {
    await handle.close();
  }
}

/** Opens a plain file of at most so many bytes, to be read in pieces: it is not held open until then. */
export async function openPlainFile(file: string, limit: number): Promise<OpenObject> {
  const opened = await openPlain(file);
  if (opened.state !== 'open') return { state: opened.state };
  await opened.handle.close();
  if (opened.size > limit) return { state: 'too-large', size: opened.size };
  return { state: 'open', content: piecesOf(file, limit), version: null };
}

/** @throws GoneError where nothing plain stands there any more; Error where there is more than the limit. */
async function* piecesOf(file: string, limit: number): AsyncGenerator<Uint8Array> {
  const opened = await openPlain(file);
  if (opened.state !== 'open') throw new GoneError(`${file} was opened, and is ${opened.state} now`);
  let total = 0;
  try {
    for (;;) {
      const { bytesRead, buffer } = await opened.handle.read(Buffer.allocUnsafe(chunkSize), 0, chunkSize, null);
      total += bytesRead;
      if (total > limit) throw new Error(`${file} has grown beyond ${limit} bytes`);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await opened.handle.close();
  }
}

/** Undefined where there is more than the limit. */
async function readUpTo(handle: FileHandle, limit: number, expected: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total <= limit) {
    // One byte more than expected, so that the end shows without another chunk.
    const wanted = Math.min(limit, Math.max(expected, total + chunkSize)) + 1 - total;
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, null);
    if (bytesRead === 0) return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, total);
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return undefined;
}

/** The digest of a plain file's bytes; undefined where there is none. */
export async function digestPlainFile(file: string): Promise<Digest | undefined> {
  const opened = await openPlain(file);
  if (opened.state !== 'open') return undefined;
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunkSize);
  try {
    for (;;) {
      const { bytesRead } = await opened.handle.read(buffer, 0, chunkSize, null);
      if (bytesRead === 0) return toDigest(hash.digest('hex'));
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await opened.handle.close();
  }
}

/** Whether a plain file has these very bytes (null: whether nothing stands there). Without waiting, so that it can be asked within a transaction. */
export function holdsExactly(file: string, content: Uint8Array | null): boolean {
  const status = lstatSync(file, { throwIfNoEntry: false });
  if (status === undefined || content === null) return status === undefined && content === null;
  return status.isFile() && status.size === content.length && Buffer.compare(readFileSync(file), content) === 0;
}
