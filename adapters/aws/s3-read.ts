import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';

import { type OpenObject, type ReadObject } from '../../core/ports.ts';
import { type Called, errorName, explained } from './service-failure.ts';

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
  return explained(calledFor(place), () => read(client, place, limit));
}

function calledFor({ Bucket, Key }: S3Place): Called {
  return { what: `the bucket ${Bucket}`, action: 's3:GetObject', subject: `the object ${Key}` };
}

/**
 * Opens an object of at most so many bytes. Its body has to be read at once: the connection stays open for it.
 *
 * @throws FailureError STORAGE where S3 refuses or does not answer, also in the middle of the body.
 */
export async function openS3Object(client: S3Client, place: S3Place, limit: number): Promise<OpenObject> {
  const called = calledFor(place);
  return explained(called, async () => {
    const answer = await bodyOf(client, place, limit);
    if (answer.state !== 'open') return answer;
    return { state: 'open', content: pieces(answer.body, limit, called), version: answer.version };
  });
}

async function* pieces(body: Readable, limit: number, called: Called): AsyncGenerator<Uint8Array> {
  let length = 0;
  try {
    for await (const chunk of body) {
      const part = bytesOf(chunk);
      length += part.length;
      if (length > limit) throw new RangeError(`an object gave more than the ${limit} bytes that it was said to have at most`);
      yield part;
    }
  } catch (error) {
    await explained(called, () => {
      throw error;
    });
  }
}

type Body =
  | {
      readonly state: 'open';
      readonly body: Readable;
      readonly size: number;
      readonly version: string | null;
      readonly etag: string | null;
    }
  | { readonly state: 'absent' }
  | { readonly state: 'too-large'; readonly size: number };

async function bodyOf(client: S3Client, place: S3Place, limit: number): Promise<Body> {
  try {
    const answer = await client.send(new GetObjectCommand(place));
    const body = answer.Body;
    if (!(body instanceof Readable)) throw new TypeError('the S3 client of this program has to give bodies as streams of Node');
    const size = answer.ContentLength ?? 0;
    if (size <= limit) return { state: 'open', body, size, version: answer.VersionId ?? null, etag: answer.ETag ?? null };
    // Ends the transfer.
    body.on('error', () => undefined).destroy();
    return { state: 'too-large', size };
  } catch (error) {
    if (absences.has(errorName(error))) return { state: 'absent' };
    throw error;
  }
}

async function read(client: S3Client, place: S3Place, limit: number): Promise<S3Read> {
  const answer = await bodyOf(client, place, limit);
  if (answer.state !== 'open') return { read: answer, etag: null };
  const { body, size, version, etag } = answer;
  const content = await readUpTo(body, limit, size);
  return content === undefined
    ? { read: { state: 'too-large', size: limit + 1 }, etag: null }
    : { read: { state: 'read', content, version }, etag };
}

/** Undefined where there is more than the limit: the stream ends with the loop. Takes the memory of the expected size once. */
async function readUpTo(body: Readable, limit: number, expected: number): Promise<Uint8Array | undefined> {
  let content = Buffer.allocUnsafe(expected);
  let length = 0;
  for await (const chunk of body) {
    const part = bytesOf(chunk);
    const total = length + part.length;
    if (total > limit) return undefined;
    if (total > content.length) content = Buffer.concat([content.subarray(0, length)], Math.min(limit, total * 2));
    length += part.copy(content, length);
  }
  return content.subarray(0, length);
}

function bytesOf(chunk: unknown): Buffer {
  if (!Buffer.isBuffer(chunk)) throw new TypeError('the body of an object came as something else than bytes');
  return chunk;
}
