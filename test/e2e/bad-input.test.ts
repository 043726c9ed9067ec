import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { Result } from '../../core/result.ts';
import { fileTemplate, rig } from '../fixtures/rig.ts';

const config = 'version: 1\nbuilders:\n  base: { template: base, variables: [region] }\n';
const files = {
  'hybridcore.yaml': config,
  'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
  'base/run.sh': '#!/bin/sh\ntrue\n',
};

describe('bad input gets one clear message with the place and the remedy', () => {
  it.each([
    ['no hybridcore.yaml', { 'hybridcore.yaml': undefined }, ['build', 'base'], 'CONFIG_MISSING', /init/],
    [
      'a broken hybridcore.yaml',
      { 'hybridcore.yaml': 'version: 1\nbuilders: [\n' },
      ['build', 'base'],
      'CONFIG_INVALID',
      /hybridcore\.yaml:\d+:\d+/,
    ],
    [
      'a mistyped key',
      { 'hybridcore.yaml': config.replace('template', 'templat') },
      ['build', 'base'],
      'CONFIG_INVALID',
      /did you mean "template"/,
    ],
    ['an unknown builder', {}, ['build', 'bsae'], 'BUILDER_UNKNOWN', /did you mean base/],
    ['a variable that may not be set', {}, ['build', 'base', '--var', 'size=1'], 'VARIABLE_NOT_ALLOWED', /region/],
    ['a variable without a value', {}, ['build', 'base', '--var', 'size'], 'USAGE', /name=value/],
    ['an unknown retention class', {}, ['build', 'base', '--retention', 'forever'], 'REQUEST_INVALID', /standard/],
    ['a mistyped command', {}, ['biuld', 'base'], 'USAGE', /build/],
    ['an unknown build', {}, ['logs', '01J9Z3K4M5N6P7Q8R9S0T1V2W3'], 'BUILD_UNKNOWN', /builds/],
    ['something that is no build id', {}, ['logs', 'latest'], 'BUILD_UNKNOWN', /no build id/],
    ['an unknown schema', {}, ['schema', 'reslut'], 'USAGE', /result/],
    ['an option before the command', {}, ['--config', 'hybridcore.yaml', 'status'], 'USAGE', /put it after the command/],
    ['an empty path', {}, ['status', '--home', ''], 'USAGE', /empty/],
    ['a release without quarantine', {}, ['quarantine', 'release', 'base', '--reason', 'x'], 'REQUEST_INVALID', /quarantine/],
  ] as const)('%s', async (_, changes: Record<string, string | undefined>, words, rule, message) => {
    const images = await rig(
      Object.fromEntries(Object.entries({ ...files, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    );
    const ended = await images.run(...words, '--json');
    const result = Result.parse(ended.json());
    expect(result).toMatchObject({ exit_code: 1, build_id: null, attempt: 0, state: null, classification: { rule } });
    expect(ended.code).toBe(1);
    expect(`${result.classification.reason} ${result.classification.hint}`).toMatch(message);

    const told = await images.run(...words);
    expect(told.code).toBe(1);
    expect(told.stdout).toBe('');
    expect(told.stderr).toContain(rule);
    expect(told.stderr).toContain('next:');
    expect(told.stderr).not.toContain('    at ');
  });

  it.each([
    ['retention', 'audit'],
    ['retention', 'plan'],
    ['retention', 'report', '--since', '2026-01-01'],
    ['retention', 'sweep', '--yes'],
    ['retention', 'hold', '01J9Z3K4M5N6P7Q8R9S0T1V2W3', '--reason', 'x'],
    ['verify'],
    ['status'],
    ['builds', 'base'],
    ['logs', '01J9Z3K4M5N6P7Q8R9S0T1V2W3'],
    ['diag', '01J9Z3K4M5N6P7Q8R9S0T1V2W3'],
    ['publish', 'base', '--check'],
    ['quarantine', 'list'],
  ])('a home that is not there, or in which nothing was built: %s %s', async (...words) => {
    const images = await rig({ ...files, 'empty/.keep': '' });
    for (const home of ['no-such-home', 'empty']) {
      const told = await images.run(...words, '--home', home);
      expect(told).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^USAGE .*has no records: nothing was ever built in /s) as string,
      });
      expect(told.stderr).toContain(join(images.root, home));
    }
    // And nothing was made there.
    await expect(stat(join(images.root, 'no-such-home'))).rejects.toThrow('ENOENT');
    expect(await readdir(join(images.root, 'empty'))).toEqual(['.keep']);
  });

  it.each([['status'], ['verify'], ['retention', 'audit'], ['drift'], ['drift', '--home', 'new']])(
    'is none of a repository that has not built yet: %s %s %s',
    async (...words) => {
      const images = await rig(files);
      expect(await images.run(...words)).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it.each([
    ['a template that is not there', config.replace('template: base', 'template: bsae'), 'TEMPLATE_MISSING', /bsae/],
    ['a path out of the repository, through a link', config, 'PATH_OUTSIDE', /run\.sh/],
    ['a script that is not there', config, 'INPUT_UNREADABLE', /base\/base\.pkr\.hcl:\d+/],
  ])('%s fails the build with a result and a summary', async (what, yaml, rule, message) => {
    const images = await rig({ ...files, 'hybridcore.yaml': yaml });
    const { rm, symlink } = await import('node:fs/promises');
    if (what.includes('link') || what.includes('script')) await rm(`${images.root}/base/run.sh`);
    if (what.includes('link')) await symlink('/etc/hostname', `${images.root}/base/run.sh`);
    const result = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(result).toMatchObject({ exit_code: 1, state: 'failed', classification: { rule } });
    expect(result.classification.reason).toMatch(message);
    expect(await images.json('state/packer/logs/base.json')).toMatchObject({ build_id: result.build_id, exit_code: 1 });
  });

  it.each([[[]], [['quarantine']]])('no command after %j', async (words) => {
    const ended = await (await rig(files)).run(...words);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('no command was named');
  });

  it('a packer that is not the pinned one is class 1, before it runs', async () => {
    const images = await rig({
      ...files,
      'hybridcore.yaml': config.replace('template: base', 'template: base, packer: { version: "9.9.9" }'),
    });
    const result = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(result).toMatchObject({
      exit_code: 1,
      classification: { rule: 'PACKER_NOT_PINNED', hint: expect.stringContaining('9.9.9') as string },
    });
  });

  it('inputs that change while packer runs are class 1, and nothing is sealed', async () => {
    const images = await rig({ ...files, 'base/run.sh': '#!/bin/sh\necho "# more" >> base/run.sh\n' });
    const result = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(result).toMatchObject({
      exit_code: 1,
      manifest_path: null,
      classification: { rule: 'INPUTS_CHANGED', evidence: ['changed script base/run.sh (digest)'] },
    });
    await expect(images.read('artifacts/base.hash.json')).rejects.toThrow(/ENOENT/);
  });
});
