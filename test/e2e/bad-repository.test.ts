import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { Result } from '../../core/result.ts';
import { type Ended, type Rig, fileTemplate, rig } from '../fixtures/rig.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'hybridcore-packer.mjs');
const files = {
  'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: base, inputs: { configs: ["files/**"] } }\n',
  'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
  'base/run.sh': '#!/bin/sh\ntrue\n',
  'files/in/motd': 'hello\n',
};

/** What a person is told: the rule, where, what to do; never where in this program. */
function expectTold(ended: Pick<Ended, 'code' | 'stdout' | 'stderr'>, rule: string, message: RegExp): void {
  expect(ended.stderr).toMatch(new RegExp(`^${rule} \\(exit code 1\\): `));
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).toContain('  next: ');
  expect(ended.stderr).not.toContain('    at ');
  expect([ended.code, ended.stdout]).toEqual([1, '']);
}

describe('a hybridcore.yaml that is no file', () => {
  it.each<[string, (file: string) => void, RegExp]>([
    ['a link to itself', (file) => symlinkSync('hybridcore.yaml', file), /its links go in a circle/],
    ['a link that leads nowhere', (file) => symlinkSync('nowhere', file), /it is not there/],
    ['a FIFO', (file) => void execFileSync('mkfifo', [file]), /it is no file/],
    ['a folder', (file) => mkdirSync(file), /it is no file/],
  ])('%s: is told of, and the one in a folder above does not take its place', async (_, make, why) => {
    const images = await rig({ ...files, 'sub/here': '' });
    make(join(images.root, 'sub/hybridcore.yaml'));
    for (const words of [['inputs', 'base'], ['status']]) {
      const ended = await images.start(words, { folder: join(images.root, 'sub') }).ended;
      expectTold(ended, 'CONFIG_INVALID', why);
      expect(ended.stderr).toContain('sub/hybridcore.yaml');
    }
  });
});

describe('a folder to work in', () => {
  it('that is gone is told of', async () => {
    const images = await rig({ ...files, 'sub/here': '' });
    const words = `cd sub && rm -r ../sub && exec "${process.execPath}" "${program}"`;
    for (const command of ['inputs base', 'status'])
      expectTold(inShell(images, `mkdir -p sub && ${words} ${command}`), 'USAGE', /no longer there/);
    const json = inShell(images, `mkdir -p sub && ${words} inputs base --json`);
    expect(Result.parse(JSON.parse(json.stdout))).toMatchObject({ exit_code: 1, classification: { rule: 'USAGE' } });
  });

  it('whose path is not UTF-8 is told of', async () => {
    const images = await rig(files);
    const ended = inShell(
      images,
      `d=$(printf 'caf\\351') && mkdir "$d" && cp -r base files hybridcore.yaml "$d" && cd "$d" && exec "${process.execPath}" "${program}" inputs base`,
    );
    expectTold(ended, 'CONFIG_MISSING', /that path is not UTF-8/);
  });
});

describe('what may not be read', () => {
  const nobody = 65_534;
  const isPrivileged = process.getuid?.() === 0;

  /** Asks as a user who is not above permissions, twice: first from scratch, then beside what was kept before. */
  async function asked(deny: (root: string) => void): Promise<Ended[]> {
    const images = await rig(files);
    if (isPrivileged) giveAll(images.root, nobody);
    const ask = () => run(images);
    expect((await ask()).code).toBe(0);
    deny(images.root);
    const beside = await ask();
    rmSync(join(images.root, 'state'), { recursive: true, force: true });
    return [beside, await ask()];
  }

  function run(images: Rig): Promise<Ended> {
    const ended = spawnSync(process.execPath, [program, 'inputs', 'base'], {
      cwd: images.root,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', HOME: images.root },
      ...(isPrivileged ? { uid: nobody, gid: nobody } : {}),
    });
    return Promise.resolve({
      code: ended.status,
      stdout: ended.stdout,
      stderr: ended.stderr,
      json: () => JSON.parse(ended.stdout) as unknown,
    });
  }

  it.each<[string, string, string, number, RegExp]>([
    ['a script', 'INPUT_UNREADABLE', 'base/run.sh', 0, /"base\/run\.sh", named by base\/base\.pkr\.hcl:10, .* there is no permission/],
    ['a template', 'INPUT_UNREADABLE', 'base/base.pkr.hcl', 0, /"base\/base\.pkr\.hcl", named by hybridcore\.yaml \(template\), /],
    ['a folder of a glob', 'INPUT_UNREADABLE', 'files/in', 0, /"files\/in", named by hybridcore\.yaml \(inputs\.configs\), /],
    ['what is in a folder', 'INPUT_UNREADABLE', 'files/in', 0o444, /"files\/in\/motd", .* there is no permission/],
    ['hybridcore.yaml', 'CONFIG_INVALID', 'hybridcore.yaml', 0, /hybridcore\.yaml cannot be read: there is no permission/],
  ])('%s is told of, with a cache and without', async (_, rule, name, mode, message) => {
    for (const ended of await asked((root) => chmodSync(join(root, name), mode))) expectTold(ended, rule, message);
  });

  it('of a repository as a whole is told of', async () => {
    const images = await rig(files);
    if (isPrivileged) giveAll(images.root, nobody);
    chmodSync(images.root, 0);
    try {
      expectTold(await run(images), 'CONFIG_INVALID', /hybridcore\.yaml cannot be read: there is no permission/);
    } finally {
      chmodSync(images.root, 0o755);
    }
  });

  it('or written is no hindrance: the fingerprint is the same', async () => {
    const images = await rig(files);
    if (isPrivileged) giveAll(images.root, nobody);
    const before = await run(images);
    rmSync(join(images.root, 'state'), { recursive: true });
    chmodSync(images.root, 0o555);
    try {
      expect(await run(images)).toMatchObject({ code: 0, stdout: before.stdout });
      expect(readdirSync(images.root)).not.toContain('state');
    } finally {
      chmodSync(images.root, 0o755);
    }
  });

  function giveAll(folder: string, user: number): void {
    chownSync(folder, user, user);
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) chownSync(join(folder, name), user, user);
  }
});

function inShell({ root }: Rig, words: string): { code: number | null; stdout: string; stderr: string } {
  const ended = spawnSync('sh', ['-c', words], { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
  return { code: ended.status, stdout: ended.stdout, stderr: ended.stderr };
}
