import { isOpen } from '../../core/build.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { BuildId, BuilderName } from '../../core/identity.ts';
import { type Commit, type RecordWrite, type Records } from '../../core/ports.ts';
import * as z from '../../core/zod.ts';
import {
  type Conflict,
  type Documents,
  type RecordType,
  type WriteOf,
  assertCommit,
  conflictOf,
  documentTypes,
  idOf,
  readDocument,
} from './record-documents.ts';
import { listings, pageOf } from './record-listing.ts';
import { type Database, type Row } from './sqlite-database.ts';

/** The columns that a document is read from. */
const Stored = z.object({ id: z.string(), version: z.number(), document: z.string() });

/** The table of one type of document, whose columns beside the document are for conditions and queries. */
interface Table<T> {
  readonly name: string;
  readonly key: string;
  /** What stands beside id, version and document. */
  readonly columns: (document: T) => Readonly<Record<string, string | number>>;
}

const none = () => ({});

const tables: { readonly [Type in RecordType]: Table<Documents[Type]> } = {
  build: { name: 'builds', key: 'build_id', columns: (build) => ({ builder: build.builder, open: isOpen(build) ? 1 : 0 }) },
  builder: { name: 'builders', key: 'builder', columns: none },
  variant: { name: 'variants', key: 'variant_id', columns: none },
  channel: { name: 'channels', key: 'channel_id', columns: ({ builder, channel }) => ({ builder, channel }) },
  'request-token': { name: 'request_tokens', key: 'token_id', columns: (token) => ({ expires_at: token.expires_at }) },
  'stray-event': { name: 'stray_events', key: 'event_id', columns: none },
};

/** The columns that an open build is named by. */
const OpenRow = z.object({ build_id: BuildId, builder: BuilderName });

/**
 * The records in SQLite: the documents as canonical JSON, and beside them the columns that queries need.
 *
 * A document of a newer schema throws FailureError RECORD_NEWER and is never overwritten; one that cannot be read
 * throws FailureError STORAGE with its table and id. Tokens that have expired go when the next one is written.
 * `close` closes the database, which others may share.
 */
export function sqliteRecords(database: Database): Records & { close(): void } {
  return {
    readBuild: async (id) => find(database, 'build', id),
    readBuilder: async (name) => find(database, 'builder', name),
    readVariant: async (id) => find(database, 'variant', id),
    readChannel: async (id) => find(database, 'channel', id),
    readRequestToken: async (id) => find(database, 'request-token', id),
    readStrayEvent: async (id) => find(database, 'stray-event', id),
    async commit(writes) {
      assertCommit(writes);
      return commit(database, writes);
    },
    async listBuilds(builder, page) {
      const sql =
        "SELECT build_id AS id, version, document FROM builds WHERE builder = ? AND (? = '' OR build_id < ?) ORDER BY build_id DESC LIMIT ?";
      return pageOf(
        listings.builds(builder),
        page,
        (after, limit) => database.all(sql, builder, after, after, limit).map((row) => documentOf(database, 'build', row)),
        documentTypes.build.idOf,
      );
    },
    async listOpenBuilds(page) {
      const sql = 'SELECT build_id, builder FROM builds WHERE open = 1 AND build_id > ? ORDER BY build_id LIMIT ?';
      return pageOf(
        listings.openBuilds,
        page,
        (after, limit) => database.all(sql, after, limit).map((row) => OpenRow.parse(row)),
        (open) => open.build_id,
      );
    },
    async listBuilders(page) {
      const sql = 'SELECT builder AS id, version, document FROM builders WHERE builder > ? ORDER BY builder LIMIT ?';
      return pageOf(
        listings.builders,
        page,
        (after, limit) => database.all(sql, after, limit).map((row) => documentOf(database, 'builder', row)),
        documentTypes.builder.idOf,
      );
    },
    async listChannels(builder, page) {
      const sql = 'SELECT channel_id AS id, version, document FROM channels WHERE builder = ? AND channel > ? ORDER BY channel LIMIT ?';
      return pageOf(
        listings.channels(builder),
        page,
        (after, limit) => database.all(sql, builder, after, limit).map((row) => documentOf(database, 'channel', row)),
        ({ channel }) => channel,
      );
    },
    close() {
      database.close();
    },
  };
}

// ---- writing -----------------------------------------------------------------------------------------------

/** Thrown inside a transaction so that nothing of it stays. */
class ConflictError extends Error {
  readonly commit: Conflict;

  constructor(commit: Conflict) {
    super(commit.conflict);
    this.commit = commit;
  }
}

function commit(database: Database, writes: readonly RecordWrite[]): Commit {
  try {
    return database.transaction(() => {
      for (const write of writes) apply(database, write);
      return { committed: true };
    });
  } catch (error) {
    if (error instanceof ConflictError) return error.commit;
    throw error;
  }
}

function apply(database: Database, write: RecordWrite): void {
  assertUnchanged(database, write);
  put(database, write);
  if (write.type === 'request-token') database.run('DELETE FROM request_tokens WHERE expires_at < ?', write.document.accepted_at);
}

function put<Type extends RecordType>(database: Database, write: WriteOf<Type>): void {
  const table: Table<Documents[Type]> = tables[write.type];
  const columns = {
    [table.key]: idOf(write),
    version: write.document.version,
    document: canonicalJson(write.document),
    ...table.columns(write.document),
  };
  const names = Object.keys(columns);
  database.run(
    `INSERT INTO ${table.name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
     ON CONFLICT (${table.key}) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    ...Object.values(columns),
  );
}

/** What is about to be overwritten must be readable too: a document of a newer schema stays as it is. */
function assertUnchanged(database: Database, write: RecordWrite): void {
  const row = rowOf(database, write.type, idOf(write));
  const conflict = conflictOf(write, row === undefined ? null : Stored.parse(row).version);
  if (conflict !== undefined) throw new ConflictError(conflict);
  if (row !== undefined) documentOf(database, write.type, row);
}

// ---- reading -----------------------------------------------------------------------------------------------

function rowOf(database: Database, type: RecordType, id: string): Row | undefined {
  const { name, key } = tables[type];
  return database.first(`SELECT ${key} AS id, version, document FROM ${name} WHERE ${key} = ?`, id);
}

function find<Type extends RecordType>(database: Database, type: Type, id: string): Documents[Type] | undefined {
  const row = rowOf(database, type, id);
  return row === undefined ? undefined : documentOf(database, type, row);
}

function documentOf<Type extends RecordType>(database: Database, type: Type, row: Row): Documents[Type] {
  const stored = Stored.parse(row);
  return readDocument(type, stored, {
    place: `${JSON.stringify(stored.id)} in the table ${tables[type].name} of ${database.file}`,
    remedy: 'put back a backup of the database',
  });
}
