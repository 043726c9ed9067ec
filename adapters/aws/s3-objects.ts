import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectTaggingCommand, PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';

import { keys } from '../../core/contract/keys.ts';
import { assertKey, assertReadLimit } from '../../core/contract/object-key.ts';
import { type Tags } from '../../core/contract/tags.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type Clock, type Objects, type ReadObject } from '../../core/ports.ts';
import { type RetentionPolicy, expiresAt, retentionClass } from '../../core/retention.ts';
import { errorName, explained } from './aws-error.ts';
import { listS3Keys, removeS3Keys } from './s3-keys.ts';
import { taggingHeader, tagsFrom } from './s3-object-tags.ts';
import { type S3Read, readS3Object } from './s3-read.ts';

export interface S3ObjectsOptions {
  readonly bucket: string;
  /** Says how long each class is kept, and whether it is locked for that time. */
  readonly policy: RetentionPolicy;
  readonly clock: Clock;
  /** Lets so many milliseconds pass before a write that met another one is tried again. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** How often a write is tried that S3 answers with "another one is under way", and the first pause, which doubles. Milliseconds. */
const conflicts = { tries: 8, pause: 25 } as const;

interface Store {
  readonly client: S3Client;
  readonly bucket: string;
  readonly policy: RetentionPolicy;
  readonly clock: Clock;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/**
 * Objects in a bucket of S3, which has versions and Object Lock. Tags, SHA-256 and, where the retention class has a lock,
 * its mode and date go with the object in the one request that makes it: no object is ever there without them.
 *
 * Keys and what is no key: `core/contract/object-key.ts`; what is no key throws TypeError. Where S3 refuses, or cannot
 * be reached, FailureError STORAGE names the key. A `create` whose answer is lost is asked again by the SDK, and then
 * finds its own bytes: `same`. What is removed or replaced stays a version until the bucket's
 * lifecycle rules remove that.
 */
export function s3Objects(client: S3Client, options: S3ObjectsOptions): Objects {
  const { bucket, policy, clock, wait = sleep } = options;
  const store: Store = { client, bucket, policy, clock, wait };
  return {
    create: (key, content, tags) => explained(`the object ${key}`, () => create(store, key, content, tags)),
    replace: (key, content, tags, standing) => explained(`the object ${key}`, () => replace(store, key, content, tags, standing)),
    read: (key, { bytes, version }) => explained(`the object ${key}`, async () => (await read(store, key, bytes, version)).read),
    tags: (key) => explained(`the tags of ${key}`, () => tags(store, key)),
    list: (prefix, page) => explained(`the list of ${prefix}`, () => listS3Keys(client, bucket, prefix, page)),
    removeRun: (run) =>
      explained(`what the run ${run} handed over`, () => removeS3Keys(client, bucket, [`incoming/${run}/`, `control/${run}/`])),
    tell(run, word, reason) {
      const key = keys.control(run, word);
      return explained(`the object ${key}`, () => tell(store, key, `${JSON.stringify({ reason })}\n`));
    },
  };
}

// ---- writing -----------------------------------------------------------------------------------------------

async function create(store: Store, key: string, content: Uint8Array, tags: Tags): Promise<'created' | 'same' | 'different'> {
  assertKey(key);
  return withoutConflict(store, key, async () => {
    if (await put(store, key, content, { ...kept(store, tags), IfNoneMatch: '*' })) return 'created';
    const standing = (await read(store, key, content.length)).read;
    // Whoever put something there has removed it meanwhile.
    if (standing.state === 'absent') return undefined;
    return holds(standing, content) ? 'same' : 'different';
  });
}

async function replace(
  store: Store,
  key: string,
  content: Uint8Array,
  tags: Tags,
  standing: Uint8Array | null,
): Promise<'replaced' | 'changed'> {
  assertKey(key);
  return withoutConflict(store, key, async () => {
    if (standing === null) return (await put(store, key, content, { ...kept(store, tags), IfNoneMatch: '*' })) ? 'replaced' : 'changed';
    const found = await read(store, key, standing.length);
    if (found.etag === null || !holds(found.read, standing)) return 'changed';
    return (await put(store, key, content, { ...kept(store, tags), IfMatch: found.etag })) ? 'replaced' : 'changed';
  });
}

/** Of several at once one is heard, and the others change nothing. */
async function tell(store: Store, key: string, text: string): Promise<void> {
  assertKey(key);
  await withoutConflict(store, key, () => put(store, key, new TextEncoder().encode(text), { IfNoneMatch: '*' }));
}

/** What goes with an object of a retention class: tags, and the lock where the class has one. */
function kept(store: Store, tags: Tags): Partial<PutObjectCommandInput> {
  const retention = retentionClass(store.policy, tags.retention);
  if (retention.lock === undefined) return { Tagging: taggingHeader(tags) };
  return {
    Tagging: taggingHeader(tags),
    ObjectLockMode: retention.lock,
    ObjectLockRetainUntilDate: new Date(expiresAt(retention, store.clock.now())),
  };
}

/** @returns false where the condition does not hold; nothing was written then. */
async function put(store: Store, key: string, content: Uint8Array, rest: Partial<PutObjectCommandInput>): Promise<boolean> {
  try {
    await store.client.send(new PutObjectCommand({ Bucket: store.bucket, Key: key, Body: content, ChecksumAlgorithm: 'SHA256', ...rest }));
    return true;
  } catch (error) {
    // With If-Match a key that has no object any more is NoSuchKey.
    if (errorName(error) === 'PreconditionFailed' || errorName(error) === 'NoSuchKey') return false;
    throw error;
  }
}

/**
 * Does a write until S3 neither answers that another write of the key is under way (409) nor the work asks for it by
 * undefined.
 *
 * @throws FailureError where that never ends.
 */
async function withoutConflict<T>(store: Store, key: string, work: () => Promise<T | undefined>): Promise<T> {
  for (let tried = 0; tried < conflicts.tries; tried += 1) {
    if (tried > 0) await store.wait(conflicts.pause * 2 ** (tried - 1));
    try {
      const done = await work();
      if (done !== undefined) return done;
    } catch (error) {
      if (errorName(error) !== 'ConditionalRequestConflict' && errorName(error) !== 'OperationAborted') throw error;
    }
  }
  throw new FailureError({
    rule: 'STORAGE',
    message: `the object ${key} could not be written: at each of ${conflicts.tries} tries somebody else was writing or removing it`,
    remedy: 'find out what else writes under this key, and try again',
  });
}

// ---- reading -----------------------------------------------------------------------------------------------

async function read(store: Store, key: string, bytes: number, version?: string): Promise<S3Read> {
  assertKey(key);
  assertReadLimit(bytes);
  return readS3Object(store.client, { Bucket: store.bucket, Key: key, ...(version === undefined ? {} : { VersionId: version }) }, bytes);
}

function holds(found: ReadObject, content: Uint8Array): boolean {
  return found.state === 'read' && Buffer.compare(found.content, content) === 0;
}

async function tags(store: Store, key: string): Promise<Tags | undefined> {
  assertKey(key);
  try {
    const { TagSet } = await store.client.send(new GetObjectTaggingCommand({ Bucket: store.bucket, Key: key }));
    return tagsFrom(TagSet ?? []);
  } catch (error) {
    if (errorName(error) === 'NoSuchKey' || errorName(error) === 'MethodNotAllowed') return undefined;
    throw error;
  }
}
