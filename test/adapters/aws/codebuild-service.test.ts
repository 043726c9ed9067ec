import { type Build, CodeBuildClient } from '@aws-sdk/client-codebuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildIdsOf, runRecordOf } from '../../../adapters/aws/codebuild-run.ts';
import { type CodeBuildServiceOptions, codebuildService } from '../../../adapters/aws/codebuild-service.ts';
import { environmentLimits } from '../../../core/contract/deployment.ts';
import { RunId } from '../../../core/identity.ts';
import { RunRecord } from '../../../core/run-record.ts';
import { type FakeCodeBuild, startFakeCodeBuild } from '../../fixtures/aws/codebuild/fake-codebuild.ts';
import { type Call } from '../../fixtures/aws/codebuild/json-protocol.ts';
import { runnerFile } from '../../fixtures/build-service/programs.ts';
import { building, ended, phase, startRequest, started, temporaryFolder } from '../local/build-service-rig.ts';

const arn = 'arn:aws:codebuild:us-east-1:123456789012:build/images-base:0f0b8b5e-1d7c-4e0f-9d57-7f1d6f0a5a11';
const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 20, 0, second));

describe("a build as the domain's record", () => {
  const build: Build = {
    arn,
    id: arn.slice(arn.indexOf('images')),
    buildStatus: 'SUCCEEDED',
    buildComplete: true,
    startTime: at(1),
    endTime: at(9),
    phases: [
      { phaseType: 'SUBMITTED', phaseStatus: 'SUCCEEDED', startTime: at(1), endTime: at(1) },
      { phaseType: 'BUILD', phaseStatus: 'SUCCEEDED', startTime: at(2), endTime: at(8), contexts: [{ statusCode: '', message: '' }] },
      { phaseType: 'COMPLETED', startTime: at(9) },
    ],
    exportedEnvironmentVariables: [{ name: 'HYBRIDCORE_EXIT_STATUS', value: '0' }],
  };

  it('has all of its fields', () => {
    const record = runRecordOf(build);
    expect(record).toStrictEqual({
      run: arn,
      status: 'SUCCEEDED',
      started_at: '2026-11-22T20:00:01.000Z',
      finished_at: '2026-11-22T20:00:09.000Z',
      phases: [
        {
          phase: 'SUBMITTED',
          status: 'SUCCEEDED',
          started_at: '2026-11-22T20:00:01.000Z',
          finished_at: '2026-11-22T20:00:01.000Z',
          contexts: [],
        },
        {
          phase: 'BUILD',
          status: 'SUCCEEDED',
          started_at: '2026-11-22T20:00:02.000Z',
          finished_at: '2026-11-22T20:00:08.000Z',
          contexts: [],
        },
        {
          phase: 'COMPLETED',
          status: 'SUCCEEDED',
          started_at: '2026-11-22T20:00:09.000Z',
          finished_at: '2026-11-22T20:00:09.000Z',
          contexts: [],
        },
      ],
      exported_variables: { HYBRIDCORE_EXIT_STATUS: '0' },
    });
    expect(RunRecord.parse(record)).toStrictEqual(record);
  });

  it('is in progress until it is complete, though a phase has failed', () => {
    const phases = [
      { phaseType: 'BUILD' as const, phaseStatus: 'FAILED' as const, startTime: at(2), endTime: at(3) },
      { phaseType: 'POST_BUILD' as const, startTime: at(3) },
    ];
    const record = runRecordOf({ ...build, buildStatus: 'FAILED', buildComplete: false, endTime: undefined, phases });
    expect(record).toMatchObject({ status: 'IN_PROGRESS', finished_at: null });
    expect(record?.phases.at(-1)).toMatchObject({ status: 'IN_PROGRESS', finished_at: null });
  });

  it.each([
    ['a phase that reached the limit', { phaseStatus: 'TIMED_OUT' as const, contexts: [] }],
    [
      'the context of the limit',
      { phaseStatus: 'FAILED' as const, contexts: [{ statusCode: 'BUILD_TIMED_OUT', message: 'Build has timed out.' }] },
    ],
  ])('has timed out where it failed with %s', (_what, ending) => {
    const phases = [{ phaseType: 'BUILD' as const, startTime: at(2), endTime: at(3), ...ending }];
    expect(runRecordOf({ ...build, buildStatus: 'FAILED', phases })?.status).toBe('TIMED_OUT');
  });

  it('has not timed out where it succeeded, or where a command speaks of it', () => {
    const contexts = [{ statusCode: 'COMMAND_EXECUTION_ERROR', message: 'Error while executing command: echo BUILD_TIMED_OUT' }];
    const phases = [{ phaseType: 'BUILD' as const, phaseStatus: 'FAILED' as const, startTime: at(2), endTime: at(3), contexts }];
    expect(runRecordOf({ ...build, buildStatus: 'FAILED', phases })?.status).toBe('FAILED');
  });

  it.each(['FAULT', 'STOPPED', 'TIMED_OUT', 'FAILED'] as const)('has the status %s of CodeBuild', (buildStatus) => {
    expect(runRecordOf({ ...build, buildStatus })?.status).toBe(buildStatus);
  });

  it('is none where CodeBuild leaves out what every build has', () => {
    expect(runRecordOf({ ...build, arn: undefined })).toBeUndefined();
    expect(runRecordOf({ ...build, startTime: undefined })).toBeUndefined();
    expect(runRecordOf({ ...build, buildStatus: undefined })).toBeUndefined();
  });

  it.each(['images-base:1', `${arn}/x`, arn.replace('build/', 'project/'), arn.replace('codebuild', 's3'), ''])('has no id in %j', (text) =>
    expect(buildIdsOf(text)).toBeUndefined(),
  );

  it('has its id in the ARN, in any partition', () => {
    const ids = buildIdsOf(arn.replace('arn:aws:', 'arn:aws-us-gov:'));
    expect(ids).toMatchObject({ id: 'images-base:0f0b8b5e-1d7c-4e0f-9d57-7f1d6f0a5a11', project: 'images-base' });
  });
});

describe('the build service over CodeBuild', () => {
  let source: Awaited<ReturnType<typeof temporaryFolder>>;
  let fake: FakeCodeBuild;
  let calls: Call[];
  const service = (options: Partial<CodeBuildServiceOptions> = {}) =>
    codebuildService(new CodeBuildClient({ ...fake.clientOptions, maxAttempts: 3 }), { projectPrefix: 'images-', ...options });
  const sent = (action: string) => calls.filter((call) => call.action === action).map((call) => call.input);

  beforeEach(async () => {
    calls = [];
    source = await temporaryFolder();
    fake = await startFakeCodeBuild({
      runner: [process.execPath, runnerFile],
      surroundings: process.env,
      onCall: (call) => calls.push(call),
    });
    fake.register({ name: 'images-base', source: source.path, buildspec: `${building('echo "<$HYBRIDCORE_BUILD_ID>"')}\n` });
    fake.register({ name: 'others-base', source: source.path, buildspec: `${building('sleep 100')}\n` });
  });
  afterEach(async () => {
    await fake[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();
  });

  it("starts a build of the builder's project with what the request says, and nothing else", async () => {
    const request = startRequest('token', { environment: { HYBRIDCORE_BUILD_ID: 'one', A: 'two' }, timeLimit: 60_001 * 10 });
    const run = await started(service(), request);
    expect(run).toMatch(/^arn:aws:codebuild:us-east-1:123456789012:build\/images-base:/);
    expect(sent('StartBuild')).toStrictEqual([
      {
        projectName: 'images-base',
        idempotencyToken: 'token',
        environmentVariablesOverride: [
          { name: 'A', value: 'two', type: 'PLAINTEXT' },
          { name: 'HYBRIDCORE_BUILD_ID', value: 'one', type: 'PLAINTEXT' },
        ],
        timeoutInMinutesOverride: 11,
      },
    ]);
    expect((await ended(service(), run)).status).toBe('SUCCEEDED');
    expect(await fake.console(run)).toContain('<one>');
  });

  it('sends equal requests in one form, whatever the order of their variables', async () => {
    const run = await started(service(), startRequest('token', { environment: { A: '1', B: '2' } }));
    expect(await started(service(), startRequest('token', { environment: { B: '2', A: '1' } }))).toBe(run);
  });

  it.each([
    [1, 5],
    [40 * 60 * 60_000, 2160],
  ])('keeps a time limit of %d ms within what CodeBuild takes: %d minutes', async (timeLimit, minutes) => {
    await started(service(), startRequest('token', { timeLimit }));
    expect(sent('StartBuild')).toMatchObject([{ timeoutInMinutesOverride: minutes }]);
  });

  it('refuses variables that CodeBuild has no room for, before anything is sent', async () => {
    const room = environmentLimits.inAll - environmentLimits.ofProject;
    const answer = await service().start(startRequest('token', { environment: { AB: 'x'.repeat(room - 1) } }));
    expect(answer).toMatchObject({
      state: 'refused',
      failure: { rule: 'SERVICE_REFUSED', message: expect.stringContaining(`base have ${room + 1} characters, and ${room} is the most`) },
    });
    expect(calls).toStrictEqual([]);
    await started(service(), startRequest('token', { environment: { AB: 'x'.repeat(room - 2) } }));
  });

  it.each([
    ['ResourceNotFoundException', 'Project cannot be found', 'there is no CodeBuild project images-base for the builder base'],
    ['InvalidInputException', 'parameter mismatch', 'CodeBuild does not take this start of images-base: parameter mismatch'],
    ['AccountLimitExceededException', 'Cannot have more than 0 builds in queue for the account', 'the account may run no builds'],
  ])('is refused with %s, and says what to do', async (code, message, said) => {
    fake.refuse('StartBuild', { code, message }, 1);
    expect(await service().start(startRequest('token'))).toMatchObject({
      state: 'refused',
      failure: { rule: 'SERVICE_REFUSED', message: expect.stringContaining(said), remedy: expect.stringMatching(/deploy|quota/) },
    });
  });

  it('is full where the account runs and keeps waiting as many as it may', async () => {
    fake.refuse('StartBuild', { code: 'AccountLimitExceededException', message: 'Cannot have more than 100 builds in queue' }, 1);
    expect(await service().start(startRequest('token'))).toMatchObject({ state: 'full', message: expect.stringContaining('100') });
  });

  it('lets a throttled call be tried again, and throws what stays', async () => {
    fake.refuse('StartBuild', { code: 'ThrottlingException', message: 'Rate exceeded' }, 2);
    await started(service(), startRequest('token'));
    fake.refuse('StartBuild', { code: 'ThrottlingException', message: 'Rate exceeded' }, 3);
    await expect(service().start(startRequest('other'))).rejects.toMatchObject({
      failure: {
        rule: 'STORAGE',
        message: expect.stringMatching(/^the CodeBuild project images-base takes no more requests .*Rate exceeded/),
      },
    });
  });

  it('throws a permission that is missing: right after a deployment it may come by itself', async () => {
    fake.refuse('StartBuild', { code: 'AccessDeniedException', message: 'not authorized to perform codebuild:StartBuild' }, 1);
    await expect(service().start(startRequest('token'))).rejects.toMatchObject({
      failure: {
        rule: 'STORAGE',
        message: expect.stringContaining('not authorized'),
        remedy: expect.stringContaining('codebuild:StartBuild'),
      },
    });
  });

  it('asks for nothing where no run is one of its own projects', async () => {
    const foreign = await started(service({ projectPrefix: 'others-' }), startRequest('token'));
    calls = [];
    expect(await service().look([foreign, RunId.parse('run-1'), RunId.parse(arn.replace('images-base', 'base'))])).toStrictEqual([]);
    await service().stop(foreign);
    expect(calls).toStrictEqual([]);
  });

  it('does not take the build of another region for the one it was asked for', async () => {
    const run = await started(service(), startRequest('token'));
    expect(await service().look([RunId.parse(run.replace('us-east-1', 'eu-west-1'))])).toStrictEqual([]);
    expect(await service().look([run])).toHaveLength(1);
  });

  it('looks up a hundred runs with one call', async () => {
    const run = await started(service(), startRequest('token'));
    const others = Array.from({ length: 99 }, (_, index) => RunId.parse(`${arn.slice(0, -3)}${String(index).padStart(3, '0')}`));
    expect(await service().look([...others, run])).toMatchObject([{ run }]);
    expect(sent('BatchGetBuilds')).toHaveLength(1);
  });

  it("takes CodeBuild's refusal to stop a build that has ended, and none for one that goes on", async () => {
    const run = await started(service(), startRequest('token'));
    await ended(service(), run);
    fake.refuse('StopBuild', { code: 'InvalidInputException', message: 'The build is not in progress' }, 2);
    await service().stop(run);
    const others = service({ projectPrefix: 'others-' });
    const going = await started(others, startRequest('other'));
    await expect(others.stop(going)).rejects.toThrow('not in progress');
    await others.stop(going);
    expect((await ended(others, going)).status).toBe('STOPPED');
  });

  it('says of a build that it fails the exit status in the context, as CodeBuild does', async () => {
    fake.register({ name: 'images-base', source: source.path, buildspec: `${building('(exit 10)')}\n` });
    const record = await ended(service(), await started(service(), startRequest('token')));
    expect(phase(record, 'BUILD')?.contexts).toStrictEqual([
      { status_code: 'COMMAND_EXECUTION_ERROR', message: 'Error while executing command: (exit 10). Reason: exit status 10' },
    ]);
    expect(phase(record, 'POST_BUILD')?.contexts).toStrictEqual([]);
  });
});
