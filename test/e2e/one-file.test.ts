import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { Result } from '../../core/result.ts';
import { bundle } from '../../scripts/bundle.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';

/** The bundle alone in a folder, and beside it a search path without packer. */
let folder: string;
let program: string;
let tools: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'one file '));
  program = join(folder, 'bin', 'hybridcore-packer.cjs');
  tools = join(folder, 'tools');
  await bundle(program);
  await mkdir(tools);
  for (const tool of ['sh', 'env', 'cat', 'rm', 'chmod']) await symlink(`/bin/${tool}`, join(tools, tool));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function repository(): Promise<Rig> {
  return rig(
    {
      'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: base }\n',
      'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
      'base/run.sh': '#!/bin/sh\necho installing\n',
    },
    program,
  );
}

async function buildWith(images: Rig, path: string): Promise<Result> {
  return Result.parse((await images.start(['build', 'base', '--json'], { environment: { PATH: path } }).ended).json());
}

describe('the command line as one file, in a path with a blank', () => {
  it('takes a build through its whole life', async () => {
    const images = await repository();
    const result = await buildWith(images, `${tools}:${dirname(inject('packer').file)}`);
    expect(result).toMatchObject({ exit_code: 0, state: 'succeeded' });
    expect(await images.json('artifacts/base.hash.json')).toMatchObject({ build_id: result.build_id });
  });

  it('says where to get packer when there is none: class 1, with result and summary', async () => {
    const images = await repository();
    const result = await buildWith(images, tools);
    expect(result).toMatchObject({
      exit_code: 1,
      state: 'failed',
      attempt: 1,
      classification: { rule: 'PACKER_MISSING', hint: expect.stringContaining('https://developer.hashicorp.com/packer/install') as string },
    });
    expect(await images.json('state/packer/logs/base.json')).toMatchObject({ build_id: result.build_id, exit_code: 1 });
  });

  it('says so when the only packer is too old', async () => {
    const old = join(folder, 'old');
    await mkdir(old);
    await writeFile(join(old, 'packer'), '#!/bin/sh\necho "Packer v1.5.6"\n');
    await chmod(join(old, 'packer'), 0o755);
    const result = await buildWith(await repository(), `${tools}:${old}`);
    expect(result).toMatchObject({
      exit_code: 1,
      classification: { rule: 'PACKER_TOO_OLD', reason: expect.stringContaining('1.5.6') as string },
    });
  });
});
