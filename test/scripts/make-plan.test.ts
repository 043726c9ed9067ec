import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readConfigFile } from '../../adapters/local/config-file.ts';
import { imageRepository } from '../../adapters/local/image-repository.ts';
import { Deployment } from '../../core/deployment.ts';
import { digestOf } from '../../core/digest.ts';
import { fingerprintOf } from '../../core/fingerprint.ts';
import { makePlan } from '../../scripts/synth/make-plan.ts';
import { emptyBundles, exampleConfig, fullConfig, plainContext, planIn, withPlan } from '../cdk/plans.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'make-plan-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes an image repository with one builder `base`, and more of it. @returns its hybridcore.yaml. */
async function repository(builder: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const all = { 'hybridcore.yaml': `version: 1\nbuilders:\n  base:\n    ${builder}\n`, 'base/base.pkr.hcl': template, ...files };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, 'images', name)), { recursive: true });
    await writeFile(join(folder, 'images', name), text);
  }
  return join(folder, 'images', 'hybridcore.yaml');
}

const template = 'source "null" "x" {\n  communicator = "none"\n}\nbuild {\n  sources = ["null.x"]\n}\n';

describe('the plan of a deployment', () => {
  it('has the fingerprint of each builder that an attempt will come to, and null for one whose source moves on by itself', () =>
    withPlan(fullConfig, async ({ plan }) => {
      const read = readConfigFile(fullConfig);
      if (!read.ok) throw new Error(read.failure.message);
      const plain = read.value.config.builders['plain' as never];
      const discovered = plain === undefined ? undefined : await imageRepository(dirname(fullConfig)).discover(plain, {});
      if (discovered?.ok !== true) throw new Error('no inputs');
      expect(plan.deployment.sources).toEqual({ plain: { fingerprint: fingerprintOf(discovered.value.inputs) }, full: null });
      expect(Deployment.parse(plan.deployment)).toEqual(plan.deployment);
    }));

  it('takes the repository along as it is, without what git and this program keep in it', async () => {
    const config = await repository('template: base', {
      'base/scripts/run.sh': '#!/bin/sh\n',
      'state/hybridcore.db': '',
      'state/packer/logs/base.json': '{}',
      'artifacts/base.hash.json': '{}',
      'artifacts/mine.txt': 'an input of mine',
    });
    spawnSync('git', ['init', '--quiet', dirname(config)]);
    const made = await planIn(folder, config);
    if (!made.ok) throw new Error(made.failure.message);
    const { repository: staged } = made.value.plan.assets;
    const files = await readdir(staged, { recursive: true, withFileTypes: true });
    expect(
      files
        .filter((file) => file.isFile())
        .map((file) => join(file.parentPath, file.name).slice(staged.length + 1))
        .toSorted(),
    ).toEqual(['artifacts/mine.txt', 'base/base.pkr.hcl', 'base/scripts/run.sh', 'hybridcore.yaml']);
  });

  it('leaves at home what git is told to ignore, and says so', async () => {
    const config = await repository('template: base', {
      '.gitignore': 'out/\nmine.auto.pkrvars.hcl\n',
      'base/run.sh': '#!/bin/sh\n',
      'base/mine.auto.pkrvars.hcl': 'n = "1"\n',
      'base/out/image.raw': 'image',
      'base/out/image.log': 'log',
      'out/image.raw': 'image',
    });
    spawnSync('git', ['init', '--quiet', dirname(config)]);
    const made = await planIn(folder, config, { ...plainContext, operators: ['duty@example.com'] });
    if (!made.ok) throw new Error(made.failure.message);
    const staged = await readdir(made.value.plan.assets.repository, { recursive: true });
    expect(staged.toSorted()).toEqual(['.gitignore', 'base', 'base/base.pkr.hcl', 'base/run.sh', 'hybridcore.yaml']);
    expect(made.value.warnings).toEqual([
      'git ignores base/mine.auto.pkrvars.hcl, base/out/, out/: not deployed; take in what is an input: git add --force',
    ]);
  });

  it('leaves at home what a repository within it ignores', async () => {
    const config = await repository('template: base', { 'modules/common/.gitignore': 'secret.txt\n', 'modules/common/secret.txt': 'x' });
    for (const place of ['.', 'modules/common']) spawnSync('git', ['init', '--quiet', join(dirname(config), place)]);
    const made = await planIn(folder, config);
    if (!made.ok) throw new Error(made.failure.message);
    const staged = await readdir(join(made.value.plan.assets.repository, 'modules/common'));
    expect(staged).toEqual(['.gitignore']);
  });

  it('deploys nothing where git does not say what it ignores', async () => {
    const config = await repository('template: base', { '.git/config': 'this is no configuration of git' });
    expect(await planIn(folder, config)).toMatchObject({
      ok: false,
      failure: { rule: 'CONFIG_INVALID', message: expect.stringMatching(/^git does not say what it ignores in /) as string },
    });
  });

  it('deploys the whole of a repository that git ignores as a whole', async () => {
    const config = await repository('template: base', { 'out/image.raw': 'image' });
    spawnSync('git', ['init', '--quiet', folder]);
    await writeFile(join(folder, '.gitignore'), '*\n');
    const made = await planIn(folder, config);
    if (!made.ok) throw new Error(made.failure.message);
    expect(await readFile(join(made.value.plan.assets.repository, 'out/image.raw'), 'utf8')).toBe('image');
  });

  it('keeps the modes of files, which a fingerprint counts', async () => {
    const config = await repository('template: base', { 'base/run.sh': '#!/bin/sh\n' });
    await writeFile(join(folder, 'images/base/tool.sh'), '#!/bin/sh\n', { mode: 0o755 });
    const made = await planIn(folder, config);
    if (!made.ok) throw new Error(made.failure.message);
    const modeOf = async (name: string) => (await stat(join(made.value.plan.assets.repository, name))).mode & 0o111;
    expect([await modeOf('base/tool.sh'), await modeOf('base/run.sh')]).toEqual([0o111, 0]);
  });

  it('knows the command line by the digest of the very file that is deployed', () =>
    withPlan(exampleConfig, async ({ plan }) => {
      const { file, sha256 } = plan.assets.commandLine;
      expect(`sha256:${sha256}`).toBe(digestOf(await readFile(file)));
    }));

  it('finds the nearest hybridcore.yaml, the one that the environment names, and the one of the context, the last one first', async () => {
    await repository('template: base');
    const near = join(folder, 'images', 'base');
    const of = async (config: string | undefined, environment: Record<string, string>) => {
      const context = { ...plainContext, ...(config === undefined ? {} : { config }) };
      const made = await makePlan({ context, from: near, workingFolder: folder, environment, folder: join(folder, 'plan') }, emptyBundles);
      if (!made.ok) throw new Error(made.failure.message);
      return made.value.file;
    };
    await cp(join(folder, 'images'), join(folder, 'other'), { recursive: true });
    expect(await of(undefined, {})).toBe(join(folder, 'images', 'hybridcore.yaml'));
    expect(await of(undefined, { HYBRIDCORE_CONFIG: 'other/hybridcore.yaml' })).toBe(join(folder, 'other', 'hybridcore.yaml'));
    expect(await of('images/hybridcore.yaml', { HYBRIDCORE_CONFIG: 'other/hybridcore.yaml' })).toBe(
      join(folder, 'images', 'hybridcore.yaml'),
    );
  });

  it('says what to do where there is no hybridcore.yaml', async () => {
    const request = { context: plainContext, from: folder, workingFolder: folder, environment: {}, folder: join(folder, 'plan') };
    expect(await makePlan(request, emptyBundles)).toMatchObject({
      ok: false,
      failure: { rule: 'CONFIG_MISSING', remedy: expect.stringContaining('-c config=PATH/TO/hybridcore.yaml') as string },
    });
  });

  it.each([
    [
      'template: base\n    secrets: { token: "env:TOKEN" }',
      /builders\.base\.secrets\.token is env:TOKEN, which exists on one machine only/,
    ],
    ['template: base\n    packer: { version: "1.99.9" }', /pins 1\.99\.9, whose checksum for linux_arm64 does not come with this project/],
    ['template: base\n    packer: { version: "1.99.9" }\n    aws: { compute: x86-small }', /for linux_amd64/],
    ['templat: base', /unknown key "templat"; did you mean "template"\?/],
    [
      'template: base\n    schedule: { cron: "0 3 * * 0" }',
      /hybridcore\.yaml:5:\d+: builders\.base\.schedule\.cron: a cron expression has six fields/,
    ],
    [
      'template: base\n    schedule: { cron: "0 3 30 FEB ? *" }',
      /builders\.base\.schedule\.cron in hybridcore\.yaml never comes again: cron\(0 3 30 FEB \? \*\) in UTC/,
    ],
  ])('is refused before anything is bundled: %s', async (builder, message) => {
    const config = await repository(builder);
    const made = await planIn(folder, config);
    expect(made).toMatchObject({ ok: false, failure: { rule: 'CONFIG_INVALID', message: expect.stringMatching(message) as string } });
    expect(await readdir(folder)).not.toContain('plan/functions');
  });

  it('refuses links among the inputs, which an asset cannot carry', async () => {
    const config = await repository('template: base\n    inputs: { configs: ["base/files/**"] }', { 'base/files/real': 'x' });
    await symlink('real', join(folder, 'images/base/files/link'));
    expect(await planIn(folder, config)).toMatchObject({
      ok: false,
      failure: { message: expect.stringMatching(/links among the inputs.*base: base\/files\/link/) as string },
    });
  });

  it('warns of what a person should know before: a secret in clear among the inputs, and nobody to tell', () =>
    withPlan(
      exampleConfig,
      ({ warnings }) => {
        // What an `npm start` left in the example, git ignores.
        expect(warnings.filter((warning) => !warning.startsWith('git ignores '))).toEqual([
          expect.stringMatching(/^leak: leak\/scripts\/deploy\.sh:\d+ holds a secret in clear \(\w+\), which is uploaded/),
          expect.stringMatching(/^nobody is told what needs a person: give -c operators=ADDRESS/),
        ]);
      },
      { ...plainContext, operators: [] },
    ));

  it('deploys a builder whose inputs are not all known, and says so', async () => {
    const provisioned = (argument: string) =>
      template.replace('sources = ["null.x"]', `sources = ["null.x"]\n  provisioner "shell-local" {\n    ${argument}\n  }`);
    const config = await repository('template: base\n  open:\n    template: open', {
      'base/base.pkr.hcl': provisioned('script = "base/gone.sh"'),
      'open/open.pkr.hcl': `variable "which" {\n  type = string\n}\n${provisioned('script = "open/${var.which}.sh"')}`,
    });
    const made = await planIn(folder, config);
    if (!made.ok) throw new Error(made.failure.message);
    expect(made.value.warnings).toEqual([
      expect.stringMatching(/^base: its inputs are not known \(.*gone\.sh.*\); every build of it will end so/),
      expect.stringMatching(/^open: open\/open\.pkr\.hcl:\d+: .*which.* is an undeclared input/),
    ]);
    expect(made.value.plan.deployment.sources).toEqual({ base: null, open: { fingerprint: expect.stringMatching(/^sha256:/) as string } });
  });

  it('has the buildspec that the embedded build service runs', () =>
    withPlan(exampleConfig, async ({ plan }) => {
      expect(Object.keys(plan.buildspec)).toEqual(['version', 'env', 'phases']);
      expect(await readFile(plan.assets.commandLine.file, 'utf8')).toContain('node');
    }));
});
