import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { Digest } from '../../core/digest.ts';
import { HashManifest } from '../../core/hash-manifest.ts';
import { Input } from '../../core/input.ts';
import { Result } from '../../core/result.ts';
import * as z from '../../core/zod.ts';
import { fileTemplate, rig } from '../fixtures/rig.ts';

const InputsDocument = z.object({ fingerprint: Digest, inputs: z.array(Input) });
const files = {
  'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: base, inputs: { configs: ["files/**"] } }\n',
  'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
  'base/run.sh': '#!/bin/sh\ntrue\n',
};

describe('inputs of unusual size', () => {
  it('a file of 10 GB has the digest that openssl computes, with a cache and without', async () => {
    const images = await rig({ ...files, 'files/big': '' });
    const big = join(images.root, 'files/big');
    truncateSync(big, 10 * 2 ** 30);
    const openssl = execFileSync('openssl', ['dgst', '-sha256', '-r', big], { encoding: 'utf8' }).slice(0, 64);
    const scratch = await images.run('inputs', 'base', '--json', '--home', '/dev/null');
    const first = await images.run('inputs', 'base', '--json');
    const second = await images.run('inputs', 'base', '--json');
    expect([first.stdout, second.stdout]).toEqual([scratch.stdout, scratch.stdout]);
    expect(InputsDocument.parse(scratch.json()).inputs).toContainEqual({
      kind: 'config',
      name: 'files/big',
      digest: `sha256:${openssl}`,
      size: 10 * 2 ** 30,
      mode: '100644',
    });
  });

  it('100,000 files in one folder are listed, told apart, searched for secrets and sealed', async () => {
    const images = await rig(files);
    mkdirSync(join(images.root, 'files'));
    for (let at = 0; at < 100_000; at += 1) writeFileSync(join(images.root, `files/one-of-many-${at}`), String(at));
    const scratch = await images.run('inputs', 'base', '--json', '--home', '/dev/null');
    const { fingerprint, inputs } = InputsDocument.parse(scratch.json());
    expect([inputs.length, new Set(inputs.map(({ digest }) => digest)).size]).toEqual([100_002, 100_002]);
    for (const words of [[], ['--json']])
      for (let time = 0; time < 3; time += 1) {
        const ended = await images.run('inputs', 'base', ...words);
        expect(ended.code).toBe(0);
        expect(ended.stdout).toContain(fingerprint);
      }

    const result = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(result).toMatchObject({ exit_code: 0, fingerprint });
    expect(HashManifest.parse(await images.json('artifacts/base.hash.json'))).toMatchObject({ fingerprint, inputs });

    await images.write('files/one-of-many-77777', 'another');
    expect((await images.run('publish', 'base', '--check')).stderr).toMatch(
      /INPUTS_DRIFTED.*changed config files\/one-of-many-77777: content/,
    );
  });
});
