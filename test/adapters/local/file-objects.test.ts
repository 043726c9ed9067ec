import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { namesIn } from '../../../adapters/local/atomic-file.ts';
import { fileObjects } from '../../../adapters/local/file-objects.ts';
import { objectTags } from '../../../adapters/local/object-tags.ts';
import { readPlainFile } from '../../../adapters/local/plain-file.ts';
import { type Database, openDatabase } from '../../../adapters/local/sqlite-database.ts';
import { digestOf } from '../../../core/digest.ts';
import { type Objects } from '../../../core/ports.ts';
import { longObjectsContract } from '../../contracts/long-objects.ts';
import { objectsContract } from '../../contracts/objects.ts';
import { startScript } from '../../fixtures/records/processes.ts';
import { runNamed, someTime, tagsWith } from '../../fixtures/records.ts';

/** Without links: on macOS the folder for temporary files is behind one. */
const temporaryFolder = async () => realpath(await mkdtemp(path.join(tmpdir(), 'file-objects-')));
const day = 86_400_000;
const bytes = (text: string) => new TextEncoder().encode(text);

/** A full disk needs a disk of its own, which Linux gives to any user where user namespaces are on. */
const canMount =
  spawnSync('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', tmpdir()]).status === 0;

longObjectsContract('a folder', async () => {
  const home = await temporaryFolder();
  const objects = await fileObjects(home, await openDatabase(path.join(home, 'state', 'hybridcore.db')), () => someTime);
  return {
    objects,
    async remove() {
      expect(await namesIn(path.join(home, 'state'))).not.toContainEqual(expect.stringMatching(/\.tmp$/));
      objects.close();
      await rm(home, { recursive: true, force: true });
    },
  };
});

objectsContract('a folder', async () => {
  const home = await temporaryFolder();
  const opened: { close(): void }[] = [];
  return {
    async open() {
      const objects = await fileObjects(home, await openDatabase(path.join(home, 'state', 'hybridcore.db')), () => someTime);
      opened.push(objects);
      return objects;
    },
    async remove() {
      for (const objects of opened) objects.close();
      await rm(home, { recursive: true, force: true });
    },
  };
});

describe('objects in a folder', () => {
  let home: string;
  let elsewhere: string;
  let database: Database;
  let objects: Objects;
  const at = (...names: readonly string[]) => path.join(home, ...names);
  const databaseFile = () => at('state', 'hybridcore.db');
  const openLater = (later: number) => fileObjects(home, database, () => someTime + later);
  /** Every file below the home but the records', with temporary ones. */
  const filesBelow = async () =>
    (await readdir(home, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && !entry.name.startsWith('hybridcore.db'))
      .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)))
      .sort();

  beforeEach(async () => {
    home = await temporaryFolder();
    elsewhere = await temporaryFolder();
    database = await openDatabase(databaseFile());
    objects = await fileObjects(home, database, () => someTime);
  });
  afterEach(async () => {
    database.close();
    for (const folder of [home, elsewhere]) await rm(folder, { recursive: true, force: true });
  });

  describe('where keys lie', () => {
    it('an object is the file of its key, sealed ones read-only, and nothing is left beside it', async () => {
      await objects.create('artifacts/p/1.hash.json', bytes('sealed'), tagsWith());
      await objects.create('artifacts/p/1.hash.json', bytes('other'), tagsWith());
      await objects.replace('artifacts/p.hash.json', bytes('newest'), tagsWith(), null);
      expect(await readFile(at('artifacts', 'p', '1.hash.json'), 'utf8')).toBe('sealed');
      expect((await stat(at('artifacts', 'p', '1.hash.json'))).mode & 0o222).toBe(0);
      expect((await stat(at('artifacts', 'p.hash.json'))).mode & 0o200).toBe(0o200);
      expect(await filesBelow()).toEqual(['artifacts/p.hash.json', 'artifacts/p/1.hash.json']);
    });

    it('the records, temporary files and what is no plain file are not listed', async () => {
      await objects.create('artifacts/p', bytes('x'), tagsWith());
      for (const name of [
        'state/build-service/run',
        'state/packer/.hybridcore-1-1.tmp',
        'artifacts/.DS_Store',
        'artifacts/my notes',
        'images/x',
      ]) {
        await mkdir(path.dirname(at(name)), { recursive: true });
        await writeFile(at(name), 'x');
      }
      await symlink(at('artifacts', 'p'), at('artifacts', 'linked-file'));
      await symlink(at('images'), at('artifacts', 'linked-folder'));
      expect((await objects.list('', { limit: 100 })).items).toEqual(['artifacts/p']);
      expect((await objects.list('state/', { limit: 100 })).items).toEqual([]);
    });

    it('a folder that is a link is never passed, wherever it leads', async () => {
      await writeFile(path.join(elsewhere, 'file'), 'precious');
      await mkdir(at('artifacts'));
      await mkdir(at('incoming'));
      await symlink(elsewhere, at('artifacts', 'out'));
      await symlink(elsewhere, at('diag'));
      await symlink(elsewhere, at('incoming', 'arn:x'));
      for (const key of ['artifacts/out/file', 'diag/file', 'artifacts/out/deep/file']) {
        expect(await objects.read(key, { bytes: 100 })).toEqual({ state: 'not-a-file' });
        expect(await objects.tags(key)).toBeUndefined();
        const refusal = { failure: { rule: 'STORAGE', message: expect.stringContaining('is a link') } };
        await expect(objects.create(key, bytes('x'), tagsWith())).rejects.toMatchObject(refusal);
        await expect(objects.replace(key, bytes('x'), tagsWith(), null)).rejects.toMatchObject(refusal);
      }
      await expect(objects.removeRun(runNamed('arn:x/file'))).rejects.toMatchObject({ failure: { rule: 'STORAGE' } });
      expect(await objects.list('', { limit: 100 })).toEqual({ items: [] });
      await objects.removeRun(runNamed('arn:x'));
      expect(await readdir(at('incoming'))).toEqual([]);
      expect(await readdir(elsewhere)).toEqual(['file']);
      expect(await readFile(path.join(elsewhere, 'file'), 'utf8')).toBe('precious');
    });

    it('links, folders, pipes and sockets under a key are not files, and reading them neither follows nor waits', async () => {
      await writeFile(path.join(elsewhere, 'file'), 'precious');
      await mkdir(at('incoming', 'r', 'folder'), { recursive: true });
      await symlink(path.join(elsewhere, 'file'), at('incoming', 'r', 'link'));
      await symlink('nowhere', at('incoming', 'r', 'dangling'));
      expect(spawnSync('mkfifo', [at('incoming', 'r', 'pipe')]).status).toBe(0);
      const server = createServer().listen(at('incoming', 'r', 'socket'));
      await new Promise((resolve) => server.once('listening', resolve));
      for (const name of ['folder', 'link', 'dangling', 'pipe', 'socket']) {
        const key = `incoming/r/${name}`;
        expect(await objects.read(key, { bytes: 100 }), name).toEqual({ state: 'not-a-file' });
        expect(await objects.tags(key), name).toBeUndefined();
        await expect(objects.create(key, bytes('x'), tagsWith()), name).rejects.toMatchObject({
          failure: { rule: 'STORAGE', message: expect.stringContaining(key) },
        });
      }
      server.close();
      expect((await objects.list('incoming/', { limit: 100 })).items).toEqual([]);
      expect(await readFile(path.join(elsewhere, 'file'), 'utf8')).toBe('precious');
    });

    it('a key below a file is absent, and cannot be written', async () => {
      await objects.create('artifacts/p', bytes('x'), tagsWith());
      expect(await objects.read('artifacts/p/1', { bytes: 10 })).toEqual({ state: 'absent' });
      await expect(objects.create('artifacts/p/1', bytes('x'), tagsWith())).rejects.toMatchObject({
        failure: { rule: 'STORAGE', message: expect.stringContaining('artifacts/p/1') },
      });
    });

    it.runIf(process.platform === 'linux')(
      'a file that holds more than its size said when it was opened is read to its end, or found too large',
      async () => {
        const whole = await readFile('/proc/self/maps');
        expect((await stat('/proc/self/maps')).size).toBe(0);
        expect(await readPlainFile('/proc/self/maps', 500)).toEqual({ state: 'too-large', size: 501 });
        const read = await readPlainFile('/proc/self/maps', 10_000_000);
        expect(read.state === 'read' && read.content.length).toBeGreaterThan(whole.length / 2);
      },
    );

    it('a home that is a file is refused by name', async () => {
      await writeFile(path.join(elsewhere, 'file'), 'x');
      await expect(fileObjects(path.join(elsewhere, 'file'), database, () => someTime)).rejects.toMatchObject({
        failure: { rule: 'STORAGE', message: expect.stringContaining(elsewhere) },
      });
    });
  });

  describe('tags over a crash', () => {
    const write = { key: 'artifacts/p.json', size: 3, at: someTime };
    const old = { ...write, digest: digestOf('old'), tags: tagsWith({ retention: 'old' }) };
    const fresh = { ...write, digest: digestOf('new'), tags: tagsWith({ retention: 'new' }) };

    it('before the file had its name: there are no tags, and the next writer sets its own', async () => {
      objectTags(database).intend(old);
      expect(await objects.tags(write.key)).toBeUndefined();
      expect(await objects.create(write.key, bytes('old'), fresh.tags)).toBe('created');
      expect(await objects.tags(write.key)).toEqual(fresh.tags);
    });

    it('after the file had its name: the tags are those that were intended, also once it is created again', async () => {
      objectTags(database).intend(old);
      objectTags(database).intend(fresh);
      await mkdir(at('artifacts'), { recursive: true });
      await writeFile(at(write.key), 'old');
      expect(await objects.tags(write.key)).toEqual(old.tags);
      expect(await objects.create(write.key, bytes('new'), fresh.tags)).toBe('different');
      expect(await objects.tags(write.key)).toEqual(old.tags);
      expect(await objects.create(write.key, bytes('old'), old.tags)).toBe('same');
      expect(await objects.tags(write.key)).toEqual(old.tags);
    });

    it('before and after a replaced file: the tags are those of the bytes that stand', async () => {
      await objects.replace(write.key, bytes('old'), old.tags, null);
      objectTags(database).intend(fresh);
      expect(await objects.tags(write.key)).toEqual(old.tags);
      await writeFile(at(write.key), 'new');
      expect(await objects.tags(write.key)).toEqual(fresh.tags);
    });

    it.each(['create', 'replace'] as const)(
      'between the name that %s gives and its confirmation: the tags are those of the bytes that stand',
      async (operation) => {
        await objects.replace('artifacts/q.json', bytes('old'), old.tags, null);
        const failing: Database = {
          ...database,
          transaction: (work) =>
            database.transaction(() => {
              work();
              throw new Error('the power went');
            }),
        };
        const crashing = await fileObjects(home, failing, () => someTime);
        const key = operation === 'create' ? 'artifacts/p.json' : 'artifacts/q.json';
        await expect(crashing[operation](key, bytes('new'), fresh.tags, bytes('old'))).rejects.toThrow('the power went');
        expect(await readFile(at(key), 'utf8')).toBe('new');
        expect(await objects.tags(key)).toEqual(fresh.tags);
      },
    );

    it('a file that came without tags gets those of whoever creates the same', async () => {
      await mkdir(at('artifacts'), { recursive: true });
      await writeFile(at(write.key), 'new');
      expect(await objects.tags(write.key)).toBeUndefined();
      expect(await objects.create(write.key, bytes('new'), fresh.tags)).toBe('same');
      expect(await objects.tags(write.key)).toEqual(fresh.tags);
    });

    it('a file that a person removed has no tags, and can be created anew with others', async () => {
      await objects.create(write.key, bytes('old'), old.tags);
      await unlink(at(write.key));
      expect(await objects.tags(write.key)).toBeUndefined();
      expect(await objects.create(write.key, bytes('new'), fresh.tags)).toBe('created');
      expect(await objects.tags(write.key)).toEqual(fresh.tags);
    });

    it('what was left open more than a day ago is settled at the next start, what is younger is not', async () => {
      const pending = () =>
        database.all('SELECT key, retention FROM objects WHERE pending = 1 ORDER BY id').map((row) => String(row['retention']));
      await mkdir(at('artifacts'), { recursive: true });
      await writeFile(at(write.key), 'new');
      objectTags(database).intend(old);
      objectTags(database).intend(fresh);
      objectTags(database).intend({ ...old, key: 'artifacts/young', at: someTime + 60_000 });
      await openLater(day);
      expect(pending()).toEqual(['old', 'new', 'old']);
      await openLater(day + 1);
      expect(pending()).toEqual(['old']);
      expect(await objects.tags(write.key)).toEqual(fresh.tags);
    });

    it('no write leaves rows behind', async () => {
      for (const [text, standing] of [
        ['one', null],
        ['two', 'one'],
        ['three', 'one'],
      ] as const)
        await objects.replace('artifacts/p.json', bytes(text), tagsWith(), standing === null ? null : bytes(standing));
      for (const text of ['one', 'one', 'two']) await objects.create('artifacts/p', bytes(text), tagsWith());
      expect(database.all('SELECT key, pending, digest, size, written_at FROM objects ORDER BY key')).toEqual([
        { key: 'artifacts/p', pending: 0, digest: digestOf('one'), size: 3, written_at: someTime },
        { key: 'artifacts/p.json', pending: 0, digest: digestOf('two'), size: 3, written_at: someTime },
      ]);
    });
  });

  it('temporary files that a killed writer left more than a day ago go at the next start', async () => {
    for (const [name, age] of [
      ['.hybridcore-1-1.tmp', day + 1000],
      ['.hybridcore-1-2.tmp', day - 1000],
    ] as const) {
      await mkdir(at('artifacts'), { recursive: true });
      await writeFile(at('artifacts', name), 'x');
      await utimes(at('artifacts', name), (someTime - age) / 1000, (someTime - age) / 1000);
    }
    await openLater(0);
    expect(await filesBelow()).toEqual(['artifacts/.hybridcore-1-2.tmp']);
  });

  describe('with other processes', () => {
    it('of creators that race one wins, with its bytes and its tags', async () => {
      const names = ['first', 'second', 'third'];
      for (const name of names) await writeFile(path.join(elsewhere, name), name.repeat(50_000));
      const scripts = names.map((name) => startScript('create', [home, databaseFile(), 'artifacts/p', path.join(elsewhere, name), name]));
      for (const script of scripts) await script.nextLine();
      for (const script of scripts) script.go();
      const answers = (await Promise.all(scripts.map((script) => script.end()))).flat();
      expect([...answers].sort()).toEqual(['created', 'different', 'different']);
      const winner = names[answers.indexOf('created')] ?? '';
      expect(await readFile(at('artifacts', 'p'), 'utf8')).toBe(winner.repeat(50_000));
      expect(await objects.tags('artifacts/p')).toEqual(tagsWith({ retention: winner }));
    });

    it('a writer that is killed among its writes leaves whole objects only, each with its tags', async () => {
      for (const writes of [2, 9]) {
        const script = startScript('write-forever', [home, databaseFile()]);
        for (let n = 0; n < writes; n += 1) await script.nextLine();
        await script.kill();
        const listed = (await objects.list('', { limit: 1000 })).items;
        expect(listed.length).toBeGreaterThan(writes);
        for (const key of listed) {
          const read = await objects.read(key, { bytes: 400_000 });
          const text = read.state === 'read' ? new TextDecoder().decode(read.content) : read.state;
          expect(text === text.charAt(0).repeat(300_000), `${key} is whole`).toBe(true);
          expect((await objects.tags(key))?.retention, key).toBe(text.charAt(0));
        }
        await rm(at('artifacts'), { recursive: true });
      }
    });

    /** Lets another process try to create half a megabyte under `artifacts/p`, under the conditions of a line of `sh`. */
    const createLarge = async (shell: string): Promise<unknown> => {
      await mkdir(at('artifacts'), { recursive: true });
      await writeFile(path.join(elsewhere, 'large'), Buffer.alloc(500_000, 'x'));
      const script = startScript('create', [home, databaseFile(), 'artifacts/p', path.join(elsewhere, 'large'), 'standard'], shell);
      await script.nextLine();
      script.go();
      const [said] = await script.end();
      expect(await objects.tags('artifacts/p')).toBeUndefined();
      expect(await objects.create('artifacts/p', bytes('x'), tagsWith())).toBe('created');
      return JSON.parse(said ?? '');
    };

    it('a write beyond the limit for file sizes leaves nothing under its key and fails by name', async () => {
      expect(await createLarge('ulimit -f 200; exec "$@"')).toEqual({
        failure: {
          rule: 'STORAGE',
          message: expect.stringMatching(/artifacts\/p .* larger than the system lets/),
          remedy: expect.stringContaining('ulimit'),
        },
        left: [],
      });
    });

    it.runIf(canMount)('a write that meets a full disk leaves nothing under its key and fails by name', async () => {
      const tinyDisk = `exec unshare --map-root-user --mount sh -c 'mount -t tmpfs -o size=64k tmpfs "$3/artifacts" && exec "$@"' sh "$@"`;
      expect(await createLarge(tinyDisk)).toEqual({
        failure: {
          rule: 'STORAGE',
          message: expect.stringMatching(/artifacts\/p .* disk is full/),
          remedy: expect.stringContaining('room'),
        },
        left: [],
      });
    });
  });
});
