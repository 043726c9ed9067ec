import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { makeFolder, removeStaleDrafts, writeDraft, writeFileAtomically } from '../../../adapters/local/atomic-file.ts';
import { errorCode, isAbsence } from '../../../adapters/local/system-error.ts';

describe('a file that is written whole or not at all', () => {
  let folder: string;
  const at = (...names: readonly string[]) => path.join(folder, ...names);
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'atomic-file-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is written with its folders, replaces what stood there, and leaves nothing beside it', async () => {
    await writeFileAtomically(at('a', 'b', 'file'), 'first and long');
    await writeFileAtomically(at('a', 'b', 'file'), new Uint8Array([0, 255]));
    expect(await readFile(at('a', 'b', 'file'))).toEqual(Buffer.from([0, 255]));
    expect(await readdir(at('a', 'b'))).toEqual(['file']);
  });

  it('has the mode that was asked for', async () => {
    await writeFileAtomically(at('private'), 'x', 0o600);
    expect((await stat(at('private'))).mode & 0o777).toBe(0o600);
  });

  it('leaves what stood there, and nothing beside it, where it fails', async () => {
    await mkdir(at('taken'));
    await writeFile(at('taken', 'inside'), 'old');
    await expect(writeFileAtomically(at('taken'), 'new')).rejects.toSatisfy(
      (error) => errorCode(error) === 'EISDIR' || errorCode(error) === 'ENOTEMPTY',
    );
    expect(await readFile(at('taken', 'inside'), 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['taken']);
  });

  it('takes the place of a link and leaves what the link names', async () => {
    await writeFile(at('target'), 'precious');
    await symlink(at('target'), at('link'));
    await writeFileAtomically(at('link'), 'new');
    expect(await readFile(at('target'), 'utf8')).toBe('precious');
    expect(await readFile(at('link'), 'utf8')).toBe('new');
  });

  it('is not there under its name before it is given one, and then only where the name is free', async () => {
    const first = await writeDraft(folder, Buffer.from('first'), 0o644);
    const second = await writeDraft(folder, Buffer.from('second'), 0o644);
    await expect(stat(at('file'))).rejects.toSatisfy(isAbsence);
    expect(first.create(at('file'))).toBe(true);
    expect(second.create(at('file'))).toBe(false);
    await first.discard();
    await second.discard();
    expect(await readFile(at('file'), 'utf8')).toBe('first');
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('a link that leads nowhere is a name that is taken', async () => {
    await symlink(at('nowhere'), at('link'));
    const draft = await writeDraft(folder, Buffer.from('x'), 0o644);
    expect(draft.create(at('link'))).toBe(false);
    await draft.discard();
    expect(await readdir(folder)).toEqual(['link']);
  });

  it('passes over temporary names that another process with the same number left, and over links under them', async () => {
    await writeFile(at('precious'), 'precious');
    const probe = await writeDraft(folder, Buffer.from('x'), 0o644);
    const name = (await readdir(folder)).find((found) => found.endsWith('.tmp')) ?? '';
    await probe.discard();
    const next = Number(/-(\d+)\.tmp$/.exec(name)?.[1]) + 1;
    const taken = [next, next + 1].map((n) => name.replace(/\d+\.tmp$/, `${n}.tmp`));
    await writeFile(at(taken[0] ?? ''), 'of another');
    await symlink(at('precious'), at(taken[1] ?? ''));
    await writeFileAtomically(at('file'), 'mine');
    expect(await readFile(at('file'), 'utf8')).toBe('mine');
    expect(await readFile(at(taken[0] ?? ''), 'utf8')).toBe('of another');
    expect(await readFile(at('precious'), 'utf8')).toBe('precious');
  });

  it('writers that race leave the bytes of one of them', async () => {
    const texts = Array.from({ length: 10 }, (_, n) => `${n}`.repeat(50_000 + n));
    await Promise.all(texts.map((text) => writeFileAtomically(at('file'), text)));
    expect(texts).toContain(await readFile(at('file'), 'utf8'));
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('stale temporary files go, fresh ones and all other files stay', async () => {
    const [stale, fresh] = ['.hybridcore-1-1.tmp', '.hybridcore-1-2.tmp'];
    for (const name of [stale, fresh, 'file', '.hybridcore-notes.tmp']) {
      await writeFile(at(name), 'x');
      await utimes(at(name), 1000, name === fresh ? 3000 : 1000);
    }
    await removeStaleDrafts(folder, 2_000_000);
    expect((await readdir(folder)).sort()).toEqual([fresh, '.hybridcore-notes.tmp', 'file']);
    await removeStaleDrafts(at('no such folder'), 2_000_000);
  });

  it('folders are made down to the one that is asked for, and being there is no error', async () => {
    await makeFolder(at('a', 'b', 'c'));
    await makeFolder(at('a', 'b', 'c'));
    expect((await stat(at('a', 'b', 'c'))).isDirectory()).toBe(true);
  });
});
