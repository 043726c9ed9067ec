import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { fileKeptObjects } from '../../../adapters/local/kept-objects.ts';
import { fileObjects } from '../../../adapters/local/file-objects.ts';
import { type Database, openDatabase } from '../../../adapters/local/sqlite-database.ts';
import { keys } from '../../../core/contract/keys.ts';
import { digestOf } from '../../../core/digest.ts';
import { allPages } from '../../../core/pages.ts';
import { type Deletion, type KeptObject, type KeptObjects, type Objects } from '../../../core/ports.ts';
import { buildIdOf, builderNamed, tagsWith } from '../../fixtures/records.ts';

const [build, builder] = [buildIdOf(1), builderNamed('debian-base')];
const log = keys.log(builder, build, 1);
const result = keys.result(builder, build);
const bytes = (text: string) => new TextEncoder().encode(text);

let home: string;
let database: Database;
let objects: Objects & { close(): void };
let kept: KeptObjects;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kept-objects-'));
  database = await openDatabase(join(home, 'state', 'hybridcore.db'));
  objects = await fileObjects(home, database, () => 0);
  kept = await fileKeptObjects(home, database);
  await objects.create(log, bytes('a log'), tagsWith({ kind: 'log' }));
  await objects.create(result, bytes('a result'), tagsWith());
});
afterEach(async () => {
  objects.close();
  await rm(home, { recursive: true, force: true });
});

const logObject: KeptObject = { key: log, tags: tagsWith({ kind: 'log' }), digest: digestOf('a log'), size: 5 };
const resultObject: KeptObject = { key: result, tags: tagsWith(), digest: digestOf('a result'), size: 8 };
const deletion = (object: KeptObject, by = 'tester'): Deletion => ({
  ...object,
  at: '2026-11-25T10:00:00.000Z',
  by,
  policy_digest: digestOf('x'),
});
const left = () => allPages((page) => kept.listKept({ ...page, limit: 1 }));
const deletions = () => allPages((page) => kept.listDeletions({ ...page, limit: 1 }));

it('lists what was written, by key, and what was deleted, in that order, page by page', async () => {
  expect(await left()).toEqual([logObject, resultObject]);
  expect(await kept.remove(deletion(resultObject))).toBe('removed');
  expect(await kept.remove(deletion(logObject))).toBe('removed');
  expect(await left()).toEqual([]);
  expect(await deletions()).toEqual([deletion(resultObject), deletion(logObject)]);
  expect(await objects.read(log, { bytes: 10 })).toEqual({ state: 'absent' });
});

it('finds one by its key, as it was written, whatever stands there now', async () => {
  await chmod(join(home, log), 0o644);
  await writeFile(join(home, log), 'another');
  expect(await kept.findKept(log)).toEqual(logObject);
  expect(await kept.findKept(keys.log(builder, build, 2))).toBeUndefined();
});

it("removes a build's folder with its last file, and none that others write into", async () => {
  await kept.remove(deletion(logObject));
  await expect(stat(join(home, 'state/packer/logs', builder, build))).rejects.toThrow(/ENOENT/);
  await kept.remove(deletion(resultObject));
  expect((await stat(join(home, 'state/packer/results', builder))).isDirectory()).toBe(true);
});

it('leaves what is not what was written: other bytes, a folder, a link', async () => {
  const file = join(home, result);
  await chmod(file, 0o644);
  await writeFile(file, 'another');
  expect(await kept.remove(deletion(resultObject))).toBe('altered');
  await rm(file);
  await mkdir(file);
  expect(await kept.remove(deletion(resultObject))).toBe('altered');
  await rm(file, { recursive: true });
  await symlink('/etc/passwd', file);
  expect(await kept.remove(deletion(resultObject))).toBe('altered');
  expect(await left()).toEqual([logObject, resultObject]);
  expect(await deletions()).toEqual([]);
});

it('never goes through a folder that is a link', async () => {
  await rm(join(home, 'state/packer/results', builder), { recursive: true });
  await symlink(home, join(home, 'state/packer/results', builder));
  await expect(kept.remove(deletion(resultObject))).rejects.toThrow(/is a link/);
});

it('does not claim to have deleted what somebody else did, and forgets its tags', async () => {
  await rm(join(home, result));
  expect(await kept.remove(deletion(resultObject))).toBe('absent');
  expect(await deletions()).toEqual([]);
  expect(await left()).toEqual([logObject]);
});

it('finishes a deletion that was cut off after its file had gone, as who began it', async () => {
  const crashing: Database = {
    ...database,
    transaction: () => {
      throw new Error('crash');
    },
  };
  const interrupted = await fileKeptObjects(home, crashing);
  await expect(interrupted.remove(deletion(resultObject, 'the first'))).rejects.toThrow('crash');
  expect(await objects.read(result, { bytes: 10 })).toEqual({ state: 'absent' });
  expect(await deletions()).toEqual([]);
  expect(await left()).toEqual([logObject, resultObject]);
  expect(await kept.remove(deletion(resultObject, 'the second'))).toBe('removed');
  expect(await deletions()).toEqual([deletion(resultObject, 'the first')]);
});
