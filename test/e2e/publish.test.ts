import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { PublishDocument, StatusDocument } from '../../core/documents.ts';
import { Result } from '../../core/result.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';
import { publishedSchemaFaults } from './published-schema.ts';

const script = (line: string) => `#!/bin/sh\nset -eu\n${line}\n`;

function repository(): Promise<Rig> {
  return rig({
    'hybridcore.yaml':
      'version: 1\nbuilders:\n  base: { template: base, variables: [n], publish: { ssm_parameter: "/images/{channel}" } }\n  other: { template: other }\n',
    'base/base.pkr.hcl': `variable "n" {\n  default = ""\n}\n\n${fileTemplate('out/image.txt', '${path.root}/run.sh')}`,
    'base/run.sh': script('echo one'),
    'other/other.pkr.hcl': fileTemplate('out/other.txt', '${path.root}/run.sh'),
    'other/run.sh': script('exit 1'),
  });
}

async function built(images: Rig, builder = 'base', ...options: readonly string[]): Promise<string> {
  const result = Result.parse((await images.run('build', builder, '--json', ...options)).json());
  return result.build_id ?? '';
}

async function published(images: Rig, ...options: readonly string[]): Promise<PublishDocument> {
  const ended = await images.run('publish', 'base', '--json', ...options);
  expect(ended.code, ended.stdout).toBe(0);
  expect(await publishedSchemaFaults('publish', ended.json())).toEqual([]);
  return PublishDocument.parse(ended.json());
}

/** The rule and the exit code with which `publish` refuses. */
async function refused(images: Rig, ...options: readonly string[]): Promise<Result> {
  const ended = await images.run('publish', 'base', '--json', ...options);
  const result = Result.parse(ended.json());
  expect(ended.code).toBe(result.exit_code);
  return result;
}

/** The builds that the channels of `base` point to. */
async function channels(images: Rig): Promise<Readonly<Record<string, string>>> {
  const ended = await images.run('status', 'base', '--json');
  expect(await publishedSchemaFaults('status', ended.json())).toEqual([]);
  const [base] = StatusDocument.parse(ended.json()).builders;
  return Object.fromEntries((base?.channels ?? []).map((each) => [each.channel, each.published.build_id]));
}

describe('publish', () => {
  it('lets a channel point to what was built, says what changed by the next build, and rolls back', async () => {
    const images = await repository();
    expect(await refused(images)).toMatchObject({ exit_code: 1, classification: { rule: 'MANIFEST_MISSING' } });
    const first = await built(images);
    expect(await published(images)).toMatchObject({ outcome: 'moved', published: { build_id: first }, before: null, changes: null });
    expect(await published(images)).toMatchObject({ outcome: 'stays', published: { build_id: first } });
    expect(await channels(images)).toEqual({ latest: first });

    await images.write('base/run.sh', script('echo onf'));
    const drifted = await images.run('publish', 'base');
    expect(drifted.code).toBe(1);
    expect(drifted.stderr).toMatch(/INPUTS_DRIFTED \(exit code 1\): .*changed script base\/run\.sh/);
    expect(drifted.stderr).toContain('build again: hybridcore-packer build base');
    expect(await refused(images, '--check')).toMatchObject({ exit_code: 1, classification: { rule: 'INPUTS_DRIFTED' } });

    const second = await built(images);
    const change = { kind: 'script', name: 'base/run.sh', changed: ['digest'] };
    const checked = await published(images, '--check');
    expect(checked).toMatchObject({ outcome: 'would-move', published: { build_id: second }, before: { build_id: first } });
    expect(checked.pointer).toEqual({ parameter: '/images/latest', set: false });
    expect(checked.changes).toMatchObject({ added: [], removed: [], changed: [change] });
    expect(await channels(images)).toEqual({ latest: first });
    const moved = await images.run('publish', 'base');
    expect(moved.stdout).toMatch(
      new RegExp(
        `latest of base points to build ${second}[^]*parameter /images/latest is left as it is[^]*before +build ${first}[^]*changed script base/run.sh: content`,
      ),
    );

    await images.write('base/run.sh', script('echo ont'));
    expect(await published(images, '--build', first)).toMatchObject({ outcome: 'moved', published: { build_id: first } });
    expect(await published(images, '--build', second.toLowerCase(), '--channel', 'stable')).toMatchObject({ outcome: 'moved' });
    expect(await channels(images)).toEqual({ latest: first, stable: second });
    expect((await images.run('status')).stdout).toMatch(/base .* latest 1, stable 2/);
  });

  it('is held against the newest build of the same variables', async () => {
    const images = await repository();
    const plain = await built(images);
    const varied = await built(images, 'base', '--var', 'n=1');
    expect(await published(images)).toMatchObject({ published: { build_id: plain } });
    expect(await published(images, '--var', 'n=1')).toMatchObject({
      published: { build_id: varied },
      changes: { added: [{ kind: 'variable', name: 'n', value: '1' }] },
    });
    const absent = await refused(images, '--var', 'n=2');
    expect(absent.classification).toMatchObject({ rule: 'MANIFEST_MISSING', hint: expect.stringContaining('--var n=2') as string });
    expect(await refused(images, '--var', 'm=1')).toMatchObject({ classification: { rule: 'VARIABLE_NOT_ALLOWED' } });
    expect(await refused(images, '--var', 'n=1', '--build', plain)).toMatchObject({ classification: { rule: 'USAGE' } });
  });

  it('takes no build that failed, is another builder’s, or is none', async () => {
    const images = await repository();
    const failed = await built(images, 'other');
    const ended = await images.run('publish', 'other', '--build', failed, '--json');
    expect(Result.parse(ended.json())).toMatchObject({
      exit_code: 1,
      classification: { rule: 'BUILD_NOT_PUBLISHABLE', reason: expect.stringContaining('ended failed') as string },
    });
    await built(images);
    for (const build of [failed, failed.replace(/.{4}$/, '0000'), 'x'])
      expect(await refused(images, '--build', build)).toMatchObject({ exit_code: 1, classification: { rule: 'BUILD_UNKNOWN' } });
    expect(await channels(images)).toEqual({});
  });
});

describe('publish over a chain that was tampered with', () => {
  it.each([
    ['the manifest as it was sealed', (build: string) => `artifacts/base/${build}.hash.json`, 'was altered'],
    ['its copy under the newest-of key', () => 'artifacts/base.hash.json', 'holds something else'],
  ])('aborts where %s has another byte, and moves nothing', async (_, pathOf, message) => {
    const images = await repository();
    const first = await built(images);
    await published(images);
    await images.write('base/run.sh', script('echo two'));
    const second = await built(images);
    const path = pathOf(second);
    const sealed = await images.read(path);
    await rm(join(images.root, path));
    await images.write(path, sealed.replace(/"size": \d+/, '"size": 1'));
    expect(await images.read(path)).not.toBe(sealed);

    for (const options of [[], ['--check'], ['--build', first]]) {
      const result = await refused(images, ...options);
      expect(result).toMatchObject({ exit_code: 3, classification: { rule: 'CHAIN_BROKEN' } });
      expect(result.classification.reason).toContain(`${path} ${message}`);
    }
    expect(await channels(images)).toEqual({ latest: first });
    await rm(join(images.root, path));
    await images.write(path, sealed);
    expect(await published(images)).toMatchObject({ outcome: 'moved', published: { build_id: second } });
  });

  it('aborts where a manifest is gone', async () => {
    const images = await repository();
    const first = await built(images);
    await built(images);
    await rm(`${images.root}/artifacts/base/${first}.hash.json`);
    const result = await refused(images);
    expect(result).toMatchObject({ exit_code: 3, classification: { rule: 'CHAIN_BROKEN' } });
    expect(result.classification.reason).toContain(`artifacts/base/${first}.hash.json is missing`);
  });
});

describe('publish for a quarantined builder', () => {
  it('is refused with exit code 3, an earlier build too, until a person releases it', async () => {
    const images = await repository();
    const sound = await built(images);
    const clean = await images.read('base/run.sh');
    // In two pieces, so that no scanner takes this file for a leak.
    await images.write('base/run.sh', script(`# ${['ghp_', 'a1B2c3D4e5F6'.repeat(3)].join('')}`));
    expect((await images.run('build', 'base')).code).toBe(3);
    await images.write('base/run.sh', clean);
    for (const options of [[], ['--check'], ['--build', sound]])
      expect(await refused(images, ...options)).toMatchObject({ exit_code: 3, classification: { rule: 'BUILDER_QUARANTINED' } });
    expect(await channels(images)).toEqual({});
    await images.run('quarantine', 'release', 'base', '--reason', 'the key is gone from the script, and revoked');
    expect(await published(images)).toMatchObject({ outcome: 'moved', published: { build_id: sound } });
  });
});
