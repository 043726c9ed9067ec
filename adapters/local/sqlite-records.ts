import * as z from 'zod';

import { canonicalJson } from '../../core/canonical-json.ts';
import { FailureError } from '../../core/failure-error.ts';
import { BuildId, BuilderName } from '../../core/identity.ts';
import { type Commit, type Page, type RecordWrite, type Records } from '../../core/ports.ts';
import { assertLimit, cursorAfter, placeOf } from './cursor.ts';
import { type Database, type Row } from './sqlite-database.ts';
import { type Table, builders, builds, channels, requestTokens, strayEvents, variants } from './sqlite-tables.ts';

const longestPage = 100;
/** As many as a transaction of DynamoDB takes, so that both homes refuse the same. */
const mostWrites = 100;

/** The columns that a document is read from. */
const Stored = z.object({ id: z.string(), version: z.number(), document: z.string() });

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
    readBuild: async (id) => find(database, builds, id),
    readBuilder: async (name) => find(database, builders, name),
    readVariant: async (id) => find(database, variants, id),
    readChannel: async (id) => find(database, channels, id),
    readRequestToken: async (id) => find(database, requestTokens, id),
    readStrayEvent: async (id) => find(database, strayEvents, id),
    async commit(writes) {
      assertCommit(writes);
      return commit(database, writes);
    },
    async listBuilds(builder, page) {
      const sql =
        "SELECT build_id AS id, version, document FROM builds WHERE builder = ? AND (? = '' OR build_id < ?) ORDER BY build_id DESC LIMIT ?";
      return pageOf(
        `builds of ${builder}`,
        page,
        (after, limit) => database.all(sql, builder, after, after, limit).map((row) => documentOf(database, builds, row)),
        builds.idOf,
      );
    },
    async listOpenBuilds(page) {
      const sql = 'SELECT build_id, builder FROM builds WHERE open = 1 AND build_id > ? ORDER BY build_id LIMIT ?';
      return pageOf(
        'open builds',
        page,
        (after, limit) => database.all(sql, after, limit).map((row) => OpenRow.parse(row)),
        (open) => open.build_id,
      );
    },
    async listBuilders(page) {
      const sql = 'SELECT builder AS id, version, document FROM builders WHERE builder > ? ORDER BY builder LIMIT ?';
      return pageOf(
        'builders',
        page,
        (after, limit) => database.all(sql, after, limit).map((row) => documentOf(database, builders, row)),
        builders.idOf,
      );
    },
    async listChannels(builder, page) {
      const sql = 'SELECT channel_id AS id, version, document FROM channels WHERE builder = ? AND channel > ? ORDER BY channel LIMIT ?';
      return pageOf(
        `channels of ${builder}`,
        page,
        (after, limit) => database.all(sql, builder, after, limit).map((row) => documentOf(database, channels, row)),
        ({ channel }) => channel,
      );
    },
    close() {
      database.close();
    },
  };
}

// ---- writing -----------------------------------------------------------------------------------------------

function identityOf(write: RecordWrite): string {
  return withTable(write, (table, document) => `${table.type} ${table.idOf(document)}`);
}

/** Gives a write to `work` with the table that it goes to. */
function withTable<R>(write: RecordWrite, work: <T extends { readonly version: number }>(table: Table<T>, document: T) => R): R {
  switch (write.type) {
    case 'build':
      return work(builds, write.document);
    case 'builder':
      return work(builders, write.document);
    case 'variant':
      return work(variants, write.document);
    case 'channel':
      return work(channels, write.document);
    case 'request-token':
      return work(requestTokens, write.document);
    case 'stray-event':
      return work(strayEvents, write.document);
  }
}

/** @throws TypeError for a commit that no caller may ask for. */
function assertCommit(writes: readonly RecordWrite[]): void {
  if (writes.length === 0 || writes.length > mostWrites)
    throw new TypeError(`a commit writes 1 to ${mostWrites} documents, not ${writes.length}`);
  const seen = new Set<string>();
  for (const write of writes) {
    const identity = identityOf(write);
    if (seen.has(identity)) throw new TypeError(`a commit writes the ${identity} twice`);
    seen.add(identity);
    const next = (write.expected ?? 0) + 1;
    if (write.document.version !== next)
      throw new TypeError(`the ${identity} has version ${write.document.version} where ${next} comes after ${write.expected ?? 'none'}`);
    const valid = withTable(write, (table, document) => table.document.safeParse(document));
    if (!valid.success) throw new TypeError(`the ${identity} does not fit its schema: ${z.prettifyError(valid.error)}`);
  }
}

/** Thrown inside a transaction so that nothing of it stays. */
class Conflict extends Error {
  readonly commit: Commit & { readonly committed: false };

  constructor(commit: Commit & { readonly committed: false }) {
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
    if (error instanceof Conflict) return error.commit;
    throw error;
  }
}

function apply(database: Database, write: RecordWrite): void {
  withTable(write, (table, document) => {
    assertUnchanged(database, table, write, document);
    const columns = {
      [table.key]: table.idOf(document),
      version: document.version,
      document: canonicalJson(document),
      ...table.columns(document),
    };
    const names = Object.keys(columns);
    database.run(
      `INSERT INTO ${table.name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
       ON CONFLICT (${table.key}) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`,
      ...Object.values(columns),
    );
  });
  if (write.type === 'request-token') database.run('DELETE FROM request_tokens WHERE expires_at < ?', write.document.accepted_at);
}

/** What is about to be overwritten must be readable too: a document of a newer schema stays as it is. */
function assertUnchanged<T extends { readonly version: number }>(
  database: Database,
  table: Table<T>,
  { type, expected }: RecordWrite,
  document: T,
): void {
  const row = rowOf(database, table, table.idOf(document));
  const stored = row === undefined ? null : Stored.parse(row).version;
  if (stored !== expected) {
    const conflict = stored === null ? 'absent' : expected === null ? 'exists' : 'changed';
    throw new Conflict({ committed: false, conflict, type });
  }
  if (row !== undefined) documentOf(database, table, row);
}

// ---- reading -----------------------------------------------------------------------------------------------

interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

function rowOf<T extends { readonly version: number }>(database: Database, table: Table<T>, id: string): Row | undefined {
  return database.first(`SELECT ${table.key} AS id, version, document FROM ${table.name} WHERE ${table.key} = ?`, id);
}

function find<T extends { readonly version: number }>(database: Database, table: Table<T>, id: string): T | undefined {
  const row = rowOf(database, table, id);
  return row === undefined ? undefined : documentOf(database, table, row);
}

/** @param items gives up to so many that come after a place. */
function pageOf<T>(listing: string, page: PageRequest, items: (after: string, limit: number) => T[], idOf: (item: T) => string): Page<T> {
  assertLimit(page.limit, longestPage);
  const found = items(placeOf(listing, page.cursor), page.limit + 1);
  const last = found[page.limit - 1];
  return found.length > page.limit && last !== undefined
    ? { items: found.slice(0, page.limit), cursor: cursorAfter(listing, idOf(last)) }
    : { items: found };
}

function documentOf<T extends { readonly version: number }>(database: Database, table: Table<T>, row: Row): T {
  const stored = Stored.parse(row);
  const value = jsonOf(stored.document);
  const place = `${JSON.stringify(stored.id)} in the table ${table.name} of ${database.file}`;
  const schema = schemaOf(value);
  if (schema !== undefined && schema !== table.schema) {
    throw new FailureError({
      rule: 'RECORD_NEWER',
      message: `${place} is of the schema ${JSON.stringify(schema)}, and this program knows ${table.schema}`,
      remedy: 'use the newer version of hybridcore-packer that wrote it',
    });
  }
  const document = table.document.safeParse(value);
  if (document.success && table.idOf(document.data) === stored.id && document.data.version === stored.version) return document.data;
  throw new FailureError({
    rule: 'STORAGE',
    message: `${place} cannot be read: ${document.success ? 'the document is not that of its row' : z.prettifyError(document.error)}`,
    remedy: 'something else than hybridcore-packer has written it: put back a backup of the database',
  });
}

/** Undefined where it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function schemaOf(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'schema' in value && typeof value.schema === 'string' ? value.schema : undefined;
}
