import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';

import { Config } from '../../../core/config.ts';
import { accessPolicies } from '../../fixtures/aws/deployment/access-policies.ts';
import { clientAs } from '../../fixtures/aws/deployment/client-as.ts';
import { type DeployedWorld, deployWorld } from '../../fixtures/aws/deployment/deployed-world.ts';
import { LeastPrivilege, nameOfGrant } from '../../fixtures/aws/deployment/least-privilege.ts';
import { littleStack, littleStackName } from '../../fixtures/aws/deployment/little-stack.ts';
import { permissionTable } from '../../fixtures/aws/deployment/permissions/required-permissions.ts';
import { type AwsCall } from '../../fixtures/aws/deployment/recording-proxy.ts';
import { readStack } from '../../fixtures/aws/deployment/template.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';

describeWithMoto('calls held against the policies of a stack', () => {
  let assembly: string;
  let world: DeployedWorld;
  beforeAll(async () => {
    assembly = await littleStack();
    world = await deployWorld({ assembly, stackName: littleStackName, guarded: true });
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await rm(assembly, { recursive: true });
  });
  afterEach(() => world.proxy.forget());

  const host = () => world.function('Function');
  const s3As = (principal: string, session: string) =>
    new S3Client({ ...clientAs(world.proxy, 'us-east-1', principal, session), maxAttempts: 1 });
  const put = (s3: S3Client, Key: string) => s3.send(new PutObjectCommand({ Bucket: 'little-objects', Key, Body: 'x' }));
  const denied = { name: 'AccessDenied' };

  it('are allowed where a policy allows each thing that IAM is asked for', async () => {
    await host().invoke({ do: 'record', id: 'a' });
    await host().invoke({ do: 'write', key: 'sealed/a' });
    const verdicts = await world.leastPrivilege.verdicts(world.proxy.calls);
    expect(verdicts.filter(({ decision }) => decision === 'denied')).toEqual([]);
    expect(new Set(verdicts.map(({ permission }) => permission.action))).toEqual(
      new Set([
        'sts:AssumeRole',
        'logs:CreateLogStream',
        'dynamodb:PutItem',
        'dynamodb:ConditionCheckItem',
        'sns:Publish',
        'kms:GenerateDataKey',
        'kms:Decrypt',
        'logs:PutLogEvents',
        's3:PutObject',
        's3:PutObjectTagging',
      ]),
    );
  });

  it('are denied where no policy allows them, in the words of the service', async () => {
    const invocation = await host().invoke({ do: 'write', key: 'elsewhere/a' });
    expect(invocation).toMatchObject({
      state: 'failed',
      errorType: 'AccessDenied',
      errorMessage: expect.stringContaining(
        'little-functionrole may not s3:PutObject on arn:aws:s3:::little-objects/elsewhere/a: no identity policy allows it',
      ),
    });
    expect(world.proxy.calls.at(-2)).toMatchObject({ action: 'PutObject', outcome: 'denied', status: 403 });
  });

  it('are denied where the policy of the bucket says so, whatever the role may do', async () => {
    await expect(put(s3As('little-functionrole', 'any'), 'sealed/overwritten')).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining('SealedIsOnlyCreated of the resource policy denies it'),
    });
  });

  it('let a build write below its own run alone', async () => {
    const build = (id: string) => `arn:aws:codebuild:us-east-1:123456789012:build/p:${id}`;
    await put(s3As('little-buildrole', build('1')), `incoming/${build('1')}/report.json`);
    await expect(put(s3As('little-buildrole', build('1')), `incoming/${build('2')}/report.json`)).rejects.toMatchObject(denied);
    await expect(put(s3As('little-buildrole', 'no build'), `incoming/${build('1')}/report.json`)).rejects.toMatchObject(denied);
  });

  it('tell only who may list the bucket that an object is not there', async () => {
    expect(await host().invoke({ do: 'read', key: 'sealed/nothing' })).toMatchObject({ value: 'NoSuchKey' });
    const read = s3As('little-buildrole', 'any').send(new GetObjectCommand({ Bucket: 'little-objects', Key: 'nothing' }));
    await expect(read).rejects.toMatchObject(denied);
  });

  it('hold a service to the policy of the queue that it sends to', async () => {
    const send = (rule: string) =>
      new SQSClient(clientAs(world.proxy, 'us-east-1', 'events.amazonaws.com', rule)).send(
        new SendMessageCommand({ QueueUrl: world.stack.resource('Queue').ref, MessageBody: 'm' }),
      );
    await send(world.stack.resource('Rule').attribute('Arn'));
    await expect(send('arn:aws:events:us-east-1:123456789012:rule/another')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('show which grants nothing made use of, action by action and resource by resource', async () => {
    await host().cool();
    await host().invoke({ do: 'record', id: 'b' });
    await host().invoke({ do: 'write', key: 'sealed/b' });
    await host().invoke({ do: 'read', key: 'sealed/b' });
    await host().invoke({ do: 'read', key: 'drafts/nothing' });
    const role = 'little-functionrole';
    const unused = world.leastPrivilege.unused(await world.leastPrivilege.verdicts(world.proxy.calls), [role]);
    expect(unused.map((grant) => nameOfGrant(grant))).toEqual([
      'little-functionrole: FunctionPolicy Record dynamodb:DeleteItem arn:aws:dynamodb:us-east-1:123456789012:table/little-table',
      'little-functionrole: FunctionPolicy Seal s3:PutObject arn:aws:s3:::little-objects/drafts/*',
      'little-functionrole: FunctionPolicy Seal s3:PutObjectTagging arn:aws:s3:::little-objects/drafts/*',
      ...['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map(
        (action) => `little-functionrole: FunctionPolicy Messages sqs:${action} arn:aws:sqs:us-east-1:123456789012:little-queue`,
      ),
      'little-functionrole: FunctionPolicy SetAside sqs:SendMessage arn:aws:sqs:us-east-1:123456789012:little-missed',
    ]);
  });

  it('show the grants that name more than one thing', () => {
    const wildcards = world.leastPrivilege.wildcards(['little-buildrole']).filter(({ policy }) => policy === 'HandOver');
    expect(wildcards.map(({ action, resource }) => [action, resource])).toEqual([
      ['s3:PutObject', 'arn:aws:s3:::little-objects/incoming/${codebuild:buildArn}/*'],
      ['logs:CreateLogStream', 'arn:aws:logs:us-east-1:123456789012:log-group:little-Log-a1B2c3D4e5F6:*'],
      ['logs:PutLogEvents', 'arn:aws:logs:us-east-1:123456789012:log-group:little-Log-a1B2c3D4e5F6:*'],
      ['s3:Get*', '*'],
    ]);
  });

  it('are those of a whole packer build of an image, and of one that fails once it is there, and no more', async () => {
    expect(await buildImage()).toMatchObject({ code: 0, output: expect.stringMatching(/us-east-1: ami-[0-9a-f]+/) });
    const takeBack = world.proxy.fail({
      action: 'CreateTags',
      where: ({ parameters }) => Object.values(parameters).some((value) => String(value).startsWith('ami-')),
      times: Infinity,
      fault: { code: 'InvalidParameterValue' },
    });
    expect(await buildImage()).toMatchObject({ code: 1 });
    takeBack();
    const verdicts = await world.leastPrivilege.verdicts(world.proxy.calls);
    const unused = world.leastPrivilege.unused(verdicts, ['little-buildrole']).filter(({ policy }) => policy === 'Packer');
    expect(unused).toEqual([]);
  });

  it('are the ones that docs/deploy.md gives packer', async () => {
    const document = await readFile(join(import.meta.dirname, '../../../docs/deploy.md'), 'utf8');
    const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(document) ?? [];
    const policies = Object.values(Config.parse(parse(yaml)).builders).flatMap(({ aws }) => aws?.policies ?? []);
    const grants = world.leastPrivilege.grants(['little-buildrole']).filter(({ policy }) => policy === 'Packer');
    expect(policies.flatMap(({ actions }) => actions).sort()).toEqual([...new Set(grants.map(({ action }) => action))].sort());
  });

  it('end a packer build where EC2 says so', async () => {
    const takeBack = world.proxy.fail({ action: 'RunInstances', times: Infinity, fault: { code: 'UnauthorizedOperation' } });
    const { code, output } = await buildImage();
    takeBack();
    expect(code).toBe(1);
    expect(output).toContain('UnauthorizedOperation: You are not authorized to perform this operation');
  });

  /** Runs real packer in the name of the build's role. */
  async function buildImage(): Promise<{ readonly code: unknown; readonly output: string }> {
    const { file } = inject('packer');
    const template = join(import.meta.dirname, '../../fixtures/aws/amazon-ebs.pkr.hcl');
    const environment = {
      PATH: process.env['PATH'] ?? '',
      HOME: assembly,
      CHECKPOINT_DISABLE: '1',
      AWS_ACCESS_KEY_ID: 'little-buildrole',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'arn:aws:codebuild:us-east-1:123456789012:build/p:1',
    };
    const packer = spawn(file, ['build', '-color=false', '-var', `endpoint=${world.proxy.endpoint}`, template], {
      cwd: assembly,
      env: environment,
    });
    const [output, [code]] = await Promise.all([text(packer.stdout), once(packer, 'close')]);
    return { code, output };
  }

  it('cannot be judged where nobody knows what IAM is asked for them', async () => {
    const call: AwsCall = {
      principal: 'little-functionrole',
      session: null,
      service: 's3',
      region: 'us-east-1',
      action: 'RestoreObject',
      protocol: 's3',
      parameters: {},
      headers: {},
      outcome: 'answered',
      status: 200,
      error: null,
    };
    await expect(world.leastPrivilege.verdicts([call])).rejects.toThrow('s3 RestoreObject is in no table of permissions/');
  });

  it('cannot be held against a statement that allows all but what it names', () => {
    const stack = readStack({
      assembly,
      stackName: littleStackName,
      account: '123456789012',
      region: 'us-east-1',
      queueEndpoint: world.proxy.endpoint,
      mutate(template) {
        Object.assign(template, JSON.parse(JSON.stringify(template).replace('"Action":"s3:Get*"', '"NotAction":"s3:Get*"')));
      },
    });
    expect(() => new LeastPrivilege(accessPolicies(stack)).grants()).toThrow(
      'little-buildrole: HandOver Everything allows all but what it names',
    );
  });

  it('are denied one by one where one permission is taken away', async () => {
    const withoutTagging = readStack({
      assembly,
      stackName: littleStackName,
      account: '123456789012',
      region: 'us-east-1',
      queueEndpoint: world.proxy.endpoint,
      mutate(template) {
        Object.assign(template, JSON.parse(JSON.stringify(template).replace('"s3:PutObjectTagging",', '')));
      },
    });
    await host().invoke({ do: 'write', key: 'sealed/c' });
    const verdicts = await new LeastPrivilege(accessPolicies(withoutTagging)).verdicts(world.proxy.calls);
    expect(verdicts.filter(({ decision }) => decision === 'denied').map(({ permission }) => permission.action)).toEqual([
      's3:PutObjectTagging',
    ]);
  });
});

describe('the table of what IAM is asked for', () => {
  it('names an action once, and where AWS says it', () => {
    for (const [service, rows] of Object.entries(permissionTable)) {
      const actions = rows.flatMap((row) => row.actions);
      expect(actions, service).toEqual([...new Set(actions)]);
      for (const { source } of rows) expect(source).not.toBe('');
    }
  });
});
