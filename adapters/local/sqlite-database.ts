import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

import { FailureError } from '../../core/failure-error.ts';
import { makeFolder } from './atomic-file.ts';
import { errorCode } from './system-error.ts';
import { migrations } from './sqlite-migrations.ts';

/** How long a statement waits for another process's transaction, in milliseconds. */
const busyMilliseconds = 10_000;

/** `HCPK`: tells our files from other SQLite files. */
const applicationId = 0x4843504b;

/** A row as SQLite gives it; parsed where it is used. */
export type Row = Record<string, SQLOutputValue>;

/**
 * An open database. Every method is synchronous, waits up to ten seconds for other processes, and throws a
 * FailureError that names the file where the file is damaged, locked for longer, or cannot be written.
 */
export interface Database {
  readonly file: string;
  /** Runs the work in one IMMEDIATE transaction: all of what it writes is on the disk when this returns, or none where it threw. */
  transaction<T>(work: () => T): T;
  first(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  run(sql: string, ...values: SQLInputValue[]): { readonly changes: number; readonly lastRowId: number };
  /** May be called again. */
  close(): void;
}

/**
 * Opens the database of the records, makes it where there is none (mode 600, with its folders), and brings an
 * older one up to this version. Several processes may do so at once.
 *
 * `node:sqlite` is only loaded here, since the same bundle runs where there is none.
 *
 * @throws FailureError NODE_TOO_OLD where Node has no SQLite; RECORD_NEWER for a file of a newer version, which stays as it is; STORAGE for one that is
 * damaged, is no database of ours, or cannot be opened.
 */
export async function openDatabase(file: string): Promise<Database> {
  const { DatabaseSync: Connection } = await loadSqlite();
  await createPrivately(file);
  const connection = explained(file, () => new Connection(file, { timeout: busyMilliseconds, enableForeignKeyConstraints: true }));
  try {
    explained(file, () => refuseForeign(connection, file));
    await useWriteAheadLog(connection, file);
    explained(file, () => {
      connection.exec('PRAGMA synchronous = FULL');
      migrate(connection, file);
    });
  } catch (error) {
    connection.close();
    throw error;
  }
  return databaseOf(connection, file);
}

async function loadSqlite() {
  try {
    return await import('node:sqlite');
  } catch (error) {
    throw new FailureError(
      { rule: 'NODE_TOO_OLD', message: `this Node.js (${process.version}) has no SQLite`, remedy: 'run it with Node.js 24 or later' },
      { cause: error },
    );
  }
}

/** SQLite gives the files beside it (`-wal`, `-shm`) the mode of this one. */
async function createPrivately(file: string): Promise<void> {
  try {
    await makeFolder(path.dirname(file));
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && (await stat(file).catch(() => undefined))?.isDirectory() !== true) return;
    throw new FailureError(
      {
        rule: 'STORAGE',
        message: `the database ${file} cannot be made (${errorCode(error) ?? String(error)})`,
        remedy: `make ${path.dirname(file)} a folder that can be written, or name another home with --home`,
      },
      { cause: error },
    );
  }
}

function refuseForeign(connection: DatabaseSync, file: string): void {
  // At one moment: another process may be making it what it is to be.
  connection.exec('BEGIN');
  const version = pragma(connection, 'user_version');
  const application = pragma(connection, 'application_id');
  const tables = connection.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables'];
  connection.exec('COMMIT');
  if (application !== applicationId && (application !== 0 || version !== 0 || tables !== 0)) {
    throw new FailureError({
      rule: 'STORAGE',
      message: `${file} is a database of another program`,
      remedy: 'move it away, or name another home with --home',
    });
  }
  if (version > migrations.length) throw newerDatabase(file, version);
}

function newerDatabase(file: string, version: number): FailureError {
  return new FailureError({
    rule: 'RECORD_NEWER',
    message: `the database ${file} has version ${version}, and this program knows versions up to ${migrations.length}`,
    remedy: 'use the newer version of hybridcore-packer that wrote it',
  });
}

function pragma(connection: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(connection.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/** Changing the journal mode does not wait for others as statements do, so it is tried until it goes through. */
async function useWriteAheadLog(connection: DatabaseSync, file: string): Promise<void> {
  const pause = 25;
  for (let left = busyMilliseconds / pause; ; left -= 1) {
    try {
      const mode = connection.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
      if (mode === 'wal') return;
      throw new FailureError({
        rule: 'STORAGE',
        message: `the file system of ${file} takes no write-ahead log of SQLite (journal mode ${String(mode)})`,
        remedy: 'put the home on a local disk with --home',
      });
    } catch (error) {
      if (left <= 0 || resultCode(error) !== sqliteBusy) throw explanation(file, error);
      await sleep(pause);
    }
  }
}

/** The version is read again inside the transaction: another process may have been here meanwhile. */
function migrate(connection: DatabaseSync, file: string): void {
  if (pragma(connection, 'user_version') === migrations.length) return;
  inTransaction(connection, () => {
    const version = pragma(connection, 'user_version');
    if (version > migrations.length) throw newerDatabase(file, version);
    for (const step of migrations.slice(version)) connection.exec(step);
    connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`);
  });
}

function inTransaction<T>(connection: DatabaseSync, work: () => T): T {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite itself has rolled back after some errors (a full disk).
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

function databaseOf(connection: DatabaseSync, file: string): Database {
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = connection.prepare(sql);
    prepared.set(sql, made);
    return made;
  };
  return {
    file,
    transaction: (work) => explained(file, () => inTransaction(connection, work)),
    first: (sql, ...values) => explained(file, () => statement(sql).get(...values)),
    all: (sql, ...values) => explained(file, () => statement(sql).all(...values)),
    run: (sql, ...values) =>
      explained(file, () => {
        const { changes, lastInsertRowid } = statement(sql).run(...values);
        return { changes: Number(changes), lastRowId: Number(lastInsertRowid) };
      }),
    close() {
      prepared.clear();
      if (connection.isOpen) connection.close();
    },
  };
}

// Primary result codes: https://sqlite.org/rescode.html
const sqliteBusy = 5;
const explanations: Readonly<Record<number, { readonly what: string; readonly remedy: string }>> = {
  [sqliteBusy]: {
    what: `was locked by another process for more than ${busyMilliseconds / 1000} seconds`,
    remedy: 'try again, and look for a process that hangs on it',
  },
  8: { what: 'cannot be written', remedy: 'make the file and its folder writable' },
  10: { what: 'could not be read or written', remedy: 'look after the disk, and try again' },
  11: { what: 'is damaged', remedy: 'move it away and put a backup of it in its place; the objects beside it are untouched' },
  13: { what: 'could not be written: the disk is full', remedy: 'make room, and try again' },
  14: { what: 'cannot be opened', remedy: 'make the file and its folder readable and writable' },
  26: {
    what: 'is damaged, or no database at all',
    remedy: 'move it away and put a backup of it in its place; the objects beside it are untouched',
  },
};

/** SQLite's primary result code of an error; undefined where it is not SQLite's. */
function resultCode(error: unknown): number | undefined {
  return errorCode(error) === 'ERR_SQLITE_ERROR' && error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
}

function explained<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explanation(file, error);
  }
}

/** An error of SQLite in a person's words; any other as it is. */
function explanation(file: string, error: unknown): unknown {
  const known = explanations[resultCode(error) ?? 0];
  if (known === undefined || !(error instanceof Error)) return error;
  return new FailureError(
    { rule: 'STORAGE', message: `the database ${file} ${known.what} (${error.message})`, remedy: known.remedy },
    { cause: error },
  );
}
