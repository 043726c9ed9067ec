import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { queueLimit } from '../../core/builder-record.ts';
import { BuildsDocument, StatusDocument } from '../../core/documents.ts';
import { BuildId } from '../../core/identity.ts';
import { Result } from '../../core/result.ts';
import * as z from '../../core/zod.ts';
import { commandLine } from '../fixtures/command-line.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';

function repository(script: string): Promise<Rig> {
  return rig({
    'hybridcore.yaml': 'version: 1\nbuilders:\n  base:\n    template: base\n    variables: [n]\n    retry: { delay: 1s }\n',
    'base/base.pkr.hcl': `variable "n" {\n  default = ""\n}\n\n${fileTemplate('out/image.txt', '${path.root}/run.sh')}`,
    'base/run.sh': `#!/bin/sh\nset -eu\n${script}\n`,
  });
}

const countedRun = 'echo x >> runs.txt';

async function build(images: Rig, ...options: readonly string[]): Promise<Result> {
  return Result.parse((await images.run('build', 'base', '--json', ...options)).json());
}

async function runs(images: Rig): Promise<number> {
  return (await images.read('runs.txt')).split('\n').length - 1;
}

describe('build --only-if-changed', () => {
  it('is skipped without a packer run while the inputs are those of the manifest, and builds when one byte changed', async () => {
    const images = await repository(countedRun);
    const first = await build(images);
    expect(first.state).toBe('succeeded');
    const ended = await images.run('build', 'base', '--only-if-changed');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/UNCHANGED.*the inputs are those of artifacts\/base\//);
    const skipped = await build(images, '--only-if-changed', '--max-age', '30d');
    expect(skipped).toMatchObject({ exit_code: 0, state: 'skipped', attempt: 0, manifest_path: first.manifest_path });
    expect(skipped.fingerprint).toBe(first.fingerprint);
    expect(await runs(images)).toBe(1);
    await images.write('base/run.sh', `#!/bin/sh\nset -eu\n${countedRun} # changed\n`);
    expect((await build(images, '--only-if-changed')).state).toBe('succeeded');
    expect(await runs(images)).toBe(2);
  });
});

describe('build --client-token', () => {
  it('gives the build that it was given before, and its exit code, without another run', async () => {
    const images = await repository(countedRun);
    const first = await build(images, '--client-token', 'nightly-1');
    const again = await images.run('build', 'base', '--client-token', 'nightly-1', '--json');
    expect(again.code).toBe(0);
    expect(again.json()).toEqual(first);
    expect(again.stderr).toContain(`this client token was given the build ${first.build_id}`);
    expect(await runs(images)).toBe(1);
    expect(await build(images, '--client-token', 'nightly-1', '--var', 'n=1')).toMatchObject({
      exit_code: 1,
      build_id: null,
      classification: { rule: 'TOKEN_CONFLICT', reason: expect.stringContaining(first.build_id ?? '') as string },
    });
  });
});

describe('a request with several faults', () => {
  it('is told all of them in one answer, and leaves nothing behind', async () => {
    const images = await repository('true');
    const ended = await images.run(
      'build',
      'base',
      '--var',
      'size=1',
      '--retention',
      'forever',
      '--client-token',
      'a b',
      '--max-age',
      '1y',
    );
    expect(ended.code).toBe(1);
    const faults = [/not size/, /no retention class forever/, /printable ASCII/, /a duration is a whole number/, /means something with/];
    for (const fault of faults) expect(ended.stderr).toMatch(fault);
    expect(ended.stderr).toContain(`has ${faults.length} faults`);
    const unknown = await images.run('build', 'bsae', '--retention', 'forever');
    expect(unknown.code).toBe(1);
    for (const fault of [/has 2 faults/, /no builder bsae/, /no retention class forever/, /did you mean base\?/])
      expect(unknown.stderr).toMatch(fault);
    expect(BuildsDocument.parse((await images.run('builds', 'base', '--json')).json()).builds).toEqual([]);
  });
});

const Given = z.array(z.object({ how: z.string(), build: z.nullable(BuildId) }));

/** Asks for 50 builds at once, from five processes. */
async function fiftyRequests(images: Rig, equal: boolean): Promise<z.infer<typeof Given>> {
  const worker = join(import.meta.dirname, '..', 'fixtures', 'many-requests.ts');
  const answers = await Promise.all(
    Array.from({ length: 5 }, (_, number) =>
      output(images.root, [worker, commandLine, 'base', '10', ...(equal ? [] : [`process-${number}`])]),
    ),
  );
  return answers.flatMap((answer) => Given.parse(JSON.parse(answer)));
}

function output(folder: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(stdout) : reject(new Error(`${code}: ${stderr}`))));
  });
}

async function status(images: Rig) {
  const [builder] = StatusDocument.parse((await images.run('status', 'base', '--json')).json()).builders;
  if (builder === undefined) throw new Error('the builder is known');
  return builder;
}

/** Lets the scripts go on, and looks until the builder is idle. */
async function untilIdle(images: Rig): Promise<void> {
  await images.write('go', '');
  for (;;) {
    const now = await status(images);
    if (now.current === null && now.waiting.length === 0) return;
  }
}

const untilReleased = 'while [ ! -e go ]; do sleep 0.1; done';

describe('fifty requests at once, from several processes', () => {
  it('that are equal give one running build and one waiting that the others joined', async () => {
    const images = await repository(untilReleased);
    const given = await fiftyRequests(images, true);
    const builds = [...new Set(given.map((each) => each.build))];
    expect(builds).toHaveLength(2);
    expect(given.filter((each) => each.how === 'accepted')).toHaveLength(2);
    expect(given.filter((each) => each.how === 'joined')).toHaveLength(48);
    const now = await status(images);
    expect(now.current).toMatchObject({ state: 'running' });
    expect(now.waiting).toHaveLength(1);
    expect(new Set(given.filter((each) => each.how === 'joined').map((each) => each.build))).toEqual(new Set(now.waiting));
    await untilIdle(images);
    const listed = BuildsDocument.parse((await images.run('builds', 'base', '--json')).json()).builds;
    expect(listed.map((each) => [each.state, each.attempts])).toEqual([
      ['succeeded', 1],
      ['succeeded', 1],
    ]);
  });

  it('that differ fill the line, the rest are told so, and each that was accepted ends', async () => {
    const images = await repository(untilReleased);
    const given = await fiftyRequests(images, false);
    const accepted = given.filter((each) => each.how === 'accepted').map((each) => each.build);
    expect(new Set(accepted).size).toBe(queueLimit + 1);
    expect(given.filter((each) => each.how === 'QUEUE_FULL')).toHaveLength(50 - queueLimit - 1);
    expect((await status(images)).waiting).toHaveLength(queueLimit);
    await untilIdle(images);
    const listed = BuildsDocument.parse((await images.run('builds', 'base', '--json', '--limit', '100')).json()).builds;
    expect(new Set(listed.map((each) => each.build_id))).toEqual(new Set(accepted));
    expect(listed.every((each) => each.state === 'succeeded' && each.attempts === 1)).toBe(true);
    expect(await readdir(join(images.root, 'artifacts', 'base'))).toHaveLength(queueLimit + 1);
  }, 180_000);
});
