import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { functionNames } from '../../core/contract/deployment.ts';
import { parseDeployment } from '../../core/deployment.ts';
import { type Template, resourcesOf } from '../cdk/template.ts';
import { scriptBuilder, writeImageRepository } from '../fixtures/aws/stage/image-repository.ts';

const root = resolve(import.meta.dirname, '../..');

/** No credentials, no folder where some could be, and a proxy where nobody listens. */
const cutOff = (home: string) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  AWS_EC2_METADATA_DISABLED: 'true',
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NODE_USE_ENV_PROXY: '1',
});

function synth(parameters: readonly string[], environment: Readonly<Record<string, string>>) {
  return spawnSync(process.execPath, ['scripts/synth.ts', ...parameters], { cwd: root, encoding: 'utf8', env: environment });
}

let folder: string;
let outdir: string;
let said: { readonly stdout: string; readonly stderr: string; readonly code: number | null };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synth-'));
  outdir = join(folder, 'cdk.out');
  // As CI does it once: with the CDK's own validator, and the rule packs.
  const { stdout, stderr, status } = synth(['-c', 'config=examples/images/hybridcore.yaml', '-c', 'stack=example'], {
    ...cutOff(folder),
    CDK_OUTDIR: outdir,
  });
  said = { stdout, stderr, code: status };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function template(): Promise<Template> {
  return JSON.parse(await readFile(join(outdir, 'example.template.json'), 'utf8')) as Template;
}

describe('npm run synth', () => {
  it('needs neither network nor credentials, and says what a person should know', () => {
    expect(said.stderr).toMatch(/^warning: leak: .*secret in clear/m);
    expect(said.stderr).toMatch(/examples\/images\/hybridcore\.yaml as the stack example: /);
    expect({ code: said.code, stdout: said.stdout }).toEqual({ code: 0, stdout: '' });
  });

  it('publishes the bundle of each function, with what was deployed beside the code that reads it', async () => {
    const codes = resourcesOf(await template(), 'AWS::Lambda::Function');
    expect(codes).toHaveLength(functionNames.length);
    let readers = 0;
    for (const { properties } of codes) {
      const { S3Key } = properties['Code'] as { S3Key: string };
      const bundle = join(outdir, `asset.${S3Key.replace(/\.zip$/, '')}`);
      const files = await readdir(bundle);
      expect(files).toContain('index.mjs');
      if (!files.includes('deployment.json')) continue;
      readers += 1;
      expect(parseDeployment(await readFile(join(bundle, 'deployment.json'), 'utf8'))).toMatchObject({
        ok: true,
        value: { sources: { motd: { fingerprint: expect.stringMatching(/^sha256:/) as string } } },
      });
    }
    expect(readers).toBe(functionNames.length - 1);
  });

  it('publishes the command line, which runs are told to hold against the digest of that very file', async () => {
    for (const { properties } of resourcesOf(await template(), 'AWS::CodeBuild::Project')) {
      const { EnvironmentVariables } = properties['Environment'] as { EnvironmentVariables: { Name: string; Value: unknown }[] };
      const valueOf = (name: string) => JSON.stringify(EnvironmentVariables.find(({ Name }) => Name === name)?.Value);
      const asset = /([0-9a-f]{64})\.cjs/.exec(valueOf('HYBRIDCORE_BUNDLE'))?.[1] ?? '';
      const digest = createHash('sha256').update(await readFile(join(outdir, `asset.${asset}.cjs`)));
      expect(valueOf('HYBRIDCORE_BUNDLE_SHA256')).toBe(JSON.stringify(digest.digest('hex')));
    }
  });

  it('says in a sentence or two what is wrong, and synthesizes nothing', () => {
    const { stdout, stderr, status } = synth(['-c', 'stak=x'], cutOff(folder));
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toMatch(/^context stak: there is no such key; did you mean stack\?\n {2}next: mend the context in cdk\.json, [^\n]+\n$/);
  });

  it('fails where the rules of the bucket do not keep what the retention policy says, with the arithmetic', async () => {
    const config = await writeImageRepository(join(folder, 'late'), {
      scripts: { nothing: 'true' },
      builders: { late: scriptBuilder('nothing') },
      retention: { late_days: 3 },
    });
    const environment = { ...cutOff(folder), CDK_OUTDIR: join(folder, 'late.out'), CDK_VALIDATION: 'false' };
    const { stdout, stderr, status } = synth(['-c', `config=${config}`, '-c', 'stack=late'], environment);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toMatch(
      /the retention class standard \(365 days, and at most 3 more\): is kept too long: for 369\.00 days, [^\n]* \+ 365 days = /,
    );
    expect(stderr).toMatch(/^ {4}the retention class evidence /m);
  });

  it('says that a stack is more than CloudFormation takes', async () => {
    const resources = Array.from({ length: 2400 }, (_, index) => `arn:aws:s3:::images/${index}/${'x'.repeat(380)}`);
    const policies = [{ actions: ['s3:GetObject'], resources }];
    const config = await writeImageRepository(join(folder, 'large'), {
      scripts: { nothing: 'true' },
      builders: { large: scriptBuilder('nothing', { aws: { policies } }) },
    });
    const environment = { ...cutOff(folder), CDK_OUTDIR: join(folder, 'large.out'), CDK_VALIDATION: 'false' };
    const { stdout, stderr, status } = synth(['-c', `config=${config}`, '-c', 'stack=large'], environment);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toMatch(
      /^the template of the stack large with 1 builders has 1\d{6} bytes, and CloudFormation takes 1000000\n {2}next: move some builders /m,
    );
  });
});
