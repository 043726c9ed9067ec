import {
  BatchGetBuildsCommand,
  type Build,
  CodeBuildClient,
  StartBuildCommand,
  type StartBuildCommandInput,
  StopBuildCommand,
} from '@aws-sdk/client-codebuild';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { runEventOf } from '../../../adapters/aws/codebuild-event.ts';
import { type FakeProject } from '../../fixtures/aws/codebuild/account-build.ts';
import { type FakeCodeBuild, type FakeCodeBuildOptions, startFakeCodeBuild } from '../../fixtures/aws/codebuild/fake-codebuild.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { runnerFile } from '../../fixtures/build-service/programs.ts';
import { building, eventually, temporaryFolder } from '../local/build-service-rig.ts';

let source: Awaited<ReturnType<typeof temporaryFolder>>;
let fake: FakeCodeBuild;
let client: CodeBuildClient;
const events: Record<string, unknown>[] = [];

async function serve(project: Partial<FakeProject>, options: Partial<FakeCodeBuildOptions> = {}): Promise<void> {
  fake = await startFakeCodeBuild({
    runner: [process.execPath, runnerFile],
    surroundings: process.env,
    onStateChange: (event) => events.push(event),
    ...options,
  });
  client = new CodeBuildClient({ ...fake.clientOptions, maxAttempts: 1 });
  fake.register({ name: 'images', source: source.path, buildspec: specOf('true'), ...project });
}

const specOf = (...commands: readonly string[]) => `${building(...commands)}\n`;

async function start(input: Partial<StartBuildCommandInput> = {}): Promise<Build> {
  const { build } = await client.send(new StartBuildCommand({ projectName: 'images', ...input }));
  if (build === undefined) throw new Error('it was not started');
  return build;
}

async function look(build: Build): Promise<Build> {
  const { builds: [found] = [] } = await client.send(new BatchGetBuildsCommand({ ids: [build.id ?? ''] }));
  if (found === undefined) throw new Error('it is not known');
  return found;
}

const end = (build: Build) =>
  eventually(async () => {
    const found = await look(build);
    return found.buildComplete === true ? found : undefined;
  });
const phase = (build: Build, type: string) => build.phases?.find((each) => each.phaseType === type);

beforeEach(async () => {
  events.length = 0;
  source = await temporaryFolder();
});
afterEach(async () => {
  await fake[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
});

describe('the CodeBuild of the tests', () => {
  it("runs a build in a copy of its project's source, and gives all that the API has of it", async () => {
    await writeFile(path.join(source.path, 'word.txt'), 'hello');
    await serve({
      buildspec: specOf('cat word.txt; echo; rm word.txt', 'echo "$A $B $CODEBUILD_BUILD_NUMBER $CODEBUILD_BUILD_ID $CODEBUILD_BUILD_ARN"'),
      environmentVariables: [
        { name: 'A', value: 'project', type: 'PLAINTEXT' },
        { name: 'B', value: 'project', type: 'PLAINTEXT' },
      ],
    });
    await end(await start());
    const build = await end(await start({ environmentVariablesOverride: [{ name: 'B', value: 'start' }] }));
    expect(build.id).toMatch(/^images:[0-9a-f-]{36}$/);
    expect(build).toMatchObject({
      arn: `arn:aws:codebuild:us-east-1:123456789012:build/${build.id}`,
      buildNumber: 2,
      buildStatus: 'SUCCEEDED',
      currentPhase: 'COMPLETED',
      projectName: 'images',
      timeoutInMinutes: 60,
      queuedTimeoutInMinutes: 480,
      initiator: 'AKIAIOSFODNN7EXAMPLE',
      logs: { groupName: '/aws/codebuild/images' },
    });
    expect(build.endTime?.getTime()).toBeGreaterThanOrEqual(build.startTime?.getTime() ?? Infinity);
    expect(build.phases?.map((each) => each.phaseType)).toStrictEqual(
      'SUBMITTED QUEUED PROVISIONING DOWNLOAD_SOURCE INSTALL PRE_BUILD BUILD POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED'.split(' '),
    );
    expect(phase(build, 'BUILD')?.contexts).toStrictEqual([{ statusCode: '', message: '' }]);
    expect(phase(build, 'QUEUED')).not.toHaveProperty('contexts');
    expect(phase(build, 'COMPLETED')).not.toHaveProperty('phaseStatus');
    const console = (await fake.console(build.arn ?? '')).split('\n');
    expect(console).toEqual(expect.arrayContaining(['hello', `project start 2 ${build.id} ${build.arn}`]));
  });

  it('exports what the buildspec exports, and reports a failure as CodeBuild does', async () => {
    const buildspec = 'version: 0.2\nenv: { exported-variables: [A] }\nphases: { build: { commands: ["A=a", "(exit 3)"] } }\n';
    await serve({ buildspec });
    const build = await end(await start());
    expect(build).toMatchObject({ buildStatus: 'FAILED', exportedEnvironmentVariables: [{ name: 'A', value: 'a' }] });
    expect(phase(build, 'BUILD')).toMatchObject({
      phaseStatus: 'FAILED',
      contexts: [{ statusCode: 'COMMAND_EXECUTION_ERROR', message: 'Error while executing command: (exit 3). Reason: exit status 3' }],
    });
  });

  it('takes the buildspec from the file that the project names', async () => {
    await mkdir(path.join(source.path, 'specs'));
    await writeFile(path.join(source.path, 'specs', 'one.yml'), specOf('echo from a file'));
    await serve({ buildspec: 'specs/one.yml' });
    const build = await end(await start());
    expect(await fake.console(build.arn ?? '')).toContain('from a file');
    fake.register({ name: 'images', source: source.path, buildspec: 'specs/none.yml' });
    const without = await end(await start());
    expect(phase(without, 'DOWNLOAD_SOURCE')).toMatchObject({
      phaseStatus: 'FAILED',
      contexts: [{ statusCode: 'YAML_FILE_ERROR', message: 'YAML file does not exist' }],
    });
    expect(without.phases?.at(-1)?.phaseType).toBe('COMPLETED');
  });

  it('fails a build whose buildspec cannot be read in DOWNLOAD_SOURCE', async () => {
    await serve({ buildspec: 'version: 0.2\nphases: { build: { comands: [] } }\n' });
    const build = await end(await start());
    expect(phase(build, 'DOWNLOAD_SOURCE')?.contexts?.[0]?.statusCode).toBe('YAML_FILE_ERROR');
  });

  it('remembers a token for five minutes, and takes no other parameters under it', async () => {
    let now = 0;
    await serve({}, { clock: { now: () => now } });
    const first = await start({ idempotencyToken: 'token' });
    now = 299_999;
    expect((await start({ idempotencyToken: 'token' })).arn).toBe(first.arn);
    await expect(start({ idempotencyToken: 'token', timeoutInMinutesOverride: 7 })).rejects.toMatchObject({
      name: 'InvalidInputException',
    });
    now = 300_000;
    const second = await start({ idempotencyToken: 'token', timeoutInMinutesOverride: 7 });
    expect(second.arn).not.toBe(first.arn);
    await Promise.all([end(first), end(second)]);
  });

  it('runs as many builds as the account may, keeps five times as many waiting, and starts no more', async () => {
    await serve({ buildspec: specOf('sleep 100') }, { running: 1 });
    const builds = [];
    for (let count = 0; count < 6; count += 1) builds.push(await start());
    await expect(start()).rejects.toMatchObject({
      name: 'AccountLimitExceededException',
      message: 'Cannot have more than 6 builds in queue for the account',
    });
    const [running, ...waiting] = builds;
    if (running === undefined) throw new Error('none runs');
    await eventually(async () => ((await look(running)).currentPhase === 'BUILD' ? true : undefined));
    expect(await Promise.all(waiting.map(async (build) => (await look(build)).currentPhase))).toStrictEqual(
      Array.from({ length: 5 }, () => 'QUEUED'),
    );
    for (const build of waiting.slice(1)) await client.send(new StopBuildCommand({ id: build.id }));
    await client.send(new StopBuildCommand({ id: running.id }));
    const [next] = waiting;
    if (next === undefined) throw new Error('none waits');
    await eventually(async () => ((await look(next)).currentPhase === 'BUILD' ? true : undefined));
    expect((await end(running)).buildStatus).toBe('STOPPED');
    for (const build of waiting.slice(1)) expect(await end(build)).toMatchObject({ buildStatus: 'STOPPED', currentPhase: 'COMPLETED' });
  });

  it('fails a build at its time limit, in the phase that reached it', async () => {
    await serve({ buildspec: specOf('sleep 100'), timeoutInMinutes: 5 }, { minute: 200 });
    const build = await end(await start());
    expect(build.buildStatus).toBe('FAILED');
    expect(phase(build, 'BUILD')).toMatchObject({ phaseStatus: 'TIMED_OUT', contexts: [{ statusCode: 'BUILD_TIMED_OUT' }] });
  });

  it('has a fault that says nothing where the variables are too large', async () => {
    await serve({ environmentVariables: [{ name: 'A', value: 'x'.repeat(3000), type: 'PLAINTEXT' }] });
    const fits = await end(await start({ environmentVariablesOverride: [{ name: 'B', value: 'x'.repeat(2498) }] }));
    expect(fits.buildStatus).toBe('SUCCEEDED');
    expect((await end(await start({ environmentVariablesOverride: [{ name: 'B', value: 'x'.repeat(2499) }] }))).buildStatus).toBe('FAULT');
  });

  it.each([
    [{ projectName: 'nobody' }, 'ResourceNotFoundException'],
    [{ timeoutInMinutesOverride: 4 }, 'InvalidInputException'],
    [{ idempotencyToken: 'x'.repeat(65) }, 'InvalidInputException'],
    [{ sourceLocationOverride: '/x', computeTypeOverride: 'BUILD_GENERAL1_LARGE' as const }, 'InvalidInputException'],
  ])('answers a start of %j with %s', async (input, name) => {
    await serve({});
    await expect(start(input)).rejects.toMatchObject({ name });
  });

  it('answers what it does not know, and more than a hundred ids, with errors', async () => {
    await serve({});
    await expect(client.send(new StopBuildCommand({ id: 'images:none' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const ids = Array.from({ length: 101 }, (_, index) => `images:${index}`);
    await expect(client.send(new BatchGetBuildsCommand({ ids }))).rejects.toMatchObject({ name: 'InvalidInputException' });
    const { builds, buildsNotFound } = await client.send(new BatchGetBuildsCommand({ ids: ids.slice(1) }));
    expect({ builds, buildsNotFound }).toStrictEqual({ builds: [], buildsNotFound: ids.slice(1) });
  });

  it('fails as the test says, as often as it says', async () => {
    await serve({});
    fake.refuse('StartBuild', { code: 'ThrottlingException', message: 'Rate exceeded' }, 1);
    await expect(start()).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Rate exceeded' });
    await end(await start());
  });

  it('tells of each change of a status with an event of the real shape, once', async () => {
    await serve({ environmentVariables: [{ name: 'HYBRIDCORE_BUILD_ID', value: '01JD8VQ4XK3T5W7Y9Z1B3C5D7E', type: 'PLAINTEXT' }] });
    const build = await end(await start());
    await look(build);
    expect(events.map((event) => runEventOf(event))).toStrictEqual(
      ['IN_PROGRESS', 'SUCCEEDED'].map((status) => ({
        ok: true,
        value: { run: build.arn, status, build_id: '01JD8VQ4XK3T5W7Y9Z1B3C5D7E' },
      })),
    );
    expect(events.at(-1)).toMatchObject({
      source: 'aws.codebuild',
      'detail-type': 'CodeBuild Build State Change',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      resources: [build.arn],
      detail: {
        'project-name': 'images',
        'current-phase': 'COMPLETED',
        'current-phase-context': '[: ]',
        'additional-information': {
          'build-complete': true,
          'build-start-time': expect.stringMatching(/^[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M$/),
          phases: expect.arrayContaining([
            expect.objectContaining({ 'phase-type': 'SUBMITTED', 'phase-context': [] }),
            expect.objectContaining({ 'phase-type': 'BUILD', 'phase-status': 'SUCCEEDED', 'phase-context': [': '] }),
            { 'phase-type': 'COMPLETED', 'start-time': expect.any(String) },
          ]),
        },
      },
    });
  });
});

describeWithMoto('the CodeBuild of the tests, over secrets and parameters', () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
    await new SSMClient(moto.clientOptions).send(
      new PutParameterCommand({ Name: '/images/word', Value: 'from-parameter', Type: 'SecureString' }),
    );
    await secret('CreateSecret', { Name: 'images/join', SecretString: JSON.stringify({ token: 'from-secret' }) });
    await secret('CreateSecret', { Name: 'plain', SecretString: 'from-plain-secret' });
  });
  afterAll(() => moto.end());

  const secret = async (action: string, input: unknown) => {
    const response = await fetch(moto.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `secretsmanager.${action}`,
        authorization:
          'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=none',
      },
      body: JSON.stringify(input),
    });
    expect(response.ok).toBe(true);
  };
  const spec = (env: object, ...commands: readonly string[]) =>
    `${JSON.stringify({ version: '0.2', env, phases: { build: { commands } } })}\n`;

  it('resolves the references of project and buildspec, and writes no value anywhere', async () => {
    await serve(
      {
        buildspec: spec(
          { 'secrets-manager': { S: 'images/join:token' }, 'parameter-store': { P: '/images/word' } },
          'echo "lengths ${#S} ${#P} ${#Q}"; echo "$S"',
          'cat "$(dirname "$(dirname "$CODEBUILD_SRC_DIR")")"/state/build-service/run-*/request.json',
        ),
        environmentVariables: [{ name: 'Q', value: 'plain', type: 'SECRETS_MANAGER' }],
      },
      { awsEndpoint: moto.endpoint },
    );
    const build = await end(await start());
    const console = await fake.console(build.arn ?? '');
    expect(build.buildStatus).toBe('SUCCEEDED');
    expect(console).toContain(`lengths ${['from-secret', 'from-parameter', 'from-plain-secret'].map((value) => value.length).join(' ')}`);
    expect(console).toContain('"pass_through"');
    expect(console + JSON.stringify([build, events])).not.toMatch(/from-(?:secret|parameter|plain)/);
    expect(build.environment?.environmentVariables).toStrictEqual([{ name: 'Q', value: 'plain', type: 'SECRETS_MANAGER' }]);
  });

  it.each([
    ['a secret that is not there', { 'secrets-manager': { S: 'none:token' } }, 'Secrets Manager Error', /ResourceNotFoundException/],
    ['a key that is not in it', { 'secrets-manager': { S: 'images/join:none' } }, 'Secrets Manager Error', /JSON key none/],
    [
      'a parameter that is not there',
      { 'parameter-store': { P: '/none' } },
      'Decrypted Variables Error',
      /parameter does not exist: \/none/,
    ],
  ])('fails a build in DOWNLOAD_SOURCE for %s', async (_what, env, statusCode, message) => {
    await serve({ buildspec: spec(env, 'true') }, { awsEndpoint: moto.endpoint });
    const build = await end(await start());
    expect(build.buildStatus).toBe('FAILED');
    expect(phase(build, 'DOWNLOAD_SOURCE')).toMatchObject({
      phaseStatus: 'FAILED',
      contexts: [{ statusCode, message: expect.stringMatching(message) }],
    });
  });

  it('leaves nothing running when it is closed', async () => {
    await serve({ buildspec: specOf('echo $$ > "$PID_FILE"; exec sleep 321') });
    const pidFile = path.join(source.path, 'pid');
    await start({ environmentVariablesOverride: [{ name: 'PID_FILE', value: pidFile }] });
    const pid = await eventually(async () => (await promisify(execFile)('cat', [pidFile]).catch(() => undefined))?.stdout.trim());
    await fake[Symbol.asyncDispose]();
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    await serve({});
  });
});
