import { chmod, link, mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { outputFile } from '../../../adapters/local/output-file.ts';
import { FailureError } from '../../../core/failure-error.ts';

const sealed = 'artifacts/base/01J9Z3K4M5N6P7Q8R9S0T1V2W3.hash.json';
let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'output-file-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['home/artifacts/base', 'home/state', 'home/diag', 'elsewhere/artifacts']) {
    await mkdir(path.join(folder, name), { recursive: true });
  }
  await writeFile(path.join(folder, 'home/state/hybridcore.db'), 'records');
  await writeFile(path.join(folder, 'home', sealed), 'sealed', { mode: 0o444 });
});

async function write(file: string): Promise<string> {
  const named = await outputFile('--output', file, folder);
  const written = named.ok ? await named.value.write('new') : named;
  return written.ok ? 'written' : `${written.failure.rule}: ${written.failure.message}`;
}

describe('a file that a person names for a command to write', () => {
  it.each([
    ['a sealed object', `home/${sealed}`],
    ['a place for a new object', 'home/diag/new.tar.gz'],
    ['the records', 'home/state/hybridcore.db'],
    ['a place beside the records', 'home/state/x'],
    ['the name of a folder that the home has not made yet', 'home/incoming'],
    ['a way round', `elsewhere/../home/artifacts/../${sealed}`],
  ])('is refused where it is of a home: %s', async (_, file) => {
    expect(await write(file)).toMatch(/^USAGE: --output ".*" lies among what hybridcore-packer keeps in the home .*\/home: /);
    expect(await readFile(path.join(folder, 'home', sealed), 'utf8')).toBe('sealed');
    expect(await readdir(path.join(folder, 'home/diag'))).toEqual([]);
  });

  it('is refused where a link leads into a home, be it the file or a folder above it', async () => {
    await symlink(path.join(folder, 'home', sealed), path.join(folder, 'link.json'));
    await symlink(path.join(folder, 'home/artifacts'), path.join(folder, 'images'));
    for (const file of ['link.json', 'images/base/new.json']) expect(await write(file)).toContain('keeps in the home');
  });

  it('leaves a sealed object as it is that has another name outside', async () => {
    await link(path.join(folder, 'home', sealed), path.join(folder, 'second.json'));
    expect(await write('second.json')).toBe('written');
    expect(await readFile(path.join(folder, 'home', sealed), 'utf8')).toBe('sealed');
  });

  it.each(['new.json', 'home/new.json', 'home/artifacts.json', 'elsewhere/artifacts/new.json'])(
    'is written where it is of none: %s',
    async (file) => {
      expect(await write(file)).toBe('written');
      expect(await readFile(path.join(folder, file), 'utf8')).toBe('new');
    },
  );

  it('is written where a link leads, which stays', async () => {
    await writeFile(path.join(folder, 'old.json'), 'old');
    await symlink('old.json', path.join(folder, 'link.json'));
    expect(await write('link.json')).toBe('written');
    expect(await readFile(path.join(folder, 'old.json'), 'utf8')).toBe('new');
  });

  it('is written into where it is a device', async () => {
    expect(await write('/dev/null')).toBe('written');
    expect(await readFile('/dev/null', 'utf8')).toBe('');
  });

  it.each([
    ['.', 'is a folder'],
    ['elsewhere', 'is a folder'],
    ['new/', 'is a folder'],
    ['missing/new.json', 'there is no folder'],
    [`home/${sealed}/new.json`, 'there is no folder'],
    [`${'n'.repeat(300)}.json`, 'the name is too long'],
  ])('is refused with what is wrong where it is none: %s', async (file, why) => {
    expect(await write(file)).toMatch(/^USAGE: --output/);
    expect(await write(file)).toContain(why);
  });

  it('is refused where this user may not write', async () => {
    await chmod(path.join(folder, 'elsewhere'), 0o555);
    await chmod(folder, 0o755);
    // Nothing is forbidden to root.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.('nobody');
    try {
      expect(await write('elsewhere/new.json')).toContain('this user may not write there');
    } finally {
      if (isRoot) process.seteuid?.('root');
    }
  });

  it.skipIf(process.platform !== 'linux')('fails as storage where the disk is full', async () => {
    const full = await outputFile('--output', '/dev/full', folder);
    await expect(full.ok ? full.value.write('new') : undefined).rejects.toThrow(FailureError);
  });
});
