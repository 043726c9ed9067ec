import { assertLimit, cursorAfter, placeOf } from '../../core/cursor.ts';
import { keys } from '../../core/contract/keys.ts';
import { assertKey, assertReadLimit } from '../../core/contract/object-key.ts';
import { type Tags } from '../../core/contract/tags.ts';
import { type LongObjects, type Objects } from '../../core/ports.ts';

export interface StoredObject {
  readonly content: Uint8Array;
  /** Null for what an attempt handed over or was told: nobody tags that. */
  readonly tags: Tags | null;
  readonly version: string;
}

export interface MemoryObjects extends Objects, LongObjects {
  readonly stored: Map<string, StoredObject>;
  /** Every version that ever was, by `<key> <version>`, also of what is gone: for those who look back. */
  readonly written: ReadonlyMap<string, Uint8Array>;
  /** What an attempt does with its own prefix: it has no tags to give. */
  put(key: string, content: Uint8Array): void;
  /** Whether `create` leaves alone what stands there: a guard that the simulation can take away. */
  createsOnce: boolean;
  /** Whether `replace` holds to its condition: another one. */
  replacesWhatIsKnown: boolean;
}

export interface MemoryObjectsOptions {
  /** As on S3; else as on a disk. */
  readonly versioned: boolean;
  /** Whether versions of what was removed can still be read: on S3 they go when their time is over. */
  readonly keepsRemoved: boolean;
}

const encoder = new TextEncoder();

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

/** Objects in memory. */
export function memoryObjects({ versioned, keepsRemoved }: MemoryObjectsOptions): MemoryObjects {
  const stored = new Map<string, StoredObject>();
  const written = new Map<string, Uint8Array>();
  const readable = new Map<string, Uint8Array>();
  const store = (key: string, content: Uint8Array, tags: Tags | null) => {
    const version = `v${written.size + 1}`;
    written.set(`${key} ${version}`, content);
    readable.set(`${key} ${version}`, content);
    stored.set(key, { content, tags, version });
  };
  const remove = (key: string) => {
    stored.delete(key);
    if (!keepsRemoved) for (const place of readable.keys()) if (place.startsWith(`${key} `)) readable.delete(place);
  };
  const found = (key: string, version: string | undefined) => {
    if (version === undefined) return stored.get(key);
    const content = versioned ? readable.get(`${key} ${version}`) : undefined;
    return content === undefined ? undefined : { content, version };
  };
  const objects: MemoryObjects = {
    stored,
    written,
    createsOnce: true,
    replacesWhatIsKnown: true,
    put(key, content) {
      assertKey(key);
      store(key, content, null);
    },
    async create(key, content, tags) {
      assertKey(key);
      const standing = stored.get(key);
      if (standing !== undefined && objects.createsOnce) return Buffer.compare(standing.content, content) === 0 ? 'same' : 'different';
      store(key, content, tags);
      return 'created';
    },
    async replace(key, content, tags, standing) {
      assertKey(key);
      const before = stored.get(key)?.content ?? null;
      if (
        objects.replacesWhatIsKnown &&
        (before === null || standing === null ? before !== standing : Buffer.compare(before, standing) !== 0)
      )
        return 'changed';
      store(key, content, tags);
      return 'replaced';
    },
    async read(key, { bytes, version }) {
      assertKey(key);
      assertReadLimit(bytes);
      const object = found(key, version);
      if (object === undefined) return { state: 'absent' };
      const { content } = object;
      if (content.length > bytes) return { state: 'too-large', size: content.length };
      return { state: 'read', content, version: versioned ? object.version : null };
    },
    async createFrom(key, content, tags) {
      const pieces: Uint8Array[] = [];
      for await (const piece of content) pieces.push(piece);
      const whole = Buffer.concat(pieces);
      return { state: await objects.create(key, whole, tags), size: whole.length };
    },
    async open(key, wanted) {
      const read = await objects.read(key, wanted);
      return read.state === 'read' ? { state: 'open', content: once(read.content), version: read.version } : read;
    },
    async tags(key) {
      assertKey(key);
      return stored.get(key)?.tags ?? undefined;
    },
    async list(prefix, page) {
      assertLimit(page.limit, 1000);
      const listing = `keys ${JSON.stringify(prefix)}`;
      const after = placeOf(listing, page.cursor);
      const items = [...stored.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted((a, b) => (a < b ? -1 : 1));
      const last = items[page.limit - 1];
      return items.length > page.limit && last !== undefined
        ? { items: items.slice(0, page.limit), cursor: cursorAfter(listing, last) }
        : { items };
    },
    async removeRun(run) {
      for (const key of stored.keys()) if (key.startsWith(`incoming/${run}/`) || key.startsWith(`control/${run}/`)) remove(key);
    },
    async tell(run, word, reason) {
      const key = keys.control(run, word);
      if (!stored.has(key)) objects.put(key, encoder.encode(`${JSON.stringify({ reason })}\n`));
    },
  };
  return objects;
}
