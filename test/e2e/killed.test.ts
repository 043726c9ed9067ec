import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';

import { BuildsDocument } from '../../core/documents.ts';
import { HashManifest } from '../../core/hash-manifest.ts';
import { LogSummary } from '../../core/log-summary.ts';
import { Result } from '../../core/result.ts';
import { commandLine } from '../fixtures/command-line.ts';
import { startScript } from '../fixtures/records/processes.ts';
import { type Ended, type Rig, fileTemplate, rig } from '../fixtures/rig.ts';

/** Random, so that no compression makes it small; characters. */
const logSize = 400_000;
const untilReleased = 'touch started; while [ ! -e go ]; do sleep 0.1; done';
const largeLog = `head -c ${(logSize * 3) / 4} /dev/urandom | base64`;

function repository(script: string): Promise<Rig> {
  return rig({
    'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: base, retry: { delay: 1s } }\n',
    'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
    'base/run.sh': `#!/bin/sh\nset -eu\n${script}\n`,
  });
}

/** Runs the command line under the conditions of a line of `sh`, which ends in `"$@"`. */
async function runUnder(images: Rig, shell: string, words: readonly string[]): Promise<Ended> {
  const child = spawn('sh', ['-c', shell, 'sh', process.execPath, commandLine, ...words], {
    cwd: images.root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr, json: () => JSON.parse(stdout) as unknown };
}

async function appears(file: string): Promise<void> {
  while (
    !(await access(file).then(
      () => true,
      () => false,
    ))
  )
    await sleep(50);
}

/** Until the build service has the last word on the one run that there is. */
async function runEnds(images: Rig): Promise<void> {
  const runs = join(images.root, 'state', 'build-service');
  const run = (await readdir(runs)).find((name) => name.startsWith('run-'));
  if (run === undefined) throw new Error('no run is there');
  while (!(await readFile(join(runs, run, 'record.json'), 'utf8')).includes('"phase": "COMPLETED"')) await sleep(50);
}

/** Starts a build, waits until packer's script runs, and kills the command. @returns the build's id. */
async function abandonedBuild(images: Rig): Promise<string> {
  const build = images.start(['build', 'base', '--json']);
  await appears(join(images.root, 'started'));
  await build.says(/build [0-9A-Z]{26}/);
  build.process.kill('SIGKILL');
  const id = /build ([0-9A-Z]{26})/.exec((await build.ended).stderr)?.[1];
  if (id === undefined) throw new Error('the command names its build');
  return id;
}

async function listed(images: Rig): Promise<readonly string[]> {
  const ended = await images.run('builds', 'base', '--json');
  return BuildsDocument.parse(ended.json()).builds.map((build) => `${build.build_id} ${build.state} ${build.attempts}`);
}

/** That a command ended for what befell the home: with class 2, and a person is told where and what to do. */
function expectStorage(ended: Ended, reason: RegExp, hint: RegExp): void {
  const result = Result.parse(ended.json());
  expect(ended.code).toBe(2);
  expect(result).toMatchObject({ exit_code: 2, manifest_path: null, retryable: false, classification: { rule: 'STORAGE' } });
  expect(result.classification.reason).toMatch(reason);
  expect(result.classification.hint).toMatch(hint);
  expect(ended.stderr).not.toContain('    at ');
}

/** That a build succeeded, once, and everything it left is whole. */
async function expectWhole(images: Rig, id: string): Promise<void> {
  const result = Result.parse(await images.json(`state/packer/results/base/${id}.json`));
  expect(result).toMatchObject({ build_id: id, state: 'succeeded', exit_code: 0, attempt: 1 });
  expect(LogSummary.parse(await images.json(`state/packer/logs/base/${id}.json`))).toMatchObject({ state: 'succeeded' });
  expect(HashManifest.parse(await images.json(result.manifest_path ?? ''))).toMatchObject({ build_id: id, sequence: 1 });
}

describe('a database that another process keeps locked', () => {
  it('ends the command with class 2 and says so; the next one completes what was under way', async () => {
    const images = await repository(untilReleased);
    const build = images.start(['build', 'base', '--json']);
    await appears(join(images.root, 'started'));
    await build.says(/build [0-9A-Z]{26}/);
    const holder = startScript('hold-lock', [join(images.root, 'state', 'hybridcore.db'), '600000']);
    onTestFinished(() => holder.kill());
    expect(await holder.nextLine()).toBe('held');
    await images.write('go', '');
    const ended = await build.ended;
    expectStorage(ended, /hybridcore\.db was locked by another process for more than 10 seconds/, /look for a process that hangs on it/);
    await holder.kill();

    expect(Result.parse((await images.run('build', 'base', '--json')).json())).toMatchObject({ state: 'succeeded' });
    const id = /build ([0-9A-Z]{26})/.exec(ended.stderr)?.[1] ?? '';
    expect(await listed(images)).toEqual([expect.stringMatching(/ succeeded 1$/), `${id} succeeded 1`]);
    await expectWhole(images, id);
  });
});

describe('a disk without room', () => {
  it('ends the command that meets it with class 2; once there is room the next command completes the same build', async () => {
    const images = await repository(`${untilReleased}\n${largeLog}`);
    const id = await abandonedBuild(images);
    // Closes the records as it ends, so that the files of the database are small, and the log alone finds no room.
    await images.run('status');
    await images.write('go', '');
    await runEnds(images);
    const key = `state/packer/logs/base/${id}/1.log.gz`;
    const starved = await runUnder(images, 'ulimit -f 400; exec "$@"', ['build', 'base', '--json']);
    expectStorage(starved, new RegExp(`${key} could not be read or written: it is larger than`), /ulimit/);
    expect(await listed(images)).not.toContain(`${id} running 1`);
    await expectWhole(images, id);
    expect(gunzipSync(await readFile(join(images.root, key))).toString().length).toBeGreaterThan(logSize);
    // The run of the request that found no room may be under way, and its drafts last a moment.
    const drafts = async () => (await readdir(images.root, { recursive: true })).filter((file) => file.includes('.hybridcore-'));
    await expect.poll(drafts, { timeout: 20_000 }).toEqual([]);
  });

  it('that the records do not fit on ends the command with class 2, and its request is not half accepted', async () => {
    const images = await repository(untilReleased);
    const id = await abandonedBuild(images);
    const starved = await runUnder(images, 'ulimit -f 80; exec "$@"', ['build', 'base', '--json']);
    expectStorage(starved, /hybridcore\.db could not be (?:read or )?written/, /disk|room/);
    expect(await listed(images)).toEqual([`${id} running 1`]);
    await images.write('go', '');
    expect(Result.parse((await images.run('build', 'base', '--json')).json())).toMatchObject({ state: 'succeeded' });
    await expectWhole(images, id);
  });

  it.runIf(canMount())('stops neither the build nor its retry for good: when there is room again the next command ends them', async () => {
    const images = await repository(untilReleased);
    const disk = await tinyDisk(images);
    const words = ['build', 'base', '--home', 'home', '--json'];
    const build = runUnder(images, disk.enter, words);
    await appears(join(images.root, 'started'));
    await disk.run('head -c 2000000 /dev/zero > home/filler');
    await images.write('go', '');
    expectStorage(await build, /disk is full|ENOSPC/, /room|full/);
    await disk.run('rm home/filler');

    const next = Result.parse((await runUnder(images, disk.enter, words)).json());
    expect(next).toMatchObject({ state: 'succeeded' });
    const ended = await runUnder(images, disk.enter, ['builds', 'base', '--home', 'home', '--json']);
    const { builds } = BuildsDocument.parse(ended.json());
    expect(builds.map((each) => each.state)).toEqual(builds.map(() => 'succeeded'));
    expect(builds.length).toBeGreaterThan(1);
  });
});

/** A full disk needs a disk of its own, which Linux gives to any user where user namespaces are on. */
function canMount(): boolean {
  const words = ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', tmpdir()];
  return spawnSync('unshare', words).status === 0;
}

interface TinyDisk {
  /** A line of `sh` that runs a command where the disk is mounted. */
  readonly enter: string;
  /** Runs a line of `sh` there, whether it succeeds or not. */
  run(line: string): Promise<void>;
}

/** Mounts a megabyte at `home`, for the commands that enter alone; it is gone with the process that holds it. */
async function tinyDisk(images: Rig): Promise<TinyDisk> {
  await mkdir(join(images.root, 'home'));
  const holder: ChildProcess = spawn(
    'unshare',
    ['--map-root-user', '--mount', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs "$1" && touch mounted && exec sleep 600', 'sh', 'home'],
    { cwd: images.root, stdio: 'ignore' },
  );
  onTestFinished(() => {
    holder.kill('SIGKILL');
  });
  await appears(join(images.root, 'mounted'));
  const enter = `exec nsenter --target ${holder.pid} --user --preserve-credentials --mount --wdns="$PWD" -- "$@"`;
  return {
    enter,
    run: async (line) => {
      await once(spawn('sh', ['-c', enter, 'sh', 'sh', '-c', line], { cwd: images.root, stdio: 'ignore' }), 'close');
    },
  };
}
