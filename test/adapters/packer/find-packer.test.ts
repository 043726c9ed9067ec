import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';

import { findPacker } from '../../../adapters/packer/find-packer.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'find-packer-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A program named packer in a folder of its own, which it answers. */
async function counterfeit(name: string, script: string): Promise<string> {
  const bin = join(folder, name);
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'packer'), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, 'packer'), 0o755);
  return bin;
}

const emptyCache = () => join(folder, 'no-cache');
const found = (version: string, bin: string) => ({ ok: true, value: { file: join(bin, 'packer'), version } });

describe('finding packer', () => {
  it('finds the real packer of this machine and its version', async () => {
    const real = inject('packer');
    const cache = join(folder, 'cache');
    await mkdir(join(cache, 'bin'), { recursive: true });
    await writeFile(join(cache, 'bin', 'packer'), `#!/bin/sh\nexec '${real.file}' "$@"\n`, { mode: 0o755 });
    expect(await findPacker({ path: '', cache })).toEqual({
      ok: true,
      value: { file: join(cache, 'bin', 'packer'), version: real.version },
    });
  });

  it.each([
    ['Packer v1.6.0', '1.6.0'],
    ['Packer v1.14.2', '1.14.2'],
    ['Packer v1.16.0-dev', '1.16.0-dev'],
    ['Packer v2.0.0', '2.0.0'],
    [
      'Packer v1.8.0\n\nYour version of Packer is out of date! The latest version\nis 1.14.2. You can update by downloading from www.packer.io',
      '1.8.0',
    ],
  ])('reads %j as version %s', async (output, version) => {
    const bin = await counterfeit('bin', `cat <<'END'\n${output}\nEND`);
    expect(await findPacker({ path: bin, cache: emptyCache() })).toEqual(found(version, bin));
  });

  it('takes the first on the search path, before the cache', async () => {
    const first = await counterfeit('first', 'echo Packer v1.9.0');
    const second = await counterfeit('second', 'echo Packer v1.10.0');
    await counterfeit('cache/bin', 'echo Packer v1.6.6');
    const path = [join(folder, 'no-such-folder'), first, second].join(delimiter);
    expect(await findPacker({ path, cache: join(folder, 'cache') })).toEqual(found('1.9.0', first));
  });

  it.each(['Packer v1.5.6', 'Packer v1.5.10', 'Packer v0.12.3'])('falls on from %s to the cache', async (output) => {
    const old = await counterfeit('old', `echo ${output}`);
    const cached = await counterfeit('cache/bin', 'echo Packer v1.6.6');
    expect(await findPacker({ path: old, cache: join(folder, 'cache') })).toEqual(found('1.6.6', cached));
  });

  it('names the packer that is too old where there is no other', async () => {
    const old = await counterfeit('old', 'echo Packer v1.5.6');
    const answer = await findPacker({ path: old, cache: emptyCache() });
    expect(answer).toMatchObject({
      ok: false,
      failure: { rule: 'PACKER_TOO_OLD', message: expect.stringContaining(`${old}/packer is packer 1.5.6`) },
    });
    expect(answer).toMatchObject({ failure: { remedy: expect.stringContaining('https://developer.hashicorp.com/packer/install') } });
  });

  it.each([
    ['prints other words', 'echo skipping line: 1; echo 0 0'],
    ['says nothing, however often it is asked', 'true'],
    ['reads its input first, as cracklib does', 'cat; echo Word count: 0'],
    ['fails', 'echo Packer v1.9.0; exit 3'],
    ['only mentions packer', 'echo "usage: see Packer v1.9.0 for the rest"'],
    [
      'never stops printing',
      'while :; do echo "Packer v1.9.0 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; done',
    ],
  ])('passes over another program named packer that %s', async (_, script) => {
    const stranger = await counterfeit('stranger', script);
    const answer = await findPacker({ path: stranger, cache: emptyCache() });
    expect(answer).toMatchObject({
      ok: false,
      failure: { rule: 'PACKER_MISSING', message: expect.stringContaining(`${stranger}/packer is something else`) },
    });

    const packer = await counterfeit('packer', 'echo Packer v1.9.0');
    expect(await findPacker({ path: [stranger, packer].join(delimiter), cache: emptyCache() })).toEqual(found('1.9.0', packer));
  });

  it('asks again where packer was killed before it answered', async () => {
    const bin = await counterfeit('bin', 'if [ -e "$0-was-asked" ]; then echo Packer v1.9.0; else : > "$0-was-asked"; kill -KILL $$; fi');
    const other = await counterfeit('other', 'echo Packer v1.10.0');
    expect(await findPacker({ path: [bin, other].join(delimiter), cache: emptyCache() })).toEqual(found('1.9.0', bin));
  });

  it('asks again where the child that packer works in was killed, so that it ended with 0 and said nothing', async () => {
    const bin = await counterfeit('bin', 'if [ -e "$0-was-asked" ]; then echo Packer v1.9.0; else : > "$0-was-asked"; fi');
    const other = await counterfeit('other', 'echo Packer v1.10.0');
    expect(await findPacker({ path: [bin, other].join(delimiter), cache: emptyCache() })).toEqual(found('1.9.0', bin));
  });

  it('takes no other packer in the place of one that is killed each time', async () => {
    const bin = await counterfeit('bin', 'echo Packer v1.9.0; kill -KILL $$');
    await counterfeit('cache/bin', 'echo Packer v1.6.6');
    expect(await findPacker({ path: bin, cache: join(folder, 'cache') })).toMatchObject({
      ok: false,
      failure: { rule: 'PACKER_MISSING', message: expect.stringContaining(`${bin}/packer was ended by SIGKILL`) },
    });
  });

  it.each([
    ['hangs', 'sleep 60 & wait'],
    ['leaves something behind that holds its output', 'setsid sleep 30 & sleep 60'],
  ])('does not wait for a program that %s', async (_, script) => {
    const hanging = await counterfeit('hanging', script);
    const packer = await counterfeit('packer', 'echo Packer v1.9.0');
    const before = performance.now();
    expect(await findPacker({ path: [hanging, packer].join(delimiter), cache: emptyCache(), timeLimit: 300 })).toEqual(
      found('1.9.0', packer),
    );
    expect(performance.now() - before).toBeLessThan(20_000);
  });

  it('keeps variables that steer packer from it, and its question for news', async () => {
    const bin = await counterfeit('bin', '[ -z "$PACKER_LOG$PKR_VAR_region" ] && [ "$CHECKPOINT_DISABLE" = 1 ] && echo Packer v1.9.0');
    process.env['PACKER_LOG'] = '1';
    process.env['PKR_VAR_region'] = 'nowhere';
    try {
      expect(await findPacker({ path: bin, cache: emptyCache() })).toEqual(found('1.9.0', bin));
    } finally {
      delete process.env['PACKER_LOG'];
      delete process.env['PKR_VAR_region'];
    }
  });

  it('looks in no relative folder of the search path, and at no folder or plain file named packer', async () => {
    await mkdir(join(folder, 'folder', 'packer'), { recursive: true });
    await mkdir(join(folder, 'plain'));
    await writeFile(join(folder, 'plain', 'packer'), '#!/bin/sh\necho Packer v1.9.0\n', { mode: 0o644 });
    const path = ['', '.', 'bin', join(folder, 'folder'), join(folder, 'plain')].join(delimiter);
    expect(await findPacker({ path, cache: emptyCache() })).toEqual({
      ok: false,
      failure: {
        rule: 'PACKER_MISSING',
        message: 'there is no packer on PATH',
        remedy: 'install packer and put it on PATH: https://developer.hashicorp.com/packer/install',
      },
    });
  });

  it('answers that packer is missing where there is no search path at all', async () => {
    expect(await findPacker({ path: undefined, cache: emptyCache() })).toMatchObject({ ok: false, failure: { rule: 'PACKER_MISSING' } });
  });
});
