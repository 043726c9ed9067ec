import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findConfigFile, parseConfig, readConfigFile } from '../../../adapters/local/config-file.ts';

const connection = 'arn:aws:codeconnections:us-east-1:123456789012:connection/0a1b2c3d-0000-4000-8000-0123456789ab';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-file-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('finding hybridcore.yaml', () => {
  it('takes the one in the nearest folder above', async () => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    await writeFile(join(folder, 'hybridcore.yaml'), '');
    expect(findConfigFile(join(folder, 'a', 'b'), undefined)).toEqual({ ok: true, value: join(folder, 'hybridcore.yaml') });
    await writeFile(join(folder, 'a', 'hybridcore.yaml'), '');
    expect(findConfigFile(join(folder, 'a', 'b'), undefined)).toEqual({ ok: true, value: join(folder, 'a', 'hybridcore.yaml') });
  });

  it('says where it looked when there is none, and when the one that was named is not there', async () => {
    expect(findConfigFile(folder, undefined)).toMatchObject({
      ok: false,
      failure: { rule: 'CONFIG_MISSING', message: expect.stringContaining(folder) as string },
    });
    expect(findConfigFile(folder, 'other.yaml')).toMatchObject({
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

  it('names the nearest rule where a secret is allowed by one that there is not', () => {
    const allowed = (rule: string) => `  - { file: a.sh, rule: ${rule}, reason: made up, expires: 2027-01-31 }`;
    const text = ['GITHUB_TOKENS', 'secretlint-gitub', 'nothing', 'GITHUB_TOKEN', 'secretlint-github', 'token', 'sensitive'].map(allowed);
    const { faults } = parseConfig(
      ['version: 1', 'secrets_allowed:', ...text, 'builders:', '  base: { template: base, secrets: { token: "env:T" } }'].join('\n'),
    );
    const why = 'take the name that the finding has in brackets';
    expect(faults.map((fault) => `${fault.line}: ${fault.message}`)).toEqual([
      `3: secrets_allowed.0.rule: no secret is found by a rule "GITHUB_TOKENS": ${why}; did you mean "GITHUB_TOKEN"?`,
      `4: secrets_allowed.1.rule: no secret is found by a rule "secretlint-gitub": ${why}; did you mean "secretlint-github"?`,
      `5: secrets_allowed.2.rule: no secret is found by a rule "nothing": ${why}`,
    ]);
  });

  it.each([
    ['builders.base.template', 'template: ../elsewhere', /does not leave it/],
    ['builders.base.template', 'template: /etc', /does not leave it/],
    ['builders.base.retention', 'template: base\n    retention: forever', /no retention class is named "forever"; there are: standard/],
    ['builders.base.secrets.token', 'template: base\n    secrets: { token: "file:x" }', /secretsmanager:/],
    ['builders.base.variables', 'template: base\n    variables: [token]\n    secrets: { token: "env:T" }', /is a secret/],
    ['builders.base.packer.version', 'template: base\n    packer: { version: "1.14" }', /pinned whole/],
    ['builders.base.schedule', 'template: base\n    schedule: {}', /either a cron or a rate/],
    ['builders.base.schedule', 'template: base\n    schedule: { rate: 1 day, cron: "0 3 ? * SUN *" }', /either a cron or a rate/],
    ['builders.base.schedule.cron', 'template: base\n    schedule: { cron: "0 3 * * 0" }', /six fields/],
    ['builders.base.schedule.cron', 'template: base\n    schedule: { cron: "0 3 * * SUN *" }', /just one of day-of-month .* is \?/],
    [
      'builders.base.schedule.cron',
      'template: base\n    schedule: { cron: "0 3 ? * FUN *" }',
      /its field 5 is "FUN"; day-of-week takes 1-7 or SUN-SAT/,
    ],
    ['builders.base.schedule.cron', 'template: base\n    schedule: { cron: "0 3 ? * 0 *" }', /its field 5 is "0"; .*\(1 is SUN\)/],
    ['builders.base.schedule.rate', 'template: base\n    schedule: { rate: weekly }', /"1 hour", "7 days"/],
    ['builders.base.schedule.rate', 'template: base\n    schedule: { rate: 7 day }', /the plural after more/],
    ['builders.base.schedule.rate', 'template: base\n    schedule: { rate: 1 days }', /the singular after 1/],
    ['builders.base.schedule.timezone', 'template: base\n    schedule: { rate: 1 day, timezone: Berlin }', /as IANA does/],
    [
      'builders.base.schedule.timezone',
      'template: base\n    schedule: { rate: 1 day, timezone: europe/berlin }',
      /did you mean "Europe\/Berlin"\?/,
    ],
    ['builders.base.schedule.timezone', 'template: base\n    schedule: { rate: 1 day, timezone: "+01:00" }', /as IANA does/],
    ['builders.base.schedule.max_age', 'template: base\n    schedule: { rate: 1 day, max_age: 3d }', /only_if_changed/],
    ['builders.base.publish.ssm_parameter', 'template: base\n    publish: { ssm_parameter: "images/{chanel}" }', /from the root/],
    ['builders.base.publish.ssm_parameter', 'template: base\n    publish: { ssm_parameter: /aws/x }', /reserved by AWS/],
    ['builders.base.aws', 'template: base\n    aws: { computer: small }', /unknown key "computer"; did you mean "compute"\?/],
    ['builders.base.aws.compute', 'template: base\n    aws: { compute: huge }', /one of small, medium, .*x86-small/],
    [
      'builders.base.aws.vpc.subnets',
      'template: base\n    aws: { vpc: { id: vpc-0a1b2c3d, subnets: [], security_groups: [sg-0a1b2c3d] } }',
      /at least one subnet/,
    ],
    [
      'builders.base.aws.vpc',
      'template: base\n    aws: { vpc: { id: vpc-0a1b2c3d, subnet: [], subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d] } }',
      /did you mean "subnets"\?/,
    ],
    ['builders.base.aws.source', 'template: base\n    aws: { source: { type: svn } }', /asset \(.*\), github, gitlab or bitbucket/],
    [
      'builders.base.aws.source',
      'template: base\n    aws: { source: { type: asset, reff: main } }',
      /unknown key "reff"; did you mean "ref"\?/,
    ],
    [
      'builders.base.aws.source.repository',
      `template: base\n    aws: { source: { type: github, repository: "git@github.com:a/b", connection: ${connection} } }`,
      /https address/,
    ],
    [
      'builders.base.aws.source.config',
      `template: base\n    aws: { source: { type: github, repository: "https://github.com/a/b", connection: ${connection}, config: ../x } }`,
      /does not leave it/,
    ],
    [
      'builders.base.aws.policies.0',
      'template: base\n    aws: { policies: [{ action: ["ec2:RunInstances"], actions: ["ec2:RunInstances"], resources: ["*"] }] }',
      /did you mean "actions"\?/,
    ],
    [
      'builders.base.aws.policies.0.actions.0',
      'template: base\n    aws: { policies: [{ actions: ["*"], resources: ["*"] }] }',
      /named with its service/,
    ],
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
    expect(readConfigFile(file)).toMatchObject({
      ok: false,
      failure: { rule: 'CONFIG_INVALID', message: expect.stringContaining('UTF-8') as string },
    });
    expect(readConfigFile(folder)).toMatchObject({ ok: false, failure: { rule: 'CONFIG_INVALID' } });
  });
});
