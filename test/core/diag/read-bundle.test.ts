import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { gzip } from '../../../adapters/local/gzip.ts';
import { tarArchive } from '../../../adapters/local/tar-archive.ts';
import { DiagIndex, DiagTimeline } from '../../../core/diag/bundle-documents.ts';
import { bundleLimits } from '../../../core/diag/bundle-limits.ts';
import { documentIn, readBundle } from '../../../core/diag/read-bundle.ts';
import { type ArchivedFile } from '../../../core/ports.ts';
import { dispatcher } from '../../fixtures/dispatcher.ts';
import { ended, packed, reading, running } from './bundles.ts';

const encoder = new TextEncoder();
let whole: Uint8Array;
let files: readonly ArchivedFile[] = [];

/** A bundle that is made anew of the files of a real one, changed. */
async function remade(change: (files: readonly ArchivedFile[]) => readonly ArchivedFile[]): Promise<Uint8Array> {
  return gzip.compress(await tarArchive.pack(change(files)));
}

/** One file of the bundle, with other bytes. */
const withFile = (path: string, change: (text: string) => string) => (all: readonly ArchivedFile[]) =>
  all.map((file) => (file.path === path ? { path, content: encoder.encode(change(new TextDecoder().decode(file.content))) } : file));

async function read(content: Uint8Array) {
  const bundle = await readBundle(reading, content);
  return bundle.ok ? { rule: 'none', evidence: [], message: '' } : { evidence: [], ...bundle.failure };
}

describe('a diag bundle from elsewhere', () => {
  // One build for all: none of these changes it.
  beforeEach(async () => {
    if (files.length > 0) return;
    const home = await dispatcher();
    const id = await running(home);
    await ended(home, id);
    whole = (await packed(home, id)).content;
    const entries = await tarArchive.unpack(gzip.expand(whole, { bytes: bundleLimits.expanded }) ?? new Uint8Array(), { entries: 100 });
    files = (entries ?? []).map(({ path, content }) => ({ path, content: content ?? new Uint8Array() }));
  });

  it('is read where each file is what its index says', async () => {
    const bundle = await readBundle(reading, whole);
    expect(bundle.ok && [...bundle.value.files.keys()]).toEqual(bundle.ok && bundle.value.index.files.map(({ path }) => path));
    expect(bundle.ok && documentIn(bundle.value, 'timeline.json', DiagTimeline).ok).toBe(true);
    expect(bundle.ok && documentIn(bundle.value, 'versions.json', DiagTimeline)).toMatchObject({
      ok: false,
      failure: { rule: 'BUNDLE_INVALID', message: expect.stringContaining('its versions.json does not fit its schema') as string },
    });
  });

  it('of which any file was changed is a violation that names the file', async () => {
    expect(files.length).toBeGreaterThan(8);
    for (const { path } of files.filter((file) => file.path !== 'index.json')) {
      const told = await read(await remade(withFile(path, (text) => `${text} `)));
      expect([told.rule, told.evidence.length]).toEqual(['BUNDLE_TAMPERED', 1]);
      expect(told.message).toContain(`${JSON.stringify(path)} was changed`);
    }
  });

  it.each([
    ['lacks a file', (all: readonly ArchivedFile[]) => all.filter(({ path }) => path !== 'summary.json'), '"summary.json" is missing'],
    [
      'has one more',
      (all: readonly ArchivedFile[]) => [...all, { path: 'more.json', content: encoder.encode('{}') }],
      '"more.json" is not in the index',
    ],
    [
      'has one twice',
      (all: readonly ArchivedFile[]) => [...all, ...all.filter(({ path }) => path === 'result.json')],
      '"result.json" is in it more than once',
    ],
    [
      'has a second index',
      (all: readonly ArchivedFile[]) => [...all, ...all.filter(({ path }) => path === 'index.json')],
      '"index.json" is in it more than once',
    ],
    [
      'has a name that leads out',
      (all: readonly ArchivedFile[]) => [...all, { path: '../../etc/cron.d/x', content: encoder.encode('') }],
      '"../../etc/cron.d/x" is not in the index',
    ],
    [
      'has an absolute name',
      (all: readonly ArchivedFile[]) => [...all, { path: '/etc/cron.d/x', content: encoder.encode('') }],
      '"/etc/cron.d/x" is not in the index',
    ],
  ])('that %s is a violation', async (_, change, fault) => {
    expect(await read(await remade(change))).toMatchObject({ rule: 'BUNDLE_TAMPERED', evidence: [fault] });
  });

  it('that another program packed anew is read, and is a violation where a file became a link', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    for (const { path, content } of files) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const byTar = () => spawnSync('tar', ['-cz', '-C', folder, ...files.map(({ path }) => path)], { maxBuffer: 64 * 1024 * 1024 }).stdout;
    expect(await read(byTar())).toMatchObject({ rule: 'none' });
    await rm(join(folder, 'result.json'));
    await symlink('summary.json', join(folder, 'result.json'));
    expect(await read(byTar())).toMatchObject({ rule: 'BUNDLE_TAMPERED', evidence: ['"result.json" is no plain file'] });
  });

  it.each([
    [
      'a name that leads out',
      (index: DiagIndex) => ({ ...index, files: index.files.map((file) => ({ ...file, path: `../${file.path}` })) }),
    ],
    ['a newer schema', (index: DiagIndex) => ({ ...index, schema: 'hybridcore-packer/diag/2' })],
    ['a field that nobody knows', (index: DiagIndex) => ({ ...index, more: 1 })],
  ])('whose index has %s is none', async (_, change) => {
    const content = await remade(withFile('index.json', (text) => JSON.stringify(change(DiagIndex.parse(JSON.parse(text))))));
    expect(await read(content)).toMatchObject({
      rule: 'BUNDLE_INVALID',
      message: expect.stringContaining('index.json does not fit its schema') as string,
    });
  });

  it('without an index, or with one that is no JSON, is none', async () => {
    expect(await read(await remade((all) => all.filter(({ path }) => path !== 'index.json')))).toMatchObject({ rule: 'BUNDLE_INVALID' });
    expect(await read(await remade(withFile('index.json', () => '{')))).toMatchObject({ rule: 'BUNDLE_INVALID' });
  });

  it('that was cut off at any place is none', async () => {
    for (let length = 0; length < whole.length; length += Math.ceil(whole.length / 40))
      expect((await read(whole.subarray(0, length))).rule, `${length} bytes`).toBe('BUNDLE_INVALID');
    expect((await read(whole.subarray(0, -1))).rule).toBe('BUNDLE_INVALID');
  });

  it('that is something else is none', async () => {
    for (const other of ['', 'plain text', '{}']) expect((await read(encoder.encode(other))).rule).toBe('BUNDLE_INVALID');
    expect((await read(gzipSync('plain text'))).rule).toBe('BUNDLE_INVALID');
    expect((await read(gzipSync(randomBytes(4096)))).rule).toBe('BUNDLE_INVALID');
  });

  it('that would expand to very much, or has very many files, is none', async () => {
    const member = gzipSync(new Uint8Array(8 * 1024 * 1024));
    const bomb = Buffer.concat(Array.from({ length: bundleLimits.expanded / (8 * 1024 * 1024) + 1 }, () => member));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    expect(await read(bomb)).toMatchObject({ rule: 'BUNDLE_INVALID', message: expect.stringContaining('holds more than') as string });
    const many = Array.from({ length: 10_000 }, (_, n) => ({ path: `file-${n}.json`, content: new Uint8Array() }));
    expect(await read(await remade((all) => [...all, ...many]))).toMatchObject({
      rule: 'BUNDLE_INVALID',
      message: expect.stringContaining('entries') as string,
    });
  });
});
