import { unlinkSync } from 'node:fs';
import { realpath, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { objectKinds } from '../../core/contract/tags.ts';
import { Digest } from '../../core/digest.ts';
import { Timestamp } from '../../core/identity.ts';
import { type Deletion, type KeptObject, type KeptObjects } from '../../core/ports.ts';
import * as z from '../../core/zod.ts';
import { syncFolder } from './atomic-file.ts';
import { errorCode, isAbsence } from './system-error.ts';
import { explained, unusable } from './file-failure.ts';
import { placeOfKey } from './object-folder.ts';
import { digestPlainFile, readPlainFile } from './plain-file.ts';
import { pageOf } from './record-listing.ts';
import { type Database, type Row } from './sqlite-database.ts';

/** What both tables say of an object. */
const object = {
  key: z.string(),
  digest: Digest,
  size: z.int(),
  kind: z.literal(objectKinds),
  builder: z.string(),
  build: z.string(),
  retention: z.string(),
} as const;
const ObjectRow = z.object(object);
const DeletionRow = z.object({ id: z.int(), ...object, policy_digest: Digest, deleted_at: Timestamp, deleted_by: z.string() });
type ObjectRow = z.infer<typeof ObjectRow>;

/** Of the mode of a file: whether anyone may write. */
const writeBits = 0o222;

const columns = 'key, digest, size, kind, builder, build, retention';

/**
 * The objects that lie below a home with their tags in its database, and the record of those that were deleted. A deletion is
 * recorded as intended before the file goes, and as done together with the end of its tags: wherever a crash falls, what is
 * gone is recorded.
 *
 * @param home the folder that keys are relative to.
 */
export async function fileKeptObjects(home: string, database: Database): Promise<KeptObjects> {
  const folder = await realpath(home);
  return {
    async listKept(page) {
      const sql = `SELECT ${columns} FROM objects WHERE pending = 0 AND key > ? ORDER BY key LIMIT ?`;
      const rows = (after: string, limit: number) => database.all(sql, after, limit).map((row) => keptOf(ObjectRow.parse(row)));
      return pageOf('kept objects', page, rows, ({ key }) => key);
    },
    async findKept(key) {
      const row = database.first(`SELECT ${columns} FROM objects WHERE pending = 0 AND key = ?`, key);
      return row === undefined ? undefined : keptOf(ObjectRow.parse(row));
    },
    remove: (deletion) => explained(`the object ${deletion.key}`, () => remove(folder, database, deletion)),
    async giveClass(build, retention) {
      // What is being written right now, too: its row is pending.
      database.run('UPDATE objects SET retention = ? WHERE build = ?', retention, build);
    },
    inspect: (kept) => explained(`the object ${kept.key}`, () => inspect(folder, kept)),
    async listDeletions(page) {
      const sql = `SELECT id, ${columns}, policy_digest, deleted_at, deleted_by FROM deletions WHERE pending = 0 AND id > ? ORDER BY id LIMIT ?`;
      const rows = (after: string, limit: number) => database.all(sql, Number(after), limit).map((row) => deletionOf(row));
      const { items, cursor } = await pageOf('deletions', page, rows, ({ id }) => String(id));
      const deletions = items.map(({ deletion }) => deletion);
      return cursor === undefined ? { items: deletions } : { items: deletions, cursor };
    },
  };
}

async function remove(home: string, database: Database, deletion: Deletion): Promise<'removed' | 'absent' | 'altered'> {
  const { key, digest } = deletion;
  const place = await placeOfKey(home, key);
  if (place.state === 'outside') throw unusable(`the object ${key}`, `${place.link} is a link, and no folder below the home may be one`);
  const pending = database.first('SELECT id FROM deletions WHERE key = ? AND pending = 1', key)?.['id'];
  const standing = await digestPlainFile(place.file);
  if (standing === undefined && (await readPlainFile(place.file, 0)).state !== 'absent') return 'altered';
  if (standing !== undefined && standing !== digest) return 'altered';
  if (standing === undefined && typeof pending !== 'number') {
    forget(database, key);
    return 'absent';
  }
  const id = typeof pending === 'number' ? pending : intend(database, deletion);
  unlinkThere(place.file);
  database.transaction(() => {
    database.run('UPDATE deletions SET pending = 0 WHERE id = ?', id);
    forget(database, key);
  });
  await removeFolderOf(place.file, deletion.tags.build);
  return 'removed';
}

async function inspect(home: string, { key, digest }: KeptObject): Promise<'as-written' | 'writable' | 'altered' | 'absent'> {
  const place = await placeOfKey(home, key);
  if (place.state === 'outside') return 'altered';
  const standing = await digestPlainFile(place.file);
  if (standing === undefined) return (await readPlainFile(place.file, 0)).state === 'absent' ? 'absent' : 'altered';
  if (standing !== digest) return 'altered';
  return ((await stat(place.file)).mode & writeBits) === 0 ? 'as-written' : 'writable';
}

function intend(database: Database, { key, digest, size, tags, policy_digest: policy, at, by }: Deletion): number {
  return database.run(
    `INSERT INTO deletions (pending, ${columns}, policy_digest, deleted_at, deleted_by) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    key,
    digest,
    size,
    tags.kind,
    tags.builder,
    tags.build,
    tags.retention,
    policy,
    at,
    by,
  ).lastRowId;
}

function forget(database: Database, key: string): void {
  database.run('DELETE FROM objects WHERE key = ? AND pending = 0', key);
}

function unlinkThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (isAbsence(error)) return;
    throw error;
  }
  syncFolder(path.dirname(file));
}

/** Removes the folder of a build with its last file. Others write into those above it. */
async function removeFolderOf(file: string, build: string): Promise<void> {
  const folder = path.dirname(file);
  if (path.basename(folder) !== build) return;
  try {
    await rmdir(folder);
  } catch (error) {
    if (!isAbsence(error) && errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
  }
}

function keptOf({ key, digest, size, ...tags }: ObjectRow): KeptObject {
  return { key, digest, size, tags };
}

function deletionOf(row: Row): { readonly id: number; readonly deletion: Deletion } {
  const { id, policy_digest, deleted_at: at, deleted_by: by, ...rest } = DeletionRow.parse(row);
  return { id, deletion: { ...keptOf(rest), policy_digest, at, by } };
}
