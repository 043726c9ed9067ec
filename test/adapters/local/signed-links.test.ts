import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { signedLinks } from '../../../adapters/local/signed-links.ts';

const key = 'state/packer/logs/base/01M81B5H800000000000000000/1.log.gz';
const minute = 60_000;

let home: string;
let now: number;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'signed-links-'));
  now = Date.parse('2026-11-25T12:00:00.000Z');
  await mkdir(join(home, 'state/packer/logs/base/01M81B5H800000000000000000'), { recursive: true });
  await writeFile(join(home, key), 'a log');
});
afterEach(() => rm(home, { recursive: true }));

const links = (secret = 1) =>
  signedLinks({ home, secret: new Uint8Array(32).fill(secret), clock: { now: () => now } }, () => 'http://127.0.0.1:1');

/** The target of a link's request, as a server gets it. */
async function targetOf(of: string = key): Promise<string> {
  const link = await links().link(of);
  if (link === undefined) throw new Error('there is no link');
  return link.url.slice('http://127.0.0.1:1'.length);
}

describe('a link to an object', () => {
  it('is for that object, for a quarter of an hour', async () => {
    expect(await links().link(key)).toMatchObject({ size: 5, expires_at: '2026-11-25T12:15:00.000Z' });
    const target = await targetOf();
    expect(await links().open(target)).toEqual({ file: join(home, key), size: 5 });
    now += 15 * minute;
    expect(await links().open(target)).toBeDefined();
    now += 1;
    expect(await links().open(target)).toBeUndefined();
  });

  it('is not there for an object that is not', async () => {
    expect(await links().link('state/packer/logs/base/01M81B5H800000000000000000/2.log.gz')).toBeUndefined();
  });

  it('leads nowhere else, whatever is changed in it', async () => {
    await writeFile(join(home, 'state/api-token'), 'the token');
    const target = await targetOf();
    const [path = '', query = ''] = target.split('?');
    const later = query.replace(/expires=\d+/, `expires=${now + 1000 * minute}`);
    for (const other of [
      `${path}?${later}`,
      `/objects/state/api-token?${query}`,
      `/objects/state/../state/api-token?${query}`,
      `${path}?${query.replace(/signature=./, 'signature=')}`,
      path,
      `/objects/%?${query}`,
    ])
      expect([other, await links().open(other)]).toEqual([other, undefined]);
  });

  it('ends with the process that made it', async () => {
    expect(await links(2).open(await targetOf())).toBeUndefined();
  });

  it('does not follow a link of the file system out of the home', async () => {
    await writeFile(join(home, 'outside'), 'x');
    await mkdir(join(home, 'diag'));
    await symlink(join(home, 'outside'), join(home, 'diag/base.tar.gz'));
    expect(await links().link('diag/base.tar.gz')).toBeUndefined();
  });
});
