import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectTaggingCommand, PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';

import { keys } from '../../core/contract/keys.ts';
import { assertKey, assertReadLimit } from '../../core/contract/object-key.ts';
import { type Tags } from '../../core/contract/tags.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type Clock, type LongObjects, type Objects, type OpenObject, type ReadObject } from '../../core/ports.ts';
import { type RetentionPolicy, expiresAt, retentionClass } from '../../core/retention/policy.ts';
import { type Wait, doubling } from './backoff.ts';
import { sendFile } from './s3-file.ts';
import { listS3Keys, removeS3Keys } from './s3-keys.ts';
import { taggingHeader, tagsFrom } from './s3-object-tags.ts';
import { type S3Read, openS3Object, readS3Object } from './s3-read.ts';
import { type Called, errorName, explained } from './service-failure.ts';

export interface S3ObjectsOptions {
  readonly bucket: string;
  /** Says how long each class is kept, and whether it is locked for that time. */
  readonly policy: RetentionPolicy;
  readonly clock: Clock;
  /** Lets so many milliseconds pass before a write that met another one is tried again. */
  readonly wait?: Wait;
}

/** How often a write is tried that S3 answers with "another one is under way", and the first pause, which doubles. Milliseconds. */
const conflicts = { tries: 8, pause: 25 } as const;

interface Store {
  readonly client: S3Client;
  readonly bucket: string;
  readonly policy: RetentionPolicy;
  readonly clock: Clock;
  readonly wait: Wait;
}

/**
 * Objects in a bucket of S3, which has versions and Object Lock. Tags, SHA-256 and, where the retention class has a lock,
 * its mode and date go with the object in the one request that makes it: no object is ever there without them. For that what
 * is created from pieces goes through a file of its own in the system's folder for such files.
 *
 * Keys and what is no key: `core/contract/object-key.ts`; what is no key throws TypeError. Where S3 refuses, or cannot
 * be reached, FailureError STORAGE names the key. A `create` whose answer is lost is asked again by the SDK, and then
 * finds its own bytes: `same`. What is removed or replaced stays a version until the bucket's
 * lifecycle rules remove that.
 */
export function s3Objects(client: S3Client, options: S3ObjectsOptions): Objects & LongObjects {
  const { bucket, policy, clock, wait = sleep } = options;
  const store: Store = { client, bucket, policy, clock, wait };
  return {
    create: async (key, content, tags) => create(store, key, content, tags),
    createFrom: async (key, content, tags) => createFrom(store, key, content, tags),
    replace: async (key, content, tags, standing) => replace(store, key, content, tags, standing),
    read: async (key, { bytes, version }) => (await read(store, key, bytes, version)).read,
    open: async (key, { bytes, version }) => open(store, key, bytes, version),
    tags: async (key) => tags(store, key),
    list: async (prefix, page) => listS3Keys(client, bucket, prefix, page),
    removeRun: async (run) => removeS3Keys(client, bucket, [`incoming/${run}/`, `control/${run}/`]),
    tell: async (run, word, reason) => tell(store, keys.control(run, word), `${JSON.stringify({ reason })}\n`),
  };
}

// ---- writing -----------------------------------------------------------------------------------------------

async function create(store: Store, key: string, content: Uint8Array, tags: Tags): Promise<'created' | 'same' | 'different'> {
  assertKey(key);
  return withoutConflict(store, key, async () => {
    const written = await put(store, key, content, { ...kept(store, tags), IfNoneMatch: '*' });
    if (written !== false) return written === undefined ? undefined : 'created';
    const standing = (await read(store, key, content.length)).read;
    // Whoever put something there has removed it meanwhile.
    if (standing.state === 'absent') return undefined;
    return holds(standing, content) ? 'same' : 'different';
  });
}

async function createFrom(store: Store, key: string, content: AsyncIterable<Uint8Array>, tags: Tags) {
  assertKey(key);
  const own = await mkdtemp(join(tmpdir(), 'hybridcore-object-'));
  try {
    const file = join(own, 'content');
    await writeFile(file, content, { flag: 'wx', mode: 0o600 });
    const { size } = await stat(file);
    const state = await withoutConflict<'created' | 'same' | 'different'>(store, key, async () => {
      const rest = { ...kept(store, tags), IfNoneMatch: '*' };
      const place = { Bucket: store.bucket, Key: key, ...rest };
      const written = await conditionally(store, key, () => sendFile(store.client, place, file, store.wait));
      if (written !== false) return written === undefined ? undefined : 'created';
      const standing = await open(store, key, size);
      // Whoever put something there has removed it meanwhile.
      if (standing.state === 'absent') return undefined;
      return standing.state === 'open' && (await digestOfPieces(standing.content)) === (await digestOfPieces(createReadStream(file)))
        ? 'same'
        : 'different';
    });
    return { state, size };
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function digestOfPieces(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
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
    const condition = standing === null ? ({ IfNoneMatch: '*' } as const) : await matchOf(store, key, standing);
    if (condition === undefined) return 'changed';
    const written = await put(store, key, content, { ...kept(store, tags), ...condition });
    return written === undefined ? undefined : written ? 'replaced' : 'changed';
  });
}

/** The condition that these bytes still stand there; undefined where they do not. */
async function matchOf(store: Store, key: string, standing: Uint8Array): Promise<{ readonly IfMatch: string } | undefined> {
  const found = await read(store, key, standing.length);
  return found.etag !== null && holds(found.read, standing) ? { IfMatch: found.etag } : undefined;
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

/**
 * @returns false where the condition does not hold, and undefined where another write of the key is under way (409); nothing
 * was written then.
 */
async function put(store: Store, key: string, content: Uint8Array, rest: Partial<PutObjectCommandInput>): Promise<boolean | undefined> {
  const request = new PutObjectCommand({ Bucket: store.bucket, Key: key, Body: content, ChecksumAlgorithm: 'SHA256', ...rest });
  return conditionally(store, key, () => store.client.send(request));
}

/** What `put` gives, for a request that writes on a condition. */
async function conditionally(store: Store, key: string, write: () => Promise<unknown>): Promise<boolean | undefined> {
  return explained(called(store, 's3:PutObject', `the object ${key}`), async () => {
    try {
      await write();
      return true;
    } catch (error) {
      const name = errorName(error);
      // With If-Match a key that has no object any more is NoSuchKey.
      if (name === 'PreconditionFailed' || name === 'NoSuchKey') return false;
      if (name === 'ConditionalRequestConflict' || name === 'OperationAborted') return undefined;
      throw error;
    }
  });
}

/**
 * Does a write again for as long as it gives undefined, which it does where somebody else is writing or removing the key.
 *
 * @throws FailureError where that never ends.
 */
async function withoutConflict<T>(store: Store, key: string, work: () => Promise<T | undefined>): Promise<T> {
  for (let tried = 0; tried < conflicts.tries; tried += 1) {
    if (tried > 0) await store.wait(doubling(conflicts.pause, tried));
    const done = await work();
    if (done !== undefined) return done;
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

async function open(store: Store, key: string, bytes: number, version?: string): Promise<OpenObject> {
  assertKey(key);
  assertReadLimit(bytes);
  return openS3Object(store.client, { Bucket: store.bucket, Key: key, ...(version === undefined ? {} : { VersionId: version }) }, bytes);
}

function holds(found: ReadObject, content: Uint8Array): boolean {
  return found.state === 'read' && Buffer.compare(found.content, content) === 0;
}

async function tags(store: Store, key: string): Promise<Tags | undefined> {
  assertKey(key);
  return explained(called(store, 's3:GetObjectTagging', `the tags of ${key}`), async () => {
    try {
      const { TagSet } = await store.client.send(new GetObjectTaggingCommand({ Bucket: store.bucket, Key: key }));
      return tagsFrom(TagSet ?? []);
    } catch (error) {
      if (errorName(error) === 'NoSuchKey' || errorName(error) === 'MethodNotAllowed') return undefined;
      throw error;
    }
  });
}

function called({ bucket }: Store, action: string, subject: string): Called {
  return { what: `the bucket ${bucket}`, action, subject };
}
