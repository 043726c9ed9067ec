import * as z from 'zod';

import { Build, isOpen } from '../../core/build.ts';
import { BuilderRecord } from '../../core/builder-record.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type Commit, type Page, type RecordWrite, type Records } from '../../core/ports.ts';
import { assertLimit, cursorAfter, placeOf } from './cursor.ts';
import { type Database, type Row } from './sqlite-database.ts';

const longestPage = 100;
/** As many as a transaction of DynamoDB takes, so that both homes refuse the same. */
const mostWrites = 100;

/** The columns that a document is read from. */
const Stored = z.object({ id: z.string(), version: z.number(), document: z.string() });

interface Table<T extends { readonly version: number }> {
  readonly name: 'builds' | 'builders';
  readonly document: z.ZodType<T>;
  /** The `schema` that this version writes. */
  readonly schema: string;
  readonly idOf: (document: T) => string;
}

const builds: Table<Build> = { name: 'builds', document: Build, schema: Build.shape.schema.value, idOf: (build) => build.build_id };
const builders: Table<BuilderRecord> = {
  name: 'builders',
  document: BuilderRecord,
  schema: BuilderRecord.shape.schema.value,
  idOf: (builder) => builder.builder,
};

const selectBuild = 'SELECT build_id AS id, version, document FROM builds WHERE build_id = ?';
const selectBuilder = 'SELECT builder AS id, version, document FROM builders WHERE builder = ?';

/**
 * The records in SQLite: the documents as canonical JSON, and beside them the columns that queries need.
 *
 * A document of a newer schema throws FailureError RECORD_NEWER and is never overwritten; one that cannot be read
 * throws FailureError STORAGE with its table and id. `close` closes the database, which others may share.
 */
export function sqliteRecords(database: Database): Records & { close(): void } {
  return {
    async readBuild(id) {
      const row = database.first(selectBuild, id);
      return row === undefined ? undefined : documentOf(database, builds, row);
    },
    async readBuilder(name) {
      const row = database.first(selectBuilder, name);
      return row === undefined ? undefined : documentOf(database, builders, row);
    },
    async commit(writes) {
      assertCommit(writes);
      return commit(database, writes);
    },
    async listBuilds(builder, page) {
      const sql =
        "SELECT build_id AS id, version, document FROM builds WHERE builder = ? AND (? = '' OR build_id < ?) ORDER BY build_id DESC LIMIT ?";
      return pageOf(database, builds, `builds of ${builder}`, page, (after, limit) => database.all(sql, builder, after, after, limit));
    },
    async listOpenBuilds(page) {
      const sql = 'SELECT build_id AS id, version, document FROM builds WHERE open = 1 AND build_id > ? ORDER BY build_id LIMIT ?';
      return pageOf(database, builds, 'open builds', page, (after, limit) => database.all(sql, after, limit));
    },
    async listBuilders(page) {
      const sql = 'SELECT builder AS id, version, document FROM builders WHERE builder > ? ORDER BY builder LIMIT ?';
      return pageOf(database, builders, 'builders', page, (after, limit) => database.all(sql, after, limit));
    },
    close() {
      database.close();
    },
  };
}

// ---- writing -----------------------------------------------------------------------------------------------

function identityOf(write: RecordWrite): string {
  return write.type === 'build' ? `build ${write.document.build_id}` : `builder ${write.document.builder}`;
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
    const valid = write.type === 'build' ? Build.safeParse(write.document) : BuilderRecord.safeParse(write.document);
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
  const text = canonicalJson(write.document);
  switch (write.type) {
    case 'build': {
      const { build_id: id, builder, version } = write.document;
      assertUnchanged(database, builds, write, database.first(selectBuild, id));
      database.run(
        `INSERT INTO builds (build_id, builder, version, open, document) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (build_id) DO UPDATE SET builder = excluded.builder, version = excluded.version, open = excluded.open, document = excluded.document`,
        id,
        builder,
        version,
        isOpen(write.document) ? 1 : 0,
        text,
      );
      return;
    }
    case 'builder': {
      const { builder, version } = write.document;
      assertUnchanged(database, builders, write, database.first(selectBuilder, builder));
      database.run(
        `INSERT INTO builders (builder, version, document) VALUES (?, ?, ?)
         ON CONFLICT (builder) DO UPDATE SET version = excluded.version, document = excluded.document`,
        builder,
        version,
        text,
      );
    }
  }
}

/** What is about to be overwritten must be readable too: a document of a newer schema stays as it is. */
function assertUnchanged<T extends { readonly version: number }>(
  database: Database,
  table: Table<T>,
  write: RecordWrite,
  row: Row | undefined,
): void {
  const stored = row === undefined ? null : Stored.parse(row).version;
  if (stored !== write.expected) {
    const conflict = stored === null ? 'absent' : write.expected === null ? 'exists' : 'changed';
    throw new Conflict({ committed: false, conflict, type: write.type });
  }
  if (row !== undefined) documentOf(database, table, row);
}

// ---- reading -----------------------------------------------------------------------------------------------

interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

/** @param rows gives up to so many rows that come after a place. */
function pageOf<T extends { readonly version: number }>(
  database: Database,
  table: Table<T>,
  listing: string,
  page: PageRequest,
  rows: (after: string, limit: number) => Row[],
): Page<T> {
  assertLimit(page.limit, longestPage);
  const found = rows(placeOf(listing, page.cursor), page.limit + 1);
  const items = found.slice(0, page.limit).map((row) => documentOf(database, table, row));
  const last = items.at(-1);
  return found.length > page.limit && last !== undefined ? { items, cursor: cursorAfter(listing, table.idOf(last)) } : { items };
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
