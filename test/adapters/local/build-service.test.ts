import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ulid } from 'ulid';
import { describe, expect, it } from 'vitest';

import { localBuildService } from '../../../adapters/local/build-service.ts';
import { readBuildspec } from '../../../adapters/local/packaged-files.ts';
import { RunId } from '../../../core/identity.ts';
import * as z from '../../../core/zod.ts';
import { runnerFile, starterFile } from '../../fixtures/build-service/programs.ts';
import {
  building,
  consoleOf,
  ended,
  eventually,
  lives,
  lookOnce,
  phase,
  runFolder,
  runnerPid,
  startRequest,
  started,
  temporaryFolder,
  testService,
  written,
} from './build-service-rig.ts';

const execute = promisify(execFile);
const startedRun = (line: string) => z.object({ state: z.literal('started'), run: RunId }).parse(JSON.parse(line)).run;
/** The arguments of a process that starts a run of its own. */
const starter = (home: string, buildspec: string, stay = false) => [
  starterFile,
  JSON.stringify({ home, buildspec, token: 'token', runner: runnerFile, stay }),
];

describe.concurrent('a run outlives whoever started it', () => {
  it('finishes when the process that started it is killed', async () => {
    await using home = await temporaryFolder();
    const buildspec = building('until [ -e go ]; do sleep 0.05; done');
    const parent = spawn(process.execPath, starter(home.path, buildspec, true), { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await parent.stdout.take(1).toArray();
    parent.kill('SIGKILL');
    const run = startedRun(String(line));
    const service = testService({ home: home.path, buildspec });
    await eventually(async () => ((await lookOnce(service, run)).phases.at(-1)?.phase === 'BUILD' ? true : undefined));
    await writeFile(path.join(home.path, 'go'), '');
    expect((await ended(service, run)).status).toBe('SUCCEEDED');
  });
});

describe.concurrent('equal tokens', () => {
  it('are one run when eight processes start it at once', async () => {
    await using home = await temporaryFolder();
    const buildspec = building('echo ran >> ran.txt');
    const answers = await Promise.all(Array.from({ length: 8 }, () => execute(process.execPath, starter(home.path, buildspec))));
    const runs = new Set(answers.map(({ stdout }) => startedRun(stdout)));
    expect(runs.size).toBe(1);
    const [run] = runs;
    if (run === undefined) throw new Error('no run was started');
    const service = testService({ home: home.path, buildspec });
    expect((await ended(service, run)).status).toBe('SUCCEEDED');
    expect(await readFile(path.join(home.path, 'ran.txt'), 'utf8')).toBe('ran\n');
    expect((await readdir(path.join(home.path, 'state', 'build-service'))).sort()).toStrictEqual([run, 'tokens']);
  });

  it('start the run of a process that died between taking the token and starting the runner', async () => {
    await using home = await temporaryFolder();
    const options = { home: home.path, buildspec: building('true') };
    // A runner that cannot be started leaves exactly what such a death does.
    await expect(testService({ ...options, command: [path.join(home.path, 'missing')] }).start(startRequest('token'))).rejects.toThrow(
      'ENOENT',
    );
    const left = (await readdir(path.join(home.path, 'state', 'build-service'))).find((name) => name.startsWith('run-'));
    const service = testService(options);
    const run = await started(service, startRequest('token'));
    expect(run).toBe(left);
    expect((await ended(service, run)).status).toBe('SUCCEEDED');
  });

  it('never start a run a second time that has ended', async () => {
    await using home = await temporaryFolder();
    const service = testService({ home: home.path, buildspec: building('echo ran >> ran.txt') });
    const run = await started(service, startRequest('token'));
    const record = await ended(service, run);
    await started(service, startRequest('token'));
    expect(await lookOnce(service, run)).toStrictEqual(record);
    expect(await readFile(path.join(home.path, 'ran.txt'), 'utf8')).toBe('ran\n');
  });
});

describe.concurrent('the limit of runs', () => {
  it('leaves nothing of a start that found it reached', async () => {
    await using home = await temporaryFolder();
    const service = testService({ home: home.path, buildspec: building('sleep 100'), limit: 1 });
    const run = await started(service, startRequest('a'));
    expect((await service.start(startRequest('b'))).state).toBe('full');
    expect((await readdir(path.join(home.path, 'state', 'build-service'))).sort()).toStrictEqual([run, 'tokens']);
    await service.stop(run);
    await ended(service, run);
  });

  it('does not count a place that was reserved by a process that died, and clears it away', async () => {
    await using home = await temporaryFolder();
    const options = { home: home.path, buildspec: building('true'), limit: 1 };
    const long = 120_000;
    const early = testService({ ...options, clock: { now: () => Date.now() - long }, command: [path.join(home.path, 'missing')] });
    await expect(early.start(startRequest('a'))).rejects.toThrow('ENOENT');
    const reserved = (await readdir(path.join(home.path, 'state', 'build-service'))).find((name) => name.startsWith('run-'));
    // Its token was not taken yet when it died.
    const tokens = path.join(home.path, 'state', 'build-service', 'tokens');
    for (const token of await readdir(tokens))
      await writeFile(path.join(tokens, token), JSON.stringify({ run: 'run-01ARZ3NDEKTSV4RRFFQ69G5FAV' }));
    const service = testService(options);
    const run = await started(service, startRequest('b'));
    expect((await ended(service, run)).status).toBe('SUCCEEDED');
    expect(await readdir(path.join(home.path, 'state', 'build-service'))).not.toContain(reserved);
  });
});

describe.concurrent('the end of a run leaves no process of it', () => {
  // The grandchild leads a session of its own, as a packer with a process group of its own would.
  const script = `require('node:fs').writeFileSync('grandchild.pid', require('node:child_process').spawn('sleep', ['100'], { detached: true }).pid + '\\n')`;
  const leavesGroup = `'${process.execPath}' -e "${script}" & sh -c 'sleep 100 & echo $! > child.pid; wait'`;

  it('when it reaches its time limit', async () => {
    await using home = await temporaryFolder();
    const service = testService({
      home: home.path,
      buildspec: JSON.stringify({
        version: '0.2',
        phases: { build: { commands: [leavesGroup], finally: ['touch finally'] }, post_build: { commands: ['touch after'] } },
      }),
    });
    const run = await started(service, startRequest('token', { timeLimit: 1200 }));
    const record = await ended(service, run);
    expect(record.status).toBe('TIMED_OUT');
    expect(phase(record, 'BUILD')).toMatchObject({ status: 'TIMED_OUT', contexts: [{ status_code: 'BUILD_TIMED_OUT' }] });
    expect(phase(record, 'POST_BUILD')).toBeUndefined();
    for (const name of ['child.pid', 'grandchild.pid']) expect(lives(await written(path.join(home.path, name)))).toBe(false);
    expect(await readdir(home.path)).not.toContain('finally');
    expect(await readdir(home.path)).not.toContain('after');
  });

  it('when it is stopped, though a process ignores SIGTERM', async () => {
    await using home = await temporaryFolder();
    const service = testService({
      home: home.path,
      buildspec: building(`sh -c 'trap "echo told > told.txt" TERM; echo $$ > stubborn.pid; while :; do sleep 0.1; done'`),
      grace: 500,
    });
    const run = await started(service, startRequest('token'));
    const stubborn = await written(path.join(home.path, 'stubborn.pid'));
    await service.stop(run);
    const record = await ended(service, run);
    expect(record.status).toBe('STOPPED');
    expect(phase(record, 'BUILD')?.status).toBe('STOPPED');
    // Asked first, killed after the grace.
    expect(await written(path.join(home.path, 'told.txt'))).toBe('told');
    expect(lives(stubborn)).toBe(false);
  });

  it('when it succeeds with a process still in the background', async () => {
    await using home = await temporaryFolder();
    const service = testService({ home: home.path, buildspec: building('sleep 100 & echo $! > background.pid', 'exit 0') });
    const run = await started(service, startRequest('token'));
    expect((await ended(service, run)).status).toBe('SUCCEEDED');
    expect(lives(await written(path.join(home.path, 'background.pid')))).toBe(false);
  });
});

describe.concurrent('a stop', () => {
  it('reaches a run whose runner has yet to begin', async () => {
    await using home = await temporaryFolder();
    // The runner waits in front of its beginning until the stop is written.
    const late = [
      '/bin/sh',
      '-c',
      `until [ -e "$1/stop" ]; do sleep 0.05; done; exec "$0" '${runnerFile}' "$1"`,
      process.execPath,
    ] as const;
    const service = testService({ home: home.path, buildspec: building('touch ran'), command: late });
    const run = await started(service, startRequest('token'));
    await service.stop(run);
    expect((await ended(service, run)).status).toBe('STOPPED');
    expect(await readdir(home.path)).not.toContain('ran');
  });

  it('is told from a SIGTERM that nobody asked for, which is a fault', async () => {
    await using home = await temporaryFolder();
    const service = testService({ home: home.path, buildspec: building('echo $$ > shell.pid; sleep 100') });
    const run = await started(service, startRequest('token'));
    const shell = await written(path.join(home.path, 'shell.pid'));
    process.kill(await runnerPid(home.path, run), 'SIGTERM');
    const record = await ended(service, run);
    expect(record.status).toBe('FAULT');
    expect(phase(record, 'BUILD')?.contexts[0]?.status_code).toBe('INTERRUPTED');
    expect(lives(shell)).toBe(false);
  });
});

describe.concurrent('a runner that dies', () => {
  it('makes the run a fault, once none of its processes lives', async () => {
    await using home = await temporaryFolder();
    // Cleans up for a while when it is told to end, like packer. Its errors go where a reader is: the runner's pipe has none.
    const tidy = `sh -c 'exec 2>/dev/null; trap "sleep 0.4; echo tidied > tidied.txt; exit" TERM; echo $$ > tidy.pid; while :; do sleep 0.05; done'`;
    const service = testService({ home: home.path, buildspec: building(tidy) });
    const run = await started(service, startRequest('token'));
    const tidying = await written(path.join(home.path, 'tidy.pid'));
    process.kill(await runnerPid(home.path, run), 'SIGKILL');
    await eventually(async () => (lives(await runnerPid(home.path, run)) ? undefined : true));
    expect((await lookOnce(service, run)).status).toBe('IN_PROGRESS');
    const record = await ended(service, run);
    expect(lives(tidying)).toBe(false);
    expect(await written(path.join(home.path, 'tidied.txt'))).toBe('tidied');
    expect(record.status).toBe('FAULT');
    expect(phase(record, 'BUILD')?.status).toBe('FAULT');
    expect(record.phases.at(-1)?.contexts[0]).toMatchObject({ status_code: 'RUNNER_LOST', message: expect.stringContaining('runner') });
    expect(await lookOnce(service, run)).toStrictEqual(record);
  });

  it('has its processes killed when they do not end in time', async () => {
    await using home = await temporaryFolder();
    const service = testService({
      home: home.path,
      buildspec: building(`sh -c 'trap "" TERM; echo $$ > stubborn.pid; while :; do sleep 0.05; done'`),
      orphanPatience: 300,
    });
    const run = await started(service, startRequest('token'));
    const stubborn = await written(path.join(home.path, 'stubborn.pid'));
    process.kill(await runnerPid(home.path, run), 'SIGKILL');
    expect((await ended(service, run)).status).toBe('FAULT');
    expect(lives(stubborn)).toBe(false);
  });

  it('has its processes killed at once by a stop', async () => {
    await using home = await temporaryFolder();
    const service = testService({
      home: home.path,
      buildspec: building(`sh -c 'trap "" TERM; echo $$ > stubborn.pid; while :; do sleep 0.05; done'`),
    });
    const run = await started(service, startRequest('token'));
    const stubborn = await written(path.join(home.path, 'stubborn.pid'));
    const runner = await runnerPid(home.path, run);
    process.kill(runner, 'SIGKILL');
    await eventually(async () => (lives(runner) ? undefined : true));
    await service.stop(run);
    expect(lives(stubborn)).toBe(false);
    expect((await ended(service, run)).status).toBe('FAULT');
  });

  it('before it began makes the run a fault that no later runner takes over', async () => {
    await using home = await temporaryFolder();
    const options = { home: home.path, buildspec: building('touch ran') };
    const broken = testService({ ...options, command: [process.execPath, path.join(home.path, 'no-such-entry.mjs')] });
    const run = await started(broken, startRequest('token'));
    const record = await ended(broken, run);
    expect(record).toMatchObject({
      status: 'FAULT',
      phases: [{ contexts: [{ status_code: 'RUNNER_LOST', message: expect.stringContaining('runner.log') }] }],
    });
    expect(await readFile(path.join(runFolder(home.path, run), 'runner.log'), 'utf8')).toContain('no-such-entry.mjs');
    const service = testService(options);
    expect(await started(service, startRequest('token'))).toBe(run);
    expect(await lookOnce(service, run)).toStrictEqual(record);
  });
});

describe.concurrent('damaged files of a run', () => {
  it.each([
    ['record.json', '{ "schema": ', 'it is not JSON'],
    ['record.json', '{"schema":"hybridcore-packer/run-record/1","record":{}}', 'record'],
    ['record.json', Buffer.from([0xff, 0xfe]), 'it is not JSON'],
  ] as const)('are a fault that names %s (%j)', async (name, content, why) => {
    await using home = await temporaryFolder();
    const service = testService({ home: home.path, buildspec: building('true') });
    const run = await started(service, startRequest('token'));
    await ended(service, run);
    await eventually(async () => (lives(await runnerPid(home.path, run)) ? undefined : true));
    await writeFile(path.join(runFolder(home.path, run), name), content);
    const record = await lookOnce(service, run);
    expect(record.status).toBe('FAULT');
    expect(record.phases.at(-1)?.contexts[0]).toMatchObject({
      status_code: 'RECORD_DAMAGED',
      message: expect.stringContaining(`${run}/record.json`),
    });
    expect(record.phases.at(-1)?.contexts[0]?.message).toContain(why);
    expect(await lookOnce(service, run)).toStrictEqual(record);
  });

  it('are never thrown about, whatever of them is damaged', async () => {
    await using home = await temporaryFolder();
    const service = testService({ home: home.path, buildspec: building('true') });
    const run = await started(service, startRequest('token'));
    await ended(service, run);
    for (const name of ['request.json', 'runner.json', 'shells.json', 'spawned.json', 'record.json', 'orphans.json'])
      await writeFile(path.join(runFolder(home.path, run), name), '[');
    const record = await lookOnce(service, run);
    expect(record).toMatchObject({ run, status: 'FAULT' });
    expect(record.phases.at(-1)?.contexts.map((context) => context.status_code)).toStrictEqual([
      'RECORD_DAMAGED',
      'REQUEST_DAMAGED',
      'RUNNER_LOST',
    ]);
    await service.stop(run);
  });
});

describe.concurrent('what a run leaves on the disk', () => {
  it('can be read by its user alone, and holds no value of the surroundings', async () => {
    await using home = await temporaryFolder();
    const service = testService({
      home: home.path,
      buildspec: building('[ "${#JOIN_TOKEN}" = 17 ]; echo "token: $JOIN_TOKEN, key: $AWS_SECRET_ACCESS_KEY"'),
      passThrough: ['JOIN_TOKEN'],
      environment: { ...process.env, JOIN_TOKEN: 'very-secret-value', AWS_SECRET_ACCESS_KEY: 'another-secret' },
    });
    const run = await started(service, startRequest('token'));
    expect((await ended(service, run)).status).toBe('SUCCEEDED');
    expect(await consoleOf(home.path, run)).toContain('token: [JOIN_TOKEN], key: [AWS_SECRET_ACCESS_KEY]');
    const folder = runFolder(home.path, run);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder)) {
      expect((await stat(path.join(folder, name))).mode & 0o077, name).toBe(0);
      expect(await readFile(path.join(folder, name), 'utf8'), name).not.toContain('very-secret-value');
    }
  });

  it('is gone when the run is forgotten, which a run that goes on cannot be', async () => {
    await using home = await temporaryFolder();
    const service = testService({ home: home.path, buildspec: building('sleep 100') });
    const run = await started(service, startRequest('token'));
    await expect(service.forget(run)).rejects.toThrow('has not ended');
    await service.stop(run);
    await ended(service, run);
    await service.forget(run);
    await service.forget(run);
    await service.forget(RunId.parse('unknown'));
    expect(await readdir(path.join(home.path, 'state', 'build-service'))).toStrictEqual(['tokens']);
    expect(await service.look([run])).toStrictEqual([]);
  });
});

describe.concurrent('the environment of the commands', () => {
  it('is a short list of the surroundings and what the request says', async () => {
    await using home = await temporaryFolder();
    const surroundings = {
      PATH: process.env['PATH'],
      HOME: '/home/someone',
      AWS_PROFILE: 'images',
      AWS_ENDPOINT_URL_EC2: 'http://127.0.0.1:1',
      JOIN_TOKEN: 'passed',
      PKR_VAR_region: 'no',
      PACKER_LOG: '1',
      NODE_OPTIONS: '--no-warnings',
      BASH_ENV: '/etc/profile',
      EDITOR: 'vi',
    };
    const service = testService({
      home: home.path,
      buildspec: building('env > env.txt'),
      environment: surroundings,
      passThrough: ['JOIN_TOKEN', 'PKR_VAR_region'],
      projectVariables: { HYBRIDCORE_HOME: home.path },
    });
    const run = await started(service, startRequest('token', { environment: { HYBRIDCORE_BUILDER: 'base' } }));
    const record = await ended(service, run);
    const seen = Object.fromEntries(
      (await written(path.join(home.path, 'env.txt')))
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    // What the shell itself sets.
    for (const own of ['PWD', 'OLDPWD', 'SHLVL', '_']) delete seen[own];
    expect(seen).toStrictEqual({
      PATH: process.env['PATH'],
      HOME: '/home/someone',
      AWS_PROFILE: 'images',
      AWS_ENDPOINT_URL_EC2: 'http://127.0.0.1:1',
      JOIN_TOKEN: 'passed',
      HYBRIDCORE_HOME: home.path,
      HYBRIDCORE_BUILDER: 'base',
      HYBRIDCORE_COMMAND: path.join(runFolder(home.path, run), 'hybridcore-packer'),
      CODEBUILD_BUILD_ARN: run,
      CODEBUILD_BUILD_ID: run,
      CODEBUILD_BUILD_SUCCEEDING: '1',
      CODEBUILD_INITIATOR: 'hybridcore-packer',
      CODEBUILD_SRC_DIR: home.path,
      CODEBUILD_START_TIME: String(Date.parse(record.started_at)),
    });
  });

  it('has other ids where the run is known by them, and no command where the buildspec fetches its own', async () => {
    await using home = await temporaryFolder();
    const service = localBuildService({
      home: home.path,
      source: home.path,
      buildspec: building('echo "$CODEBUILD_BUILD_ARN/$CODEBUILD_BUILD_NUMBER/${CODEBUILD_BUILD_ID#run-*}/${HYBRIDCORE_COMMAND:-none}"'),
      command: [process.execPath, runnerFile],
      environment: process.env,
      passThrough: [],
      projectVariables: {},
      builtIn: { CODEBUILD_BUILD_ARN: 'arn:1', CODEBUILD_BUILD_NUMBER: '7', CODEBUILD_BUILD_ID: 'images:1' },
      clock: { now: () => Date.now() },
      newUlid: () => ulid(),
    });
    const run = await started(service, startRequest('token'));
    expect((await ended(service, run)).run).toBe(run);
    expect((await consoleOf(home.path, run)).split('\n')).toContain('arn:1/7/images:1/none');
    expect(await readdir(runFolder(home.path, run))).not.toContain('hybridcore-packer');
  });

  it.each([
    ['CODEBUILD_SRC_DIR', 'x', 'reserved'],
    ['PKR_VAR_region', 'x', 'without being an input'],
    ['PACKER_LOG', 'x', 'without being an input'],
    ['A-B', 'x', 'a shell cannot hold'],
    ['A', 'x\0y', 'NUL'],
  ])('refuses %s=%j in a start request', async (name, value, why) => {
    await using home = await temporaryFolder();
    const answer = await testService({ home: home.path, buildspec: building('true') }).start(
      startRequest('token', { environment: { [name]: value } }),
    );
    expect(answer).toMatchObject({ state: 'refused', failure: { rule: 'SERVICE_REFUSED', message: expect.stringContaining(why) } });
    expect(await readdir(home.path)).toStrictEqual([]);
  });
});

describe.concurrent('buildspecs/packer-build.yml', () => {
  it('calls the attempt of the builder through the launcher, from any folder, and says where the handover is', async () => {
    await using home = await temporaryFolder();
    const source = path.join(home.path, "it's an image repository");
    await mkdir(source);
    const service = testService({ home: home.path, source, buildspec: await readBuildspec() });
    const run = await started(service, startRequest('token', { environment: { HYBRIDCORE_BUILDER: 'base' } }));
    const record = await ended(service, run);
    expect(record.status).toBe('SUCCEEDED');
    const lines = (await consoleOf(home.path, run)).split('\n');
    expect(lines).toContain('["attempt","base"]');
    expect(lines).toContain(`What the attempt handed over stands below incoming/${run}/.`);
  });

  it('takes the exit status of the attempt as the run, and goes on to post_build', async () => {
    await using home = await temporaryFolder();
    const service = testService({ home: home.path, buildspec: await readBuildspec(), program: ['/bin/sh', '-c', 'exit 3', '--'] });
    const record = await ended(service, await started(service, startRequest('token', { environment: { HYBRIDCORE_BUILDER: 'base' } })));
    expect(record.status).toBe('FAILED');
    expect(phase(record, 'BUILD')?.contexts[0]?.message).toMatch(/Reason: exit status 3$/);
    expect(phase(record, 'POST_BUILD')?.status).toBe('SUCCEEDED');
  });

  it('fails in its install phase where the command is no executable file', async () => {
    await using home = await temporaryFolder();
    const command = path.join(home.path, 'not-executable');
    await writeFile(command, '');
    await chmod(command, 0o600);
    const service = testService({ home: home.path, buildspec: await readBuildspec(), projectVariables: { HYBRIDCORE_COMMAND: command } });
    const run = await started(service, startRequest('token'));
    const record = await ended(service, run);
    expect(phase(record, 'INSTALL')?.status).toBe('FAILED');
    expect(phase(record, 'BUILD')).toBeUndefined();
    expect(await consoleOf(home.path, run)).toContain(`HYBRIDCORE_COMMAND is '${command}', which is no executable file.`);
  });
});
