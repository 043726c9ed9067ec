import { type Tags, objectKinds } from '../../core/contract/tags.ts';
import { Digest } from '../../core/digest.ts';
import * as z from '../../core/zod.ts';
import { type Database } from './sqlite-database.ts';

/** What is known of one write of an object. */
const TagRow = z.object({
  id: z.int(),
  key: z.string(),
  pending: z.literal([0, 1]),
  digest: Digest,
  kind: z.literal(objectKinds),
  builder: z.string(),
  build: z.string(),
  retention: z.string(),
});
type TagRow = z.infer<typeof TagRow>;

const columns = 'id, key, pending, digest, kind, builder, build, retention';

/** An object that is about to be written. */
export interface ObjectWrite {
  readonly key: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly tags: Tags;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * The tags of files, in the records. Each write leaves a pending row before its file gets its name, and confirms
 * it in the transaction in which the file gets it. So wherever a crash falls, a file that is there has its row:
 * among pending ones it is the one with the file's digest.
 */
export interface ObjectTags {
  /** Says what is about to be written. Gives the row's id. */
  intend(write: ObjectWrite): number;
  /** Runs `place`, which gives the file its name, and confirms the row in one transaction; where it gave false the row stays as it was. */
  placing(id: number, place: () => boolean): boolean;
  /** Equal bytes stood there already: they keep their tags, and get those of this row where they have none. */
  settleSame(id: number): void;
  forget(id: number): void;
  /** The tags of a file; `digest` is only asked where a crash left open which write made it. */
  find(key: string, digest: () => Promise<Digest | undefined>): Promise<Tags | undefined>;
  /** Confirms or forgets the writes that were intended before the moment and never confirmed. */
  settleStale(before: number, digest: (key: string) => Promise<Digest | undefined>): Promise<void>;
  /** Forgets the rows of all keys in a folder, which is named without a `/` at its end. */
  removeFolder(folder: string): void;
}

export function objectTags(database: Database): ObjectTags {
  const row = (id: number): TagRow | undefined =>
    database.all(`SELECT ${columns} FROM objects WHERE id = ?`, id).map((found) => TagRow.parse(found))[0];
  const confirmed = (key: string): TagRow | undefined =>
    database.all(`SELECT ${columns} FROM objects WHERE key = ? AND pending = 0`, key).map((found) => TagRow.parse(found))[0];
  const confirm = (id: number): void => {
    database.run('DELETE FROM objects WHERE pending = 0 AND key = (SELECT key FROM objects WHERE id = ?)', id);
    database.run('UPDATE objects SET pending = 0 WHERE id = ?', id);
  };
  const forget = (id: number): void => {
    database.run('DELETE FROM objects WHERE id = ?', id);
  };
  /** For bytes that are known to stand under the key. */
  const settle = (id: number): void =>
    database.transaction(() => {
      const own = row(id);
      if (own === undefined) return;
      if (confirmed(own.key)?.digest === own.digest) forget(id);
      else confirm(id);
    });

  return {
    intend({ key, digest, size, tags, at }) {
      return database.run(
        'INSERT INTO objects (key, pending, digest, size, kind, builder, build, retention, written_at) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?)',
        key,
        digest,
        size,
        tags.kind,
        tags.builder,
        tags.build,
        tags.retention,
        at,
      ).lastRowId;
    },
    placing(id, place) {
      return database.transaction(() => {
        const placed = place();
        if (placed) confirm(id);
        return placed;
      });
    },
    settleSame: settle,
    forget,
    async find(key, digest) {
      const rows = database
        .all(`SELECT ${columns} FROM objects WHERE key = ? ORDER BY pending, id DESC`, key)
        .map((found) => TagRow.parse(found));
      const [first] = rows;
      if (first === undefined) return undefined;
      if (rows.every((known) => known.pending === 0)) return tagsOf(first);
      const standing = await digest();
      const made = rows.find((known) => known.digest === standing) ?? (first.pending === 0 ? first : undefined);
      return made === undefined ? undefined : tagsOf(made);
    },
    async settleStale(before, digest) {
      const rows = database
        .all(`SELECT ${columns} FROM objects WHERE pending = 1 AND written_at < ? ORDER BY id`, before)
        .map((found) => TagRow.parse(found));
      for (const stale of rows) {
        if ((await digest(stale.key)) === stale.digest) settle(stale.id);
        else forget(stale.id);
      }
    },
    removeFolder(folder) {
      // `0` comes right after `/`, so these are the keys that begin with the folder and a `/`.
      database.run('DELETE FROM objects WHERE key > ? AND key < ?', `${folder}/`, `${folder}0`);
    },
  };
}

function tagsOf({ kind, builder, build, retention }: TagRow): Tags {
  return { kind, builder, build, retention };
}
