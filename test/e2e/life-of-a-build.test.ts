import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { manifestDigest } from '../../core/document-text.ts';
import { HashManifest } from '../../core/hash-manifest.ts';
import { Result } from '../../core/result.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';

function repository(script: string, settings = ''): Promise<Rig> {
  return rig({
    'hybridcore.yaml': `version: 1\nbuilders:\n  base:\n    template: base\n    retry: { delay: 1s }\n${settings}`,
    'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
    'base/run.sh': `#!/bin/sh\nset -eu\n${script}\n`,
  });
}

const untilReleased = 'touch started; while [ ! -e go ]; do sleep 0.1; done';

async function fingerprint(images: Rig): Promise<string> {
  const ended = await images.run('inputs', 'base', '--json');
  return (ended.json() as { fingerprint: string }).fingerprint;
}

async function started(images: Rig): Promise<void> {
  while (!(await readdir(images.root)).includes('started')) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('the fingerprint', () => {
  it('changes with one byte of one script, and the manifests name that input; touching a file changes nothing', async () => {
    const images = await repository('echo one');
    const before = await fingerprint(images);
    await utimes(join(images.root, 'base/run.sh'), new Date(0), new Date(0));
    expect(await fingerprint(images)).toBe(before);
    expect((await images.run('build', 'base')).code).toBe(0);
    await images.write('base/run.sh', '#!/bin/sh\nset -eu\necho onf\n');
    expect(await fingerprint(images)).not.toBe(before);
    expect((await images.run('build', 'base')).code).toBe(0);

    const folder = join(images.root, 'artifacts', 'base');
    const [first, second] = await Promise.all(
      (await readdir(folder)).sort().map(async (name) => HashManifest.parse(await images.json(`artifacts/base/${name}`))),
    );
    if (first === undefined || second === undefined) throw new Error('both builds sealed a manifest');
    expect(first.fingerprint).toBe(before);
    expect(second.sequence).toBe(2);
    expect(second.previous).toEqual({ digest: manifestDigest(first), fingerprint: first.fingerprint });
    const digests = new Map(first.inputs.map((input) => [input.name, input.digest]));
    expect(second.inputs.filter((input) => digests.get(input.name) !== input.digest).map((input) => input.name)).toEqual(['base/run.sh']);
  });
});

describe('a second build of the same builder', () => {
  it('waits its turn, says so, and is built after the first', async () => {
    const images = await repository(untilReleased);
    const first = images.start(['build', 'base', '--json']);
    await started(images);
    const second = images.start(['build', 'base', '--json']);
    await second.says(/waits its turn: [0-9A-Z]{26} is under way/);
    await images.write('go', '');
    const results = await Promise.all([first.ended, second.ended].map(async (ended) => Result.parse((await ended).json())));
    expect(results.map((result) => result.state)).toEqual(['succeeded', 'succeeded']);
    expect(Date.parse(results[1]?.started_at ?? '')).toBeGreaterThanOrEqual(Date.parse(results[0]?.finished_at ?? ''));
  });
});

describe('a build that is interrupted', () => {
  it('by Ctrl-C gives packer its clean-up and ends stopped, with exit code 1', async () => {
    const images = await repository('touch started; sleep 60');
    const build = images.start(['build', 'base', '--json']);
    await started(images);
    build.process.kill('SIGINT');
    const ended = await build.ended;
    const result = Result.parse(ended.json());
    expect(result).toMatchObject({ exit_code: 1, state: 'stopped', retryable: false, classification: { rule: 'STOPPED' } });
    expect(ended.code).toBe(1);
    const log = await images.run('logs', result.build_id ?? '', '--raw');
    expect(log.stdout).toContain('Cancelling build after receiving terminated');
    expect(log.stdout).toContain('Cleanly cancelled builds after being interrupted');
  });

  it('by `stop` from another terminal ends in the same way', async () => {
    const images = await repository('touch started; sleep 60');
    const build = images.start(['build', 'base', '--json']);
    await started(images);
    const status = (await images.run('status', 'base', '--json')).json() as { builders: { current: { build_id: string } }[] };
    const id = status.builders[0]?.current.build_id ?? '';
    expect((await images.run('stop', id)).stdout).toContain('is asked to stop');
    expect(Result.parse((await build.ended).json())).toMatchObject({ build_id: id, state: 'stopped' });
  });

  it('by its time limit is stopped kindly, retried once, and escalated', async () => {
    const images = await repository('echo run >> runs; sleep 60', '    timeout: 5s\n');
    const result = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(result).toMatchObject({ exit_code: 2, state: 'escalated', attempt: 2, classification: { rule: 'TIMED_OUT' } });
    expect((await images.read('runs')).trim().split('\n')).toHaveLength(2);
    const log = await images.run('logs', result.build_id ?? '', '--raw', '--attempt', '1');
    expect(log.stdout).toContain('Cleanly cancelled builds after being interrupted');
  });

  it('by SIGKILL of the command goes on, and the next command completes it', async () => {
    const images = await repository(untilReleased);
    const build = images.start(['build', 'base', '--json']);
    await started(images);
    build.process.kill('SIGKILL');
    await build.ended;
    await images.write('go', '');
    const second = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(second.state).toBe('succeeded');
    const listed = (await images.run('builds', 'base', '--json')).json() as { builds: { state: string; attempts: number }[] };
    expect(listed.builds.map((each) => `${each.state} ${each.attempts}`)).toEqual(['succeeded 1', 'succeeded 1']);
    expect(HashManifest.parse(await images.json('artifacts/base.hash.json')).sequence).toBe(2);
  });

  it('by a second Ctrl-C is left to itself, and the next command, whichever it is, completes it', async () => {
    const images = await repository('touch started; sleep 60');
    const build = images.start(['build', 'base', '--json']);
    await started(images);
    build.process.kill('SIGINT');
    await build.says('is asked to stop');
    build.process.kill('SIGINT');
    const left = await build.ended;
    expect(Result.parse(left.json())).toMatchObject({ exit_code: 2, classification: { rule: 'INTERRUPTED' } });
    for (;;) {
      const status = (await images.run('status', 'base', '--json')).json() as {
        builders: { current: unknown; last: { state: string } | null }[];
      };
      if (status.builders[0]?.current === null) {
        expect(status.builders[0].last).toMatchObject({ state: 'stopped' });
        break;
      }
    }
    expect(await images.json('state/packer/logs/base.json')).toMatchObject({ state: 'stopped' });
  });

  it('while it waits in the line ends at once', async () => {
    const images = await repository(untilReleased);
    const first = images.start(['build', 'base', '--json']);
    await started(images);
    const second = images.start(['build', 'base', '--json']);
    await second.says('waits its turn');
    second.process.kill('SIGINT');
    expect(Result.parse((await second.ended).json())).toMatchObject({ exit_code: 1, state: 'stopped', attempt: 0 });
    await images.write('go', '');
    expect(Result.parse((await first.ended).json())).toMatchObject({ state: 'succeeded' });
  });

  it('by SIGKILL of packer itself, which then exits with 0, is class 2', async () => {
    const images = await repository('echo run >> runs; kill -9 $(ps -o ppid= -p $PPID); sleep 5');
    const result = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(result).toMatchObject({ exit_code: 2, state: 'escalated', manifest_path: null });
    expect((await images.read('runs')).trim().split('\n')).toHaveLength(2);
  });
});

describe('a secret', () => {
  const secret = 'h4rd-to-guess, "quoted"';

  it('reaches packer in a private file, is gone from every log, and is in the manifest by reference only', async () => {
    const images = await repository('true', '    secrets: { token: "env:BASE_TOKEN" }\n');
    await images.write(
      'base/base.pkr.hcl',
      `variable "token" {
  type      = string
  sensitive = true
}

source "file" "image" {
  content = "an image"
  target  = "out/image.txt"
}

build {
  sources = ["source.file.image"]

  provisioner "shell-local" {
    environment_vars = ["TOKEN=\${var.token}"]
    inline           = ["echo \\"the token is $TOKEN\\"", "ps -eo args > out/processes", "env > out/environment"]
  }
}
`,
    );
    await images.write('out/.keep', '');
    const started = images.start(['build', 'base', '--json'], {
      environment: { BASE_TOKEN: secret, PKR_VAR_token: 'not-this-one', PACKER_LOG: '1' },
    });
    const ended = await started.ended;
    const result = Result.parse(ended.json());
    expect(result.state).toBe('succeeded');
    expect(result.command).toContain('-var-file=secrets.pkrvars.json');
    const log = (await images.run('logs', result.build_id ?? '', '--raw')).stdout;
    expect(log).toMatch(/the token is \[REDACTED:SECRET:[0-9a-f]{8}\]/);
    const packers = (await images.read('out/processes'))
      .split('\n')
      .filter((line) => line.includes('packer build') && line.includes(images.root));
    expect(packers.length).toBeGreaterThan(0);
    for (const text of [ended.stdout, ended.stderr, log, packers.join('\n'), await images.read('artifacts/base.hash.json')])
      expect(text).not.toContain('h4rd-to-guess');
    const environment = await images.read('out/environment');
    expect(environment).not.toMatch(/^(?:BASE_TOKEN=|PKR_VAR_token=|PACKER_LOG=1)/m);
    expect(HashManifest.parse(await images.json('artifacts/base.hash.json')).inputs).toContainEqual(
      expect.objectContaining({ kind: 'variable', name: 'token', sensitive: true, reference: 'env:BASE_TOKEN' }),
    );
    const scrub = await images.json(result.scrub_manifest_path ?? '');
    expect(JSON.stringify(scrub)).toContain('"rule":"token"');
  });

  it('that is not there is class 1, and says which variable to set', async () => {
    const images = await repository('true', '    secrets: { token: "env:BASE_TOKEN" }\n');
    const result = Result.parse((await images.run('build', 'base', '--json')).json());
    expect(result).toMatchObject({
      exit_code: 1,
      state: 'failed',
      classification: { rule: 'SECRET_UNAVAILABLE', reason: expect.stringContaining('BASE_TOKEN') as string },
    });
  });
});
