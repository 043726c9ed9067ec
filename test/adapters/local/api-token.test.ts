import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { apiToken } from '../../../adapters/local/api-token.ts';

const random = (count: number) => new Uint8Array(count).fill(7);
const refused = { failure: { rule: 'API_REFUSED' } };
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'api-token-'));
  file = join(folder, 'state/api-token');
  onTestFinished(() => rm(folder, { recursive: true }));
});

describe('the token of serve', () => {
  it('is made once, for this user alone', async () => {
    const token = await apiToken(file, random);
    expect((await readFile(file, 'utf8')).trim()).toBe(token);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await apiToken(file, () => new Uint8Array(32))).toBe(token);
  });

  it.each([0o640, 0o604, 0o620, 0o602, 0o610])('is not taken from a file of mode %o', async (mode) => {
    await apiToken(file, random);
    await chmod(file, mode);
    await expect(apiToken(file, random)).rejects.toMatchObject(refused);
  });

  it("is not taken from another user's file", async () => {
    await apiToken(file, random);
    const { uid } = await stat(file);
    await expect(apiToken(file, random, uid + 1)).rejects.toMatchObject(refused);
    await expect(apiToken(file, random, uid)).resolves.toBeTypeOf('string');
  });

  it('is not taken through a link, nor from a file that holds none', async () => {
    await apiToken(file, random);
    const link = join(folder, 'link');
    await symlink(file, link);
    await expect(apiToken(link, random)).rejects.toMatchObject(refused);
    await writeFile(file, 'short\n');
    await expect(apiToken(file, random)).rejects.toMatchObject(refused);
  });
});
