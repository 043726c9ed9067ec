import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';

import { type ReadObject } from '../../core/ports.ts';
import { errorName, explained } from './service-failure.ts';

/** Where an object stands; `version` is S3's VersionId, the newest where it is left out. */
export interface S3Place {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

/** What stands there, with the ETag on which a write may be conditioned; null where nothing was read. */
export interface S3Read {
  readonly read: ReadObject;
  readonly etag: string | null;
}

/**
 * S3's names for what is not there: a key without an object, an unknown version, and a version that says that the
 * object was removed.
 */
const absences: ReadonlySet<string | undefined> = new Set(['NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed']);

/**
 * Reads an object of at most so many bytes. The length is looked at before the body is: of a larger one nothing is loaded.
 *
 * @throws FailureError STORAGE where S3 refuses or does not answer.
 */
export async function readS3Object(client: S3Client, place: S3Place, limit: number): Promise<S3Read> {
  const called = { what: `the bucket ${place.Bucket}`, action: 's3:GetObject', subject: `the object ${place.Key}` };
  return explained(called, () => read(client, place, limit));
}

async function read(client: S3Client, place: S3Place, limit: number): Promise<S3Read> {
  try {
    const answer = await client.send(new GetObjectCommand(place));
    const body = answer.Body;
    if (!(body instanceof Readable)) throw new TypeError('the S3 client of this program has to give bodies as streams of Node');
    const size = answer.ContentLength ?? 0;
    if (size > limit) {
      // Ends the transfer.
      body.on('error', () => undefined).destroy();
      return { read: { state: 'too-large', size }, etag: null };
    }
    const content = await readUpTo(body, limit, size);
    if (content === undefined) return { read: { state: 'too-large', size: limit + 1 }, etag: null };
    return { read: { state: 'read', content, version: answer.VersionId ?? null }, etag: answer.ETag ?? null };
  } catch (error) {
    if (absences.has(errorName(error))) return { read: { state: 'absent' }, etag: null };
    throw error;
  }
}

/** Undefined where there is more than the limit: the stream ends with the loop. Takes the memory of the expected size once. */
async function readUpTo(body: Readable, limit: number, expected: number): Promise<Uint8Array | undefined> {
  let content = Buffer.allocUnsafe(expected);
  let length = 0;
  for await (const chunk of body) {
    const part: unknown = chunk;
    if (!Buffer.isBuffer(part)) throw new TypeError('the body of an object came as something else than bytes');
    const total = length + part.length;
    if (total > limit) return undefined;
    if (total > content.length) content = Buffer.concat([content.subarray(0, length)], Math.min(limit, total * 2));
    length += part.copy(content, length);
  }
  return content.subarray(0, length);
}
