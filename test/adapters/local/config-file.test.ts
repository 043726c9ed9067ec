import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findConfigFile, parseConfig, readConfigFile } from '../../../adapters/local/config-file.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-file-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('finding hybridcore.yaml', () => {
  it('takes the one in the nearest folder above', async () => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    await writeFile(join(folder, 'hybridcore.yaml'), '');
    expect(await findConfigFile(join(folder, 'a', 'b'), undefined)).toEqual({ ok: true, value: join(folder, 'hybridcore.yaml') });
    await writeFile(join(folder, 'a', 'hybridcore.yaml'), '');
    expect(await findConfigFile(join(folder, 'a', 'b'), undefined)).toEqual({ ok: true, value: join(folder, 'a', 'hybridcore.yaml') });
  });

  it('says where it looked when there is none, and when the one that was named is not there', async () => {
    expect(await findConfigFile(folder, undefined)).toMatchObject({
      ok: false,
      failure: { rule: 'CONFIG_MISSING', message: expect.stringContaining(folder) as string },
    });
    expect(await findConfigFile(folder, 'other.yaml')).toMatchObject({
      ok: false,
      failure: { rule: 'CONFIG_MISSING', message: expect.stringContaining('other.yaml') as string },
    });
  });
});

describe('hybridcore.yaml', () => {
  it('gets the defaults of what it leaves out', () => {
    const { config, faults } = parseConfig('version: 1\nbuilders:\n  base: { template: images/base }\n');
    expect(faults).toEqual([]);
    expect(config?.builders).toMatchObject({ base: { template: 'images/base', var_files: [], retry: { delay: '2m' }, timeout: '60m' } });
    expect(config?.retention.classes['standard']).toEqual({ days: 365 });
  });

  it('names the line of each fault and the nearest known key, all in one answer', () => {
    const { faults } = parseConfig(
      ['version: 1', 'builders:', '  base:', '    templat: base', '    retry: { delay: soon }', '  other: {}', 'retentio: {}'].join('\n'),
    );
    expect(faults.map((fault) => `${fault.line}: ${fault.message}`)).toEqual([
      '4: builders.base: unknown key "templat"; did you mean "template"?',
      '5: builders.base.retry.delay: a duration is a whole number and s, m, h or d: 90s, 2m, 12h, 30d',
      '6: builders.other.template: is missing',
      '7: unknown key "retentio"; did you mean "retention"?',
    ]);
  });

  it.each([
    ['builders.base.template', 'template: ../elsewhere', /does not leave it/],
    ['builders.base.template', 'template: /etc', /does not leave it/],
    ['builders.base.retention', 'template: base\n    retention: forever', /no retention class is named "forever"; there are: standard/],
    ['builders.base.secrets.token', 'template: base\n    secrets: { token: "file:x" }', /secretsmanager:/],
    ['builders.base.variables', 'template: base\n    variables: [token]\n    secrets: { token: "env:T" }', /is a secret/],
    ['builders.base.packer.version', 'template: base\n    packer: { version: "1.14" }', /pinned whole/],
  ])('refuses %s: %s', (path, body, message) => {
    const { faults } = parseConfig(`version: 1\nbuilders:\n  base:\n    ${body}\n`);
    expect(faults.map((fault) => fault.message)).toEqual([expect.stringMatching(message)]);
    expect(faults[0]?.message).toContain(path);
  });

  it.each([
    ['a: [b\nc: d', /no YAML/],
    ['version: 1\nversion: 1', /no YAML.*unique/],
    ['', /the file is empty/],
    ['# only a comment', /the file is empty/],
    ['- version: 1', /the file is a list/],
    ['seven', /the file is the string "seven"/],
    ['version: 1\nbuilders: { base: { template: base, timeout: 60 } }', /timeout: a duration is a whole number and s, m, h or d/],
    ['version: 1\nbuilders: { base: { template: base, timeout: 30d } }', /timeout: at most 35h/],
    ['version: 2\nbuilders: {}', /version: the version of the format, which is 1/],
    [`a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`, /alias/i],
  ])('says what is wrong with %j', (text, message) => {
    const { config, faults } = parseConfig(text);
    expect(config).toBeUndefined();
    expect(faults.map((fault) => fault.message).join('\n')).toMatch(message);
  });

  it('is refused when it is no text, or a folder', async () => {
    const file = join(folder, 'hybridcore.yaml');
    await writeFile(file, Buffer.from([0xff, 0xfe, 0x00]));
    expect(await readConfigFile(file)).toMatchObject({
      ok: false,
      failure: { rule: 'CONFIG_INVALID', message: expect.stringContaining('UTF-8') as string },
    });
    expect(await readConfigFile(folder)).toMatchObject({ ok: false, failure: { rule: 'CONFIG_INVALID' } });
  });
});
