import { assertLimit, cursorAfter, placeOf } from '../../adapters/local/cursor.ts';
import { keys } from '../../core/contract/keys.ts';
import { assertKey, assertReadLimit } from '../../core/contract/object-key.ts';
import { type Tags } from '../../core/contract/tags.ts';
import { type Objects } from '../../core/ports.ts';

export interface StoredObject {
  readonly content: Uint8Array;
  /** Null for what an attempt handed over or was told: nobody tags that. */
  readonly tags: Tags | null;
}

export interface MemoryObjects extends Objects {
  readonly stored: Map<string, StoredObject>;
  /** What an attempt does with its own prefix: it has no tags to give. */
  put(key: string, content: Uint8Array): void;
  /** Whether `create` leaves alone what stands there: a guard that the simulation can take away. */
  createsOnce: boolean;
  /** Whether `replace` holds to its condition: another one. */
  replacesWhatIsKnown: boolean;
}

const encoder = new TextEncoder();

/** Objects in memory, of one machine: without versions. */
export function memoryObjects(): MemoryObjects {
  const stored = new Map<string, StoredObject>();
  const objects: MemoryObjects = {
    stored,
    createsOnce: true,
    replacesWhatIsKnown: true,
    put(key, content) {
      assertKey(key);
      stored.set(key, { content, tags: null });
    },
    async create(key, content, tags) {
      assertKey(key);
      const standing = stored.get(key);
      if (standing !== undefined && objects.createsOnce) return Buffer.compare(standing.content, content) === 0 ? 'same' : 'different';
      stored.set(key, { content, tags });
      return 'created';
    },
    async replace(key, content, tags, standing) {
      assertKey(key);
      const found = stored.get(key)?.content ?? null;
      if (objects.replacesWhatIsKnown && (found === null || standing === null ? found !== standing : Buffer.compare(found, standing) !== 0))
        return 'changed';
      stored.set(key, { content, tags });
      return 'replaced';
    },
    async read(key, { bytes }) {
      assertKey(key);
      assertReadLimit(bytes);
      const found = stored.get(key);
      if (found === undefined) return { state: 'absent' };
      return found.content.length > bytes
        ? { state: 'too-large', size: found.content.length }
        : { state: 'read', content: found.content, version: null };
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
      for (const key of stored.keys()) if (key.startsWith(`incoming/${run}/`) || key.startsWith(`control/${run}/`)) stored.delete(key);
    },
    async tell(run, word, reason) {
      const key = keys.control(run, word);
      if (!stored.has(key)) objects.put(key, encoder.encode(`${JSON.stringify({ reason })}\n`));
    },
  };
  return objects;
}
