import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { VerifyDocument } from '../../core/documents.ts';
import { Result } from '../../core/result.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';
import { publishedSchemaFaults } from './published-schema.ts';

async function verified(images: Rig, ...words: readonly string[]): Promise<VerifyDocument> {
  const ended = await images.run('verify', ...words, '--json');
  expect(await publishedSchemaFaults('verify', ended.json())).toEqual([]);
  const document = VerifyDocument.parse(ended.json());
  expect(ended.code).toBe(document.exit_code);
  return document;
}

describe('verify', () => {
  it('says of every builder whether its manifests are what was sealed, and where not', async () => {
    const images = await rig({
      'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: base }\n  other: { template: base }\n',
      'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
      'base/run.sh': '#!/bin/sh\n',
    });
    expect((await images.run('verify')).stdout).toBe('base: no manifest was sealed yet\nother: no manifest was sealed yet\n');
    const builds: string[] = [];
    for (let n = 0; n < 3; n += 1) builds.push(Result.parse((await images.run('build', 'base', '--json')).json()).build_id ?? '');
    await images.run('publish', 'base');
    expect(await verified(images)).toMatchObject({
      exit_code: 0,
      builders: [
        { builder: 'base', holds: true, manifests: 3, newest: { build_id: builds[2] }, channels: [{ channel: 'latest' }], problems: [] },
        { builder: 'other', holds: true, manifests: 0, newest: null },
      ],
    });

    const second = `artifacts/base/${builds[1]}.hash.json`;
    const sealed = await images.read(second);
    await rm(join(images.root, second));
    await images.write(second, sealed.replace('"attempt": 1', '"attempt": 2'));
    expect(await verified(images, 'base')).toMatchObject({ exit_code: 3, builders: [{ problems: [{ problem: 'altered' }] }] });
    const told = await images.run('verify');
    expect(told.code).toBe(3);
    expect(told.stdout).toMatch(
      new RegExp(`base: does not hold, 2 manifests as recorded, 1 problem\\n {2}altered: ${second} was altered: .*\\n {2}next: `),
    );
    expect(await verified(images, 'other')).toMatchObject({ exit_code: 0 });
    expect((await images.run('build', 'base')).code).toBe(0);
    expect((await images.run('publish', 'base')).code).toBe(3);

    await rm(join(images.root, second));
    expect(await verified(images, 'base')).toMatchObject({ builders: [{ problems: [{ problem: 'missing' }] }] });
    await images.write(second, sealed);
    expect(await verified(images)).toMatchObject({ exit_code: 0, builders: [{ manifests: 4 }, { manifests: 0 }] });
  });
});
