import { createHash } from 'node:crypto';
import { mkdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';

import { keys } from '../../core/contract/keys.ts';
import { assertReadLimit, keyPrefixes } from '../../core/contract/object-key.ts';
import { type Tags } from '../../core/contract/tags.ts';
import { type Digest, digestOf, toDigest } from '../../core/digest.ts';
import { type LongObjects, type Objects, type OpenObject, type ReadObject } from '../../core/ports.ts';
import { type Draft, makeFolder, removeStaleDrafts, writeDraft } from './atomic-file.ts';
import { assertLimit, cursorAfter, placeOf } from '../../core/cursor.ts';
import { explained, unusable } from './file-failure.ts';
import { keysBelow, placeOfKey } from './object-folder.ts';
import { type ObjectTags, objectTags } from './object-tags.ts';
import { digestPlainFile, holdsExactly, isPlainFile, openPlainFile, readPlainFile } from './plain-file.ts';
import { type Database } from './sqlite-database.ts';

const longestPage = 1000;

/** What is older was left by a writer that is long dead, in milliseconds. */
const staleAge = 86_400_000;

/** Before the umask. Sealed objects are read-only: on one machine nothing but that keeps an editor or a slip from changing history. */
const modes = { sealed: 0o444, pointer: 0o644 } as const;

interface Store {
  /** Absolute, without links. */
  readonly home: string;
  readonly tags: ObjectTags;
  readonly now: () => number;
}

/**
 * Objects as files below the home folder, with their tags in the records. Writes are on the disk when they return,
 * also over a power cut. What killed writers left more than a day ago is cleaned up here.
 *
 * Keys and what is no key: `core/contract/object-key.ts`; what is no key throws TypeError. A folder that is a link
 * is never passed: a read tells `not-a-file`, a write throws. Where the file system fails, FailureError STORAGE
 * names the key. One user owns everything below home: who can write there can also race with these checks. For the
 * same reason files have no versions: a read's is null, and one that is asked for is ignored.
 *
 * @param home the folder that keys are relative to; made where it is missing.
 * @param database of the same home. `close` closes it; the records may share it.
 * @param now milliseconds since 1970.
 */
export async function fileObjects(home: string, database: Database, now: () => number): Promise<Objects & LongObjects & { close(): void }> {
  const store: Store = { home: await explained(`the home ${home}`, () => homeFolder(home)), tags: objectTags(database), now };
  await explained(`the home ${home}`, () => cleanUp(store));
  return {
    create: (key, content, tags) => explained(`the object ${key}`, () => create(store, key, content, tags)),
    createFrom: (key, content, tags) => explained(`the object ${key}`, () => createFrom(store, key, content, tags)),
    replace: (key, content, tags, standing) => explained(`the object ${key}`, () => replace(store, key, content, tags, standing)),
    read: (key, { bytes, version }) => explained(`the object ${key}`, () => read(store, key, bytes, version)),
    open: (key, { bytes, version }) => explained(`the object ${key}`, () => open(store, key, bytes, version)),
    tags: (key) => explained(`the object ${key}`, () => tags(store, key)),
    list: (prefix, page) => explained(`the list of ${prefix}`, () => list(store, prefix, page)),
    removeRun: (run) => explained(`what the run ${run} handed over`, () => removeBelow(store, [`incoming/${run}`, `control/${run}`])),
    tell(run, word, reason) {
      const key = keys.control(run, word);
      return explained(`the object ${key}`, () => tell(store, key, `${JSON.stringify({ reason })}\n`));
    },
    close: () => database.close(),
  };
}

// ---- writing -----------------------------------------------------------------------------------------------

async function create(store: Store, key: string, content: Uint8Array, tags: Tags): Promise<'created' | 'same' | 'different'> {
  return writing(store, key, content, tags, modes.sealed, async (file, draft, id) => {
    if (store.tags.placing(id, () => draft.create(file))) return 'created';
    const standing = await readPlainFile(file, content.length);
    if (standing.state === 'read' && Buffer.compare(standing.content, content) === 0) {
      store.tags.settleSame(id);
      return 'same';
    }
    store.tags.forget(id);
    if (standing.state === 'read' || standing.state === 'too-large') return 'different';
    throw unusable(
      `the object ${key}`,
      standing.state === 'absent' ? 'it was removed meanwhile' : 'something that is no plain file stands there',
    );
  });
}

async function createFrom(store: Store, key: string, content: AsyncIterable<Uint8Array>, tags: Tags) {
  return writing(store, key, content, tags, modes.sealed, async (file, draft, id, { digest, size }) => {
    if (store.tags.placing(id, () => draft.create(file))) return { state: 'created', size } as const;
    const standing = await digestPlainFile(file);
    if (standing === digest) {
      store.tags.settleSame(id);
      return { state: 'same', size } as const;
    }
    store.tags.forget(id);
    if (standing !== undefined) return { state: 'different', size } as const;
    throw unusable(`the object ${key}`, 'it was removed meanwhile, or something that is no plain file stands there');
  });
}

/** The look at what stands there and the rename lie in one transaction, so that of several at once one finds what it expects. */
async function replace(
  store: Store,
  key: string,
  content: Uint8Array,
  tags: Tags,
  standing: Uint8Array | null,
): Promise<'replaced' | 'changed'> {
  return writing(store, key, content, tags, modes.pointer, async (file, draft, id) => {
    const replaced = store.tags.placing(id, () => {
      if (!holdsExactly(file, standing)) return false;
      draft.replace(file);
      return true;
    });
    if (!replaced) store.tags.forget(id);
    return replaced ? 'replaced' : 'changed';
  });
}

/** Of several at once one is heard, and the others change nothing. */
async function tell(store: Store, key: string, text: string): Promise<void> {
  const file = await fileToWrite(store, key);
  if (await isPlainFile(file)) return;
  await makeFolder(path.dirname(file));
  const draft = await writeDraft(draftFolder(store, key), new TextEncoder().encode(text), modes.pointer);
  try {
    if (!draft.create(file) && (await readPlainFile(file, 0)).state === 'not-a-file')
      throw unusable(`the object ${key}`, 'something that is no plain file stands there');
  } finally {
    await draft.discard();
  }
}

/**
 * Puts the bytes on the disk and the intent into the records, in this order, and then lets `place` give the file
 * its name. Where that throws, the intent stays: a crash looks the same, and whoever reads the tags next decides
 * by the file that is there.
 */
async function writing<T>(
  store: Store,
  key: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  tags: Tags,
  mode: number,
  place: (file: string, draft: Draft, id: number, written: Measure) => Promise<T>,
): Promise<T> {
  const file = await fileToWrite(store, key);
  await makeFolder(path.dirname(file));
  const measured = measuring(content);
  const draft = await writeDraft(draftFolder(store, key), measured.content, mode);
  try {
    const written = measured.end();
    return await place(file, draft, store.tags.intend({ key, ...written, tags, at: store.now() }), written);
  } finally {
    await draft.discard();
  }
}

interface Measure {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** Content to be written, and what was written once it has been. */
function measuring(content: Uint8Array | AsyncIterable<Uint8Array>): {
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
  readonly end: () => Measure;
} {
  if (content instanceof Uint8Array) return { content, end: () => ({ digest: digestOf(content), size: content.length }) };
  const hash = createHash('sha256');
  let size = 0;
  async function* measured(pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
  }
  return { content: measured(content), end: () => ({ digest: toDigest(hash.digest('hex')), size }) };
}

/** Drafts lie at the top of the folder of their prefix: one file system with the key, and five folders to look through for stale ones. */
function draftFolder(store: Store, key: string): string {
  return path.join(store.home, keyPrefixes.find((prefix) => key.startsWith(prefix)) ?? '');
}

async function fileToWrite(store: Store, key: string): Promise<string> {
  const place = await placeOfKey(store.home, key);
  if (place.state === 'inside') return place.file;
  throw unusable(`the object ${key}`, `${place.link} is a link, and no folder below the home may be one`);
}

// ---- reading -----------------------------------------------------------------------------------------------

/** Files have no versions: no read gives one, so none that is asked for is there. */
async function read(store: Store, key: string, bytes: number, version: string | undefined): Promise<ReadObject> {
  assertReadLimit(bytes);
  const place = await placeOfKey(store.home, key);
  if (version !== undefined) return { state: 'absent' };
  return place.state === 'inside' ? readPlainFile(place.file, bytes) : { state: 'not-a-file' };
}

async function open(store: Store, key: string, bytes: number, version: string | undefined): Promise<OpenObject> {
  assertReadLimit(bytes);
  const place = await placeOfKey(store.home, key);
  if (version !== undefined) return { state: 'absent' };
  return place.state === 'inside' ? openPlainFile(place.file, bytes) : { state: 'not-a-file' };
}

/** None for what is not there, whatever the records say: a person may have removed it. */
async function tags(store: Store, key: string): Promise<Tags | undefined> {
  const place = await placeOfKey(store.home, key);
  if (place.state === 'outside' || !(await isPlainFile(place.file))) return undefined;
  return store.tags.find(key, () => digestPlainFile(place.file));
}

async function digestOfKey(store: Store, key: string) {
  const place = await placeOfKey(store.home, key);
  return place.state === 'inside' ? digestPlainFile(place.file) : undefined;
}

async function list(store: Store, prefix: string, page: { readonly limit: number; readonly cursor?: string }) {
  assertLimit(page.limit, longestPage);
  const listing = `keys ${JSON.stringify(prefix)}`;
  const items: string[] = [];
  for await (const key of keysBelow(store.home, prefix, placeOf(listing, page.cursor))) {
    const last = items.at(-1);
    if (items.length === page.limit && last !== undefined) return { items, cursor: cursorAfter(listing, last) };
    items.push(key);
  }
  return { items };
}

// ---- removing ----------------------------------------------------------------------------------------------

/** Files first: rows without a file are harmless, the other way round is not. */
async function removeBelow(store: Store, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await rm(await fileToWrite(store, folder), { recursive: true, force: true });
    store.tags.removeFolder(folder);
  }
}

async function homeFolder(home: string): Promise<string> {
  await mkdir(home, { recursive: true });
  return realpath(home);
}

async function cleanUp(store: Store): Promise<void> {
  const before = store.now() - staleAge;
  for (const prefix of keyPrefixes) {
    const place = await placeOfKey(store.home, `${prefix}any`);
    if (place.state === 'inside') await removeStaleDrafts(path.dirname(place.file), before);
  }
  await store.tags.settleStale(before, (key) => digestOfKey(store, key));
}
