import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { type StartRequest } from '../../../core/ports.ts';
import { type RunRecord } from '../../../core/run-record.ts';
import { consoleOf, ended, phase, startRequest, started, temporaryFolder, testService } from './build-service-rig.ts';

interface Ran {
  readonly record: RunRecord;
  readonly console: string;
  /** `trace.txt`, to which the commands of a test append. */
  readonly trace: readonly string[];
}

async function run(buildspec: object, request: Partial<StartRequest> = {}, projectVariables: Record<string, string> = {}): Promise<Ran> {
  await using home = await temporaryFolder();
  const service = testService({ home: home.path, buildspec: JSON.stringify({ version: '0.2', ...buildspec }), projectVariables });
  const id = await started(service, startRequest('token', request));
  const record = await ended(service, id);
  const trace = await readFile(path.join(home.path, 'trace.txt'), 'utf8').catch(() => '');
  return { record, console: await consoleOf(home.path, id), trace: trace.split('\n').slice(0, -1) };
}

const say = (text: string) => `echo "${text}" >> "$CODEBUILD_SRC_DIR/trace.txt"`;
const statuses = (record: RunRecord) => record.phases.map(({ phase: name, status }) => `${name} ${status}`);

describe.concurrent.each(['/bin/sh', 'bash'])('one shell for all commands (%s)', (shell) => {
  it('keeps variables, functions, the folder and jobs from command to command and phase to phase', async () => {
    const { record, trace } = await run({
      env: { shell },
      phases: {
        install: { commands: ['export EXPORTED=one; plain=two', 'greet() { echo "hello $1"; }; mkdir sub; cd sub', 'sleep 100 & job=$!'] },
        build: { commands: [say('$EXPORTED $plain $(greet you) ${PWD##*/}'), `kill $job; wait $job; ${say('job $?')}`] },
      },
    });
    expect(record.status).toBe('SUCCEEDED');
    expect(trace).toStrictEqual(['one two hello you sub', 'job 143']);
  });

  it('survives a command that ends it: the exported variables and the folder are there for the next', async () => {
    const { record, trace } = await run({
      env: { shell },
      phases: {
        install: { commands: ['export A="line one\nline \'two\'"; mkdir sub; unset HYBRIDCORE_COMMAND', 'cd sub; export B=b; exit 0'] },
        build: {
          commands: [say('$A/$B/${PWD##*/}/${HYBRIDCORE_COMMAND:-gone}'), 'export C=c; exit 7', say('never')],
          finally: [say('finally $C $CODEBUILD_BUILD_SUCCEEDING')],
        },
        post_build: { commands: ['exec true', say('after exec $C'), 'kill -9 $$'] },
      },
    });
    expect(trace).toStrictEqual(['line one', "line 'two'/b/sub/gone", 'finally c 0', 'after exec c']);
    expect(phase(record, 'BUILD')?.contexts).toStrictEqual([
      { status_code: 'COMMAND_EXECUTION_ERROR', message: 'Error while executing command: export C=c; exit 7. Reason: exit status 7' },
    ]);
    expect(phase(record, 'POST_BUILD')?.contexts[0]?.message).toMatch(/exit status 137$/);
  });

  it('takes syntax errors, set -e, set -u and several lines as what they are', async () => {
    const { record, trace } = await run({
      env: { shell },
      phases: {
        install: { 'on-failure': 'CONTINUE', commands: ['if then', say('never')] },
        pre_build: { 'on-failure': 'CONTINUE', commands: ['set -eu', `false\n${say('never')}`] },
        build: {
          commands: [
            `for n in 1 2; do\n  ${say('$n')}\ndone\ncat <<END >> trace.txt\nhere\nEND\n`,
            'read line && false || true',
            say("it's fine"),
          ],
        },
      },
    });
    expect(trace).toStrictEqual(['1', '2', 'here', "it's fine"]);
    expect(phase(record, 'PRE_BUILD')?.contexts[0]?.message).toMatch(/exit status 1$/);
    expect(phase(record, 'BUILD')?.status).toBe('SUCCEEDED');
  });
});

describe.concurrent('the phases of a run', () => {
  it('are recorded in the words and the order of CodeBuild', async () => {
    const { record } = await run({ phases: { build: { commands: ['true'] } } });
    const names = [
      'SUBMITTED',
      'QUEUED',
      'PROVISIONING',
      'DOWNLOAD_SOURCE',
      'INSTALL',
      'PRE_BUILD',
      'BUILD',
      'POST_BUILD',
      'UPLOAD_ARTIFACTS',
      'FINALIZING',
      'COMPLETED',
    ];
    expect(statuses(record)).toStrictEqual(names.map((name) => `${name} SUCCEEDED`));
    const times = record.phases.flatMap((each) => [each.started_at, each.finished_at ?? 'none']);
    expect([...times].sort()).toStrictEqual(times);
  });

  it('skip the rest of a failed build, run its finally, and go on to post_build', async () => {
    const { record, trace } = await run({
      phases: {
        build: {
          commands: [say('$CODEBUILD_BUILD_SUCCEEDING'), '(exit 10)', say('never')],
          finally: [say('finally'), '(exit 11)', say('never')],
        },
        post_build: { commands: [say('post $CODEBUILD_BUILD_SUCCEEDING')] },
      },
    });
    expect(trace).toStrictEqual(['1', 'finally', 'post 0']);
    expect(record.status).toBe('FAILED');
    expect(phase(record, 'BUILD')?.contexts[0]?.message).toBe('Error while executing command: (exit 10). Reason: exit status 10');
    expect(phase(record, 'POST_BUILD')?.status).toBe('SUCCEEDED');
  });

  it.each(['install', 'pre_build'])('end with a failed %s, after its finally', async (name) => {
    const { record, trace } = await run({
      phases: {
        [name]: { commands: ['false'], finally: [say('finally')] },
        build: { commands: [say('never')] },
        post_build: { commands: [say('never')] },
      },
    });
    expect(trace).toStrictEqual(['finally']);
    expect(record.status).toBe('FAILED');
    expect(statuses(record).slice(-3)).toStrictEqual([`${name.toUpperCase()} FAILED`, 'FINALIZING SUCCEEDED', 'COMPLETED SUCCEEDED']);
  });

  it('follow on-failure, and a run in which one failed is failed', async () => {
    const going = await run({
      phases: { install: { 'on-failure': 'CONTINUE', commands: ['false'] }, build: { commands: [say('build')] } },
    });
    expect(going.trace).toStrictEqual(['build']);
    expect(going.record.status).toBe('FAILED');
    const aborted = await run({
      phases: { build: { 'on-failure': 'ABORT', commands: ['false'] }, post_build: { commands: [say('never')] } },
    });
    expect(aborted.trace).toStrictEqual([]);
    expect(aborted.record.status).toBe('FAILED');
  });

  it('fail where only a finally fails', async () => {
    const { record } = await run({ phases: { build: { commands: ['true'], finally: ['(exit 5)'] } } });
    expect(record.status).toBe('FAILED');
    expect(phase(record, 'BUILD')?.contexts[0]?.message).toMatch(/exit status 5$/);
  });
});

describe.concurrent('the variables of a run', () => {
  it('are those of the request before those of the home before those of the buildspec', async () => {
    const { trace } = await run(
      {
        env: { variables: { A: 'buildspec', B: 'buildspec', C: 'buildspec', HOME: '/nowhere' } },
        phases: { build: { commands: [say('$A $B $C $HOME')] } },
      },
      { environment: { A: 'request' } },
      { A: 'home', B: 'home' },
    );
    expect(trace).toStrictEqual(['request home buildspec /nowhere']);
  });

  it('are exported as they are at the end of post_build, redacted', async () => {
    const { record } = await run({
      env: { 'exported-variables': ['MADE', 'PLAIN', 'LINES', 'EMPTY', 'UNSET', 'SECRET'] },
      phases: {
        build: { commands: ['export MADE=early; PLAIN=plain; EMPTY=; SECRET=hunter2abc', 'false'] },
        post_build: { commands: ["MADE=late; LINES='a\nb\n'", 'unset UNSET'] },
      },
    });
    expect(record.exported_variables).toStrictEqual({ MADE: 'late', PLAIN: 'plain', LINES: 'a\nb\n', EMPTY: '', SECRET: '[redacted]' });
  });

  it('are not exported by a run that never came to post_build', async () => {
    const { record } = await run({ env: { 'exported-variables': ['A'] }, phases: { install: { commands: ['A=a', 'false'] } } });
    expect(record).not.toHaveProperty('exported_variables');
  });
});

describe.concurrent('the console of a run', () => {
  it('holds both outputs of every command and nothing that the redaction takes out', async () => {
    const { console: text, record } = await run({
      phases: {
        build: {
          commands: [
            'echo out; echo err >&2',
            'printf "token=%s2x" hunter; printf "\\n"',
            "printf '\\377\\000binary\\n'",
            `head -c 100000 /dev/zero | tr '\\0' x; echo`,
            'printf "hunter%s" 2-no-newline',
            'echo hunter2; false',
          ],
        },
      },
    });
    const lines = text.split('\n');
    expect(lines).toEqual(expect.arrayContaining(['out', 'err', 'token=[redacted]', '\uFFFD\0binary']));
    expect(text).not.toContain('hunter2');
    expect(text.replaceAll('\n', '')).toContain('x'.repeat(100_000));
    expect(text.endsWith('\n')).toBe(true);
    expect(phase(record, 'BUILD')?.contexts[0]?.message).toBe(
      'Error while executing command: echo [redacted]; false. Reason: exit status 1',
    );
  });
});

describe.concurrent('a run that cannot begin its commands', () => {
  it('fails in DOWNLOAD_SOURCE where the source is not there', async () => {
    await using home = await temporaryFolder();
    await using source = await temporaryFolder();
    await rm(source.path, { recursive: true });
    const service = testService({ home: home.path, source: source.path, buildspec: JSON.stringify({ version: '0.2', phases: {} }) });
    const record = await ended(service, await started(service, startRequest('token')));
    expect(record.status).toBe('FAILED');
    expect(phase(record, 'DOWNLOAD_SOURCE')?.contexts[0]?.message).toContain(source.path);
  });

  it('is a fault that says why where the shell cannot be started', async () => {
    const { record } = await run({ phases: { build: { commands: ['true'] } } }, { environment: { LONG: 'x'.repeat(200_000) } });
    expect(record.status).toBe('FAULT');
    expect(phase(record, 'BUILD')?.contexts[0]).toMatchObject({ status_code: 'RUNNER_ERROR', message: expect.stringContaining('E2BIG') });
  });
});
