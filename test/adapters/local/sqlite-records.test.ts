import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Database, openDatabase } from '../../../adapters/local/sqlite-database.ts';
import { sqliteRecords } from '../../../adapters/local/sqlite-records.ts';
import { recordsContract } from '../../contracts/records.ts';
import { startScript } from '../../fixtures/records/processes.ts';
import { buildIdOf, buildRecord, builderNamed, builderRecord, channelRecord } from '../../fixtures/records.ts';

const temporaryFolder = () => mkdtemp(path.join(tmpdir(), 'sqlite-records-'));

recordsContract('SQLite', async () => {
  const folder = await temporaryFolder();
  const opened: { close(): void }[] = [];
  return {
    async open() {
      const records = sqliteRecords(await openDatabase(path.join(folder, 'state', 'hybridcore.db')));
      opened.push(records);
      return records;
    },
    async remove() {
      for (const records of opened) records.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

describe('the database of the records', () => {
  let folder: string;
  let file: string;
  const opened: Database[] = [];
  const openHere = async () => {
    const database = await openDatabase(file);
    opened.push(database);
    return database;
  };
  /** Changes the file behind the program's back. */
  const tamper = (sql: string) => {
    const connection = new DatabaseSync(file);
    connection.exec(sql);
    connection.close();
  };
  const debian = builderNamed('debian-base');

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = path.join(folder, 'state', 'deep', 'hybridcore.db');
  });
  afterEach(async () => {
    for (const database of opened.splice(0)) database.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is made with its folders, for its user alone, with the write-ahead log', async () => {
    const database = await openHere();
    await sqliteRecords(database).commit([{ type: 'builder', expected: null, document: builderRecord('debian-base') }]);
    for (const name of [file, `${file}-wal`]) expect((await stat(name)).mode & 0o777, name).toBe(0o600);
    expect(database.first('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(database.first('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    expect(database.first('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 });
  });

  it('may be closed twice, and holds what was written when it is opened again', async () => {
    const records = sqliteRecords(await openHere());
    await records.commit([{ type: 'build', expected: null, document: buildRecord(1) }]);
    records.close();
    records.close();
    expect(await sqliteRecords(await openHere()).readBuild(buildIdOf(1))).toEqual(buildRecord(1));
  });

  it('keeps documents as canonical JSON', async () => {
    const database = await openHere();
    await sqliteRecords(database).commit([{ type: 'builder', expected: null, document: builderRecord('debian-base') }]);
    expect(database.first('SELECT document FROM builders')).toEqual({
      document:
        '{"builder":"debian-base","chain_begins":null,"current":null,"last":null,"newest":null,"quarantine":null,"queue":[],"released":null,"schema":"hybridcore-packer/builder/1","version":1}',
    });
  });

  it('of a newer version is refused and stays as it is', async () => {
    (await openHere()).close();
    tamper('PRAGMA user_version = 999; PRAGMA journal_mode = DELETE');
    const before = await readFile(file);
    await expect(openDatabase(file)).rejects.toMatchObject({ failure: { rule: 'RECORD_NEWER', message: expect.stringContaining(file) } });
    expect(await readFile(file)).toEqual(before);
  });

  it('of before there were channels is given them, and keeps what it holds', async () => {
    const older = await openHere();
    await sqliteRecords(older).commit([{ type: 'build', expected: null, document: buildRecord(1) }]);
    older.close();
    tamper('DROP TABLE channels; DROP TABLE schedules; DROP TABLE deletions; PRAGMA user_version = 2');
    const records = sqliteRecords(await openHere());
    expect(await records.readBuild(buildIdOf(1))).toEqual(buildRecord(1));
    const channel = channelRecord('latest');
    expect(await records.commit([{ type: 'channel', expected: null, document: channel }])).toEqual({ committed: true });
    expect((await sqliteRecords(await openHere()).listChannels(debian, { limit: 10 })).items).toEqual([channel]);
  });

  it('of another program is refused and stays as it is', async () => {
    file = path.join(folder, 'other.db');
    tamper('CREATE TABLE theirs (x)');
    const before = await readFile(file);
    await expect(openDatabase(file)).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining('another program') },
    });
    expect(await readFile(file)).toEqual(before);
  });

  it('that is no database is refused by name and stays as it is', async () => {
    file = path.join(folder, 'damaged.db');
    await writeFile(file, 'this is no database, and longer than a header of one hundred bytes'.repeat(20));
    const before = await readFile(file);
    await expect(openDatabase(file)).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining(`${file} is damaged`) },
    });
    expect(await readFile(file)).toEqual(before);
  });

  it('that lost its second half tells so by name', async () => {
    const records = sqliteRecords(await openHere());
    for (let n = 0; n < 40; n += 1) await records.commit([{ type: 'build', expected: null, document: buildRecord(n) }]);
    records.close();
    await truncate(file, Math.floor((await stat(file)).size / 2 / 4096) * 4096);
    const reading = (async () => {
      const damaged = sqliteRecords(await openHere());
      for (let n = 0; n < 40; n += 1) await damaged.readBuild(buildIdOf(n));
      await damaged.listBuilds(debian, { limit: 100 });
    })();
    await expect(reading).rejects.toMatchObject({ failure: { rule: 'STORAGE', message: expect.stringContaining(`${file} is damaged`) } });
  });

  it('that is a folder, or lies below a file, is refused by name', async () => {
    await expect(openDatabase(folder)).rejects.toMatchObject({ failure: { rule: 'STORAGE', message: expect.stringContaining(folder) } });
    await writeFile(path.join(folder, 'plain'), '');
    await expect(openDatabase(path.join(folder, 'plain', 'x.db'))).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining('plain') },
    });
  });

  it.each([
    ['is no JSON', `'{'`],
    ['does not fit its schema', `json_set(document, '$.state', 'baking')`],
    ['has no schema', `json_remove(document, '$.schema')`],
    ['is another build', `json_set(document, '$.build_id', '${buildIdOf(2)}')`],
    ['has another version than its row', `json_set(document, '$.version', 7)`],
  ])('a document that %s is an error with its table and id', async (_, value) => {
    const records = sqliteRecords(await openHere());
    await records.commit([{ type: 'build', expected: null, document: buildRecord(1) }]);
    tamper(`UPDATE builds SET document = ${value}`);
    const damaged = { failure: { rule: 'STORAGE', message: expect.stringMatching(new RegExp(`"${buildIdOf(1)}" in the table builds`)) } };
    await expect(records.readBuild(buildIdOf(1))).rejects.toMatchObject(damaged);
    await expect(records.listBuilds(debian, { limit: 10 })).rejects.toMatchObject(damaged);
  });

  it('open builds are found by an index that holds nothing else', async () => {
    const database = await openHere();
    const queries: string[] = [];
    const records = sqliteRecords({ ...database, all: (sql, ...values) => (queries.push(sql), database.all(sql, ...values)) });
    await records.listOpenBuilds({ limit: 10 });
    const plan = database.all(`EXPLAIN QUERY PLAN ${queries[0] ?? ''}`, '', 1).map((row) => String(row['detail']));
    expect(plan).toEqual([expect.stringContaining('USING INDEX builds_open')]);
  });

  it('opened by several processes at once while it does not exist serves all of them', async () => {
    const scripts = ['a', 'b', 'c'].map((name) => startScript('open-database', [file, name]));
    for (const script of scripts) await script.nextLine();
    for (const script of scripts) script.go();
    expect(await Promise.all(scripts.map((script) => script.end()))).toEqual(scripts.map(() => ['{"committed":true}']));
    expect((await sqliteRecords(await openHere()).listBuilders({ limit: 10 })).items).toHaveLength(3);
  });

  it('waits while another process that opens it first has it locked', async () => {
    file = path.join(folder, 'fresh.db');
    const first = new DatabaseSync(file);
    first.exec('BEGIN IMMEDIATE');
    setTimeout(() => first.exec('COMMIT'), 200);
    expect((await openHere()).first('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    first.close();
  });

  it('several processes that increment one record lose no update', async () => {
    const records = sqliteRecords(await openHere());
    await records.commit([{ type: 'builder', expected: null, document: builderRecord('debian-base') }]);
    const scripts = [1, 2, 3].map(() => startScript('increment', [file, 'debian-base', '25']));
    for (const script of scripts) await script.nextLine();
    for (const script of scripts) script.go();
    const conflicts = await Promise.all(scripts.map((script) => script.end()));
    expect(conflicts.flat()).toHaveLength(3);
    expect(await records.readBuilder(debian)).toMatchObject({ version: 76, released: { reason: '+'.repeat(75) } });
  });

  it('a commit waits while another process holds the database', async () => {
    const database = await openHere();
    const records = sqliteRecords(database);
    const holder = startScript('hold-lock', [file, '1000']);
    expect(await holder.nextLine()).toBe('held');
    expect(await records.commit([{ type: 'builder', expected: null, document: builderRecord('debian-base') }])).toEqual({
      committed: true,
    });
    expect(
      database.all('SELECT name FROM sqlite_schema').map((row) => row['name']),
      'what the other wrote comes first',
    ).toContain('written_by_holder');
    await holder.end();
  });

  it('a process that is killed among its commits leaves both documents of a commit or neither', async () => {
    for (const commits of [1, 20]) {
      const script = startScript('commit-forever', [file]);
      for (let n = 0; n < commits; n += 1) await script.nextLine();
      await script.kill();
      const records = sqliteRecords(await openHere());
      const [build, builder] = [await records.readBuild(buildIdOf(1)), await records.readBuilder(debian)];
      expect(build?.version).toBeGreaterThanOrEqual(commits);
      expect(builder?.version).toBe(build?.version);
      records.close();
      await rm(path.dirname(file), { recursive: true });
    }
  });

  it('the command line can be loaded where there is no SQLite, and only opening needs it', () => {
    const module = path.resolve(import.meta.dirname, '../../../adapters/local');
    const script = `await import('${module}/sqlite-records.ts'); await import('${module}/file-objects.ts'); const { openDatabase } = await import('${module}/sqlite-database.ts'); await openDatabase('${folder}/x.db').catch((error) => console.log(error.failure.rule));`;
    const run = spawnSync(process.execPath, ['--no-experimental-sqlite', '--input-type=module', '-e', script], { encoding: 'utf8' });
    expect({ status: run.status, said: run.stdout.trim() }).toEqual({ status: 0, said: 'NODE_TOO_OLD' });
  });

  it('a commit that meets a full disk fails by name and leaves what was there', async () => {
    const records = sqliteRecords(await openHere());
    await records.commit([{ type: 'build', expected: null, document: buildRecord(1) }]);
    records.close();
    const [said] = await startScript('commit-large', [file], 'ulimit -f 400; exec "$@"').end();
    expect(JSON.parse(said ?? '')).toMatchObject({ rule: 'STORAGE', message: expect.stringContaining(file) });
    const after = sqliteRecords(await openHere());
    expect(await after.readBuild(buildIdOf(1))).toEqual(buildRecord(1));
    expect(await after.readBuild(buildIdOf(2))).toBeUndefined();
    expect(await after.commit([{ type: 'build', expected: null, document: buildRecord(2) }])).toEqual({ committed: true });
  });
});
