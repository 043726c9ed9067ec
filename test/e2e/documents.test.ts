import { readFile } from 'node:fs/promises';
import { describe, expect, inject, it } from 'vitest';

import { schemaNames } from '../../core/contract/schemas.ts';
import { Result } from '../../core/result.ts';
import { publishedSchemaFaults } from './published-schema.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';

const root = new URL('../../', import.meta.url);

function repository(): Promise<Rig> {
  return rig({
    'images/base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
    'images/base/run.sh': '#!/bin/sh\necho "installing, with a comma"\n',
    'legacy.json': JSON.stringify({
      builders: [{ type: 'null', communicator: 'none' }],
      provisioners: [{ type: 'shell-local', inline: ['echo legacy'] }],
    }),
    'package.json': '{}',
  });
}

describe('a newcomer with templates of their own', () => {
  it('gets from init over validate and build to status, builds and logs; every document fits its published schema', async () => {
    const images = await repository();
    const init = await images.run('init', '--json');
    expect(init.json()).toMatchObject({
      builders: [
        { builder: 'base', template: 'images/base' },
        { builder: 'legacy', template: 'legacy.json' },
      ],
    });
    expect(await publishedSchemaFaults('init', init.json())).toEqual([]);

    const validated = await images.run('validate', '--json', '--strict');
    expect(validated.json()).toMatchObject({
      exit_code: 0,
      builders: [
        { builder: 'base', exit_code: 0 },
        { builder: 'legacy', exit_code: 0 },
      ],
    });
    expect(await publishedSchemaFaults('validate', validated.json())).toEqual([]);

    const inputs = await images.run('inputs', 'base', '--json');
    expect(inputs.json()).toMatchObject({
      undeclared: [],
      inputs: [
        { kind: 'script', name: 'images/base/run.sh', mode: '100755' },
        { kind: 'template', name: 'images/base/base.pkr.hcl' },
      ],
    });
    expect(await publishedSchemaFaults('inputs', inputs.json())).toEqual([]);

    const built = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(built.state).toBe('succeeded');
    for (const [schema, path] of [
      ['hash-manifest', 'artifacts/base.hash.json'],
      ['log-summary', 'state/packer/logs/base.json'],
      ['scrub-manifest', built.scrub_manifest_path],
      ['result', `state/packer/results/base/${built.build_id}.json`],
    ] as const) {
      expect(await publishedSchemaFaults(schema, await images.json(path ?? ''))).toEqual([]);
    }

    const status = await images.run('status', '--json');
    expect(status.json()).toMatchObject({
      builders: [
        { builder: 'base', current: null, last: { build_id: built.build_id, exit_code: 0 }, newest_manifest: { sequence: 1 } },
        { builder: 'legacy', last: null },
      ],
    });
    expect(await publishedSchemaFaults('status', status.json())).toEqual([]);

    const builds = await images.run('builds', 'base', '--json');
    expect(builds.json()).toMatchObject({ builds: [{ build_id: built.build_id, state: 'succeeded' }], cursor: null });
    expect(await publishedSchemaFaults('builds', builds.json())).toEqual([]);

    const logs = await images.run('logs', built.build_id ?? '', '--json');
    expect(await publishedSchemaFaults('logs', logs.json())).toEqual([]);
    const text = (await images.run('logs', built.build_id ?? '')).stdout;
    expect(text).toContain('    file.image: installing, with a comma');
    expect(text).not.toContain('PACKER_COMMA');

    const quarantine = await images.run('quarantine', 'list', '--json');
    expect(quarantine.json()).toEqual({ builders: [] });
    expect(await publishedSchemaFaults('quarantine', quarantine.json())).toEqual([]);
  });

  it('has variable files taken up by init: one is set, several are named to choose from', async () => {
    const template =
      'variable "region" {\n  type = string\n}\n\nsource "null" "x" {\n  communicator = "none"\n}\n\nbuild {\n  sources = ["source.null.x"]\n}\n';
    const images = await rig({
      'one/a.pkr.hcl': template,
      'one/prod.pkrvars.hcl': 'region = "x"\n',
      'two/b.pkr.hcl': template,
      'two/prod.pkrvars.hcl': 'region = "x"\n',
      'two/dev.pkrvars.hcl': 'region = "y"\n',
    });
    expect((await images.run('init')).stdout).toContain('choose the var_files of two among: two/dev.pkrvars.hcl, two/prod.pkrvars.hcl');
    expect(await images.read('hybridcore.yaml')).toMatch(
      /^# yaml-language-server: \$schema=hybridcore\.schema\.json\n[^]*# var_files: choose among two\/dev/,
    );
    expect((await images.run('validate', 'one')).code).toBe(0);
    const two = await images.run('validate', 'two', '--json');
    expect(two.json()).toMatchObject({ exit_code: 1 });
    expect((await images.run('schema', 'config')).stdout).toContain('urn:hybridcore-packer:schema:config');
  });

  it('validates a builder that needs a variable of the request', async () => {
    const template =
      'variable "region" {\n  type = string\n}\n\nsource "null" "x" {\n  communicator = "none"\n}\n\nbuild {\n  sources = ["source.null.x"]\n}\n';
    const images = await rig({
      'a.pkr.hcl': template,
      'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: a.pkr.hcl, variables: [region] }\n',
    });
    expect((await images.run('validate', 'base')).code).toBe(1);
    expect((await images.run('validate', 'base', '--var', 'region=x')).code).toBe(0);
    const refused = await images.run('validate', 'base', '--var', 'size=x', '--json');
    expect(refused.json()).toMatchObject({ exit_code: 1, builders: [{ classification: { rule: 'VARIABLE_NOT_ALLOWED' } }] });
    expect(Result.parse((await images.run('validate', '--var', 'region=x', '--json')).json())).toMatchObject({
      classification: { rule: 'USAGE' },
    });
  });

  it.skipIf(!inject('packer').version.startsWith('1.6.'))(
    'with a template for a newer packer is told so, by validate and by build',
    async () => {
      const template =
        'packer {\n  required_plugins {\n    amazon = {\n      version = ">= 1.8.0"\n      source  = "github.com/hashicorp/amazon"\n    }\n  }\n}\n\nsource "null" "x" {\n  communicator = "none"\n}\n\nbuild {\n  sources = ["source.null.x"]\n}\n';
      const images = await rig({ 'a.pkr.hcl': template, 'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: a.pkr.hcl }\n' });
      const validated = (await images.run('validate', 'base', '--json')).json();
      const built = Result.parse((await images.run('build', 'base', '--json')).json());
      expect(validated).toMatchObject({
        builders: [{ classification: { rule: 'PACKER_TOO_OLD', reason: expect.stringContaining('required_plugins') as string } }],
      });
      expect(built).toMatchObject({ exit_code: 1, classification: { rule: 'PACKER_TOO_OLD' } });
    },
  );

  it('does not lose a hybridcore.yaml to init', async () => {
    const images = await repository();
    await images.write('hybridcore.yaml', 'version: 1 # mine');
    expect((await images.run('init')).code).toBe(1);
    expect(await images.read('hybridcore.yaml')).toBe('version: 1 # mine');
  });

  it('may keep what builds leave somewhere else, and may stand in any folder of the repository', async () => {
    const images = await repository();
    const elsewhere = await rig({});
    await images.run('init');
    const built = await images.start(['build', 'base', '--json', '--home', elsewhere.root], { folder: `${images.root}/images/base` }).ended;
    const result = Result.parse(built.json());
    expect(result.state).toBe('succeeded');
    expect(await elsewhere.json('artifacts/base.hash.json')).toMatchObject({ build_id: result.build_id });
    await expect(images.read('artifacts/base.hash.json')).rejects.toThrow(/ENOENT/);
    expect(await images.read('out/image.txt')).toBe('an image');
  });
});

describe('builds', () => {
  it('are listed page by page, the newest first', async () => {
    const images = await repository();
    await images.run('init');
    const ids: (string | null)[] = [];
    for (const _ of [1, 2, 3]) {
      // One after the other: it is their order that is shown.
      ids.unshift(Result.parse((await images.run('build', 'legacy', '--json')).json()).build_id);
    }
    const first = (await images.run('builds', 'legacy', '--json', '--limit', '2')).json() as {
      builds: { build_id: string }[];
      cursor: string;
    };
    const second = (await images.run('builds', 'legacy', '--json', '--limit', '2', '--cursor', first.cursor)).json() as typeof first;
    expect([...first.builds, ...second.builds].map((build) => build.build_id)).toEqual(ids);
    expect(second.cursor).toBeNull();
    const foreign = await images.run('builds', 'legacy', '--json', '--cursor', 'x');
    expect(Result.parse(foreign.json())).toMatchObject({ exit_code: 1, classification: { rule: 'REQUEST_INVALID' } });
  });
});

describe('classify', () => {
  const captures = new URL('test/fixtures/captures/', root).pathname;

  it.each([
    ['success-mr.stdout', '0', 0, 'SUCCESS'],
    ['script-fail-human.stdout', '1', 1, 'SCRIPT_EXIT'],
    ['chaos-runinstances-capacity.log', '1', 2, 'AWS_CAPACITY'],
    ['chaos-runinstances-unauthorized.log', '1', 3, 'AWS_UNAUTHORIZED'],
  ])('%s, where packer exited with %s, is %i by %s', async (file, packerExitCode, exitCode, rule) => {
    const images = await rig({});
    const ended = await images.run('classify', `${captures}${file}`, '--packer-exit-code', packerExitCode, '--json');
    expect(ended.json()).toMatchObject({ exit_code: exitCode, classification: { rule } });
    expect(await publishedSchemaFaults('classify', ended.json())).toEqual([]);
    expect(ended.code).toBe(exitCode);
  });

  it('names lines by their numbers in the file, and reads a long one to its end', async () => {
    const exit = 'Script exited with non-zero exit status: 100. Allowed exit codes are: [0]';
    const log = [
      '==> null.base: Running local shell script: install.sh',
      `    null.base: ${'a'.repeat(600_000)}`,
      `==> null.base: ${'z'.repeat(600_000)} E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?`,
      `Build 'null.base' errored after 10 milliseconds: ${exit}`,
      '',
      "==> Some builds didn't complete successfully and had errors:",
      `--> null.base: ${exit}`,
      '',
      '==> Builds finished but no artifacts were created.',
    ];
    const images = await rig({ 'a.log': log.join('\n') });
    const ended = await images.run('classify', 'a.log', '--packer-exit-code', '1', '--json');
    expect(ended.json()).toMatchObject({
      exit_code: 2,
      classification: {
        rule: 'APT_MIRROR',
        evidence: [expect.stringMatching(/^3: z/) as string, `4: ${exit}`],
      },
    });
  });

  it('says what is wrong when there is no such file', async () => {
    const images = await rig({});
    expect(Result.parse((await images.run('classify', 'no.log', '--json')).json())).toMatchObject({
      exit_code: 1,
      classification: { rule: 'USAGE', reason: expect.stringContaining('no.log') as string },
    });
  });
});

describe('scrub', () => {
  it('prints the text without secrets, and writes what it did where it is told to', async () => {
    const images = await rig({ 'a.log': 'the value is hunter22\nand DB_PASSWORD=hunter1234\n' });
    const ended = await images.run('scrub', 'a.log', '--secret', 'env:SCRUB_TEST_VALUE', '--manifest', 'scrub.json');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('SCRUB_TEST_VALUE is not set');
    const scrubbed = await images.run('scrub', 'a.log', '--manifest', 'scrub.json');
    expect(scrubbed.stdout).toMatch(/^the value is hunter22\nand DB_PASSWORD=\[REDACTED:PASSWORD:[0-9a-f]{8}\]\n$/);
    const document = await images.json('scrub.json');
    expect(await publishedSchemaFaults('scrub', document)).toEqual([]);
    expect(document).toMatchObject({ file: { lines: 2, actions: [{ rule: 'PASSWORD', count: 1, line: 2, column: 17 }] } });
  });

  it('writes what it did over nothing that a home keeps, and says what is wrong with a name before it prints anything', async () => {
    const sealed = 'artifacts/base/01J9Z3K4M5N6P7Q8R9S0T1V2W3.hash.json';
    const images = await rig({ 'a.log': 'nothing secret\n', [sealed]: 'sealed', 'state/hybridcore.db': '' });
    for (const file of [sealed, 'no/such/folder.json', '.']) {
      expect(await images.run('scrub', 'a.log', '--manifest', file)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^USAGE \(exit code 1\): --manifest /) as string,
      });
    }
    expect(await images.read(sealed)).toBe('sealed');
  });

  it('reads what Windows PowerShell writes with `>`, and writes it as that', async () => {
    const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');
    const images = await rig({});
    await images.write('a.log', utf16('DB_PASSWORD=hunter1234\r\n'));
    const ended = await images.run('scrub', 'a.log', '--manifest', 'scrub.json');
    expect(Buffer.from(ended.stdout.replaceAll('\0', '')).toString()).toMatch(/DB_PASSWORD=\[REDACTED:PASSWORD:[0-9a-f]{8}\]\r\n$/);
    expect(await images.json('scrub.json')).toMatchObject({ file: { lines: 1, actions: [{ rule: 'PASSWORD', line: 1 }] } });
  });

  it('prints the document in place of the text with --json, and says what is wrong when there is no such file', async () => {
    const images = await rig({ 'a.log': 'nothing secret\n' });
    const ended = await images.run('scrub', 'a.log', '--json');
    expect(await publishedSchemaFaults('scrub', ended.json())).toEqual([]);
    expect(ended.json()).toMatchObject({ file: { file: 'a.log', lines: 1, actions: [] } });
    expect(Result.parse((await images.run('scrub', 'no.log', '--json')).json())).toMatchObject({
      exit_code: 1,
      classification: { rule: 'USAGE', reason: expect.stringContaining('no.log') as string },
    });
  });
});

describe('validate', () => {
  it('shows when each schedule comes next, and refuses one that never does', async () => {
    const images = await rig({
      'hybridcore.yaml': [
        'version: 1',
        'builders:',
        '  weekly: { template: base, schedule: { cron: "0 3 ? JAN SUN#1 2031-2199", timezone: Europe/Berlin } }',
        '  often: { template: base, schedule: { rate: 7 days } }',
        '  over: { template: base, schedule: { cron: "0 3 30 FEB ? *" } }',
        '  never: { template: base }',
      ].join('\n'),
      'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
      'base/run.sh': '#!/bin/sh\n',
    });
    const told = (await images.run('validate', 'weekly')).stdout;
    expect(told).toContain('schedule  cron(0 3 ? JAN SUN#1 2031-2199) in Europe/Berlin; it comes next\n');
    expect(told).toContain('Sun 2031-01-05 03:00  (2031-01-05T02:00:00Z)\n');
    const document = (await images.run('validate', '--json')).json();
    expect(await publishedSchemaFaults('validate', document)).toEqual([]);
    expect(document).toMatchObject({
      exit_code: 1,
      builders: [
        {
          exit_code: 0,
          schedule: { timezone: 'Europe/Berlin', next: ['2031-01-05T02:00:00Z', '2032-01-04T02:00:00Z', '2033-01-02T02:00:00Z'] },
        },
        { exit_code: 0, schedule: { expression: 'rate(7 days)', next: { length: 3 } } },
        {
          exit_code: 1,
          classification: { rule: 'CONFIG_INVALID', reason: expect.stringContaining('builders.over.schedule.cron') as string },
          schedule: { next: [] },
        },
        { exit_code: 0, schedule: null },
      ],
    });
  });

  const token = ['ghp_', 'a1B2c3D4e5F6'.repeat(3)].join('');
  const withAllowance = (file: string, expires: string) =>
    rig({
      'hybridcore.yaml': `version: 1\nsecrets_allowed:\n  - { file: ${file}, rule: GITHUB_TOKEN, reason: made up, expires: ${expires} }\nbuilders:\n  base: { template: base, inputs: { scripts: ["base/*.sh"] } }\n`,
      'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
      'base/run.sh': `#!/bin/sh\nTOKEN=${token}\n`,
    });

  it('takes a false alarm that is allowed, refuses it when that is over, and names an entry for no input', async () => {
    expect((await (await withAllowance('base/run.sh', '2999-12-31')).run('validate', '--json')).json()).toMatchObject({ exit_code: 0 });
    expect((await (await withAllowance('base/run.sh', '2020-12-31')).run('validate', '--json')).json()).toMatchObject({
      exit_code: 3,
      builders: [{ classification: { rule: 'INPUT_SECRET', reason: expect.stringContaining('allowed until 2020-12-31') as string } }],
    });
    expect((await (await withAllowance('base/ran.sh', '2999-12-31')).run('validate', '--json')).json()).toMatchObject({
      exit_code: 1,
      classification: { rule: 'CONFIG_INVALID', reason: expect.stringContaining('base/ran.sh') as string },
    });
  });
});

describe('schema', () => {
  it('prints what is published, for each name', async () => {
    const images = await rig({});
    expect((await images.run('schema')).stdout.trim().split('\n')).toEqual([...schemaNames]);
    const all = (await images.run('schema', '--json')).json();
    expect(all).toEqual({ schemas: [...schemaNames] });
    expect(await publishedSchemaFaults('schemas', all)).toEqual([]);
    expect((await images.run('schema', 'result')).json()).toEqual(
      JSON.parse(await readFile(new URL('schemas/result.schema.json', root), 'utf8')),
    );
  });
});
