import { DynamoDBClient, GetItemCommand, PutItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { clientAs } from '../../fixtures/aws/deployment/client-as.ts';
import { type DeployedWorld, deployWorld } from '../../fixtures/aws/deployment/deployed-world.ts';
import { littleStack, littleStackName } from '../../fixtures/aws/deployment/little-stack.ts';
import { type FaultRule } from '../../fixtures/aws/deployment/recording-proxy.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';

describeWithMoto('the proxy that records calls of AWS', () => {
  let assembly: string;
  let world: DeployedWorld;
  beforeAll(async () => {
    assembly = await littleStack();
    world = await deployWorld({ assembly, stackName: littleStackName, guarded: false });
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await rm(assembly, { recursive: true });
  });

  const rules: (() => void)[] = [];
  const fail = (rule: FaultRule) => void rules.push(world.proxy.fail(rule));
  afterEach(() => {
    for (const takeBack of rules.splice(0)) takeBack();
    world.proxy.forget();
  });
  const options = (attempts = 1) => ({ ...clientAs(world.proxy, 'us-east-1', 'some-role', 'some-session'), maxAttempts: attempts });
  const seen = () => world.proxy.calls.map(({ service, action, outcome, status, error }) => [service, action, outcome, status, error]);

  it('knows who asks for what in every protocol', async () => {
    const dynamo = new DynamoDBClient(options());
    await dynamo.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName: 'little-table', Item: { id: { S: 'a' } } } }] }));
    await new SNSClient(options()).send(new PublishCommand({ TopicArn: world.stack.resource('Topic').ref, Message: 'm' }));
    await new EC2Client(options()).send(new DescribeImagesCommand({ ImageIds: ['ami-12c6146b'] }));
    await new EventBridgeClient(options()).send(
      new PutEventsCommand({ Entries: [{ Source: 's', DetailType: 'd', Detail: '{}', EventBusName: 'little' }] }),
    );
    const sqs = new SQSClient(options());
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'little-queue' }));
    await sqs.send(new SendMessageCommand({ QueueUrl: world.stack.resource('Queue').ref, MessageBody: 'm' }));
    expect(QueueUrl).toContain('/little-queue');
    expect(
      world.proxy.calls.map(({ principal, session, service, action, protocol, status }) => [
        principal,
        session,
        service,
        action,
        protocol,
        status,
      ]),
    ).toEqual(
      [
        ['dynamodb', 'TransactWriteItems', 'json'],
        ['sns', 'Publish', 'query'],
        ['ec2', 'DescribeImages', 'ec2'],
        ['events', 'PutEvents', 'json'],
        ['sqs', 'GetQueueUrl', 'json'],
        ['sqs', 'SendMessage', 'json'],
      ].map(([service, action, protocol]) => ['some-role', 'some-session', service, action, protocol, 200]),
    );
    expect(world.proxy.calls[2]?.parameters).toMatchObject({ 'ImageId.1': 'ami-12c6146b' });
  });

  it('knows what S3 is asked by method, path, query and headers', async () => {
    const s3 = new S3Client(options());
    const Bucket = 'little-objects';
    await s3.send(new PutObjectCommand({ Bucket, Key: 'drafts/a b&c', Body: 'x', IfNoneMatch: '*', Tagging: 'kind=draft' }));
    await s3.send(new GetObjectCommand({ Bucket, Key: 'drafts/a b&c' }));
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'nothing' }))).rejects.toMatchObject({ name: 'NotFound' });
    await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'drafts/' }));
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'drafts/a b&c' }] } }));
    expect(seen().map(([, action, , status]) => [action, status])).toEqual([
      ['PutObject', 200],
      ['GetObject', 200],
      ['HeadObject', 404],
      ['ListObjectsV2', 200],
      ['DeleteObjects', 200],
    ]);
    const [put, , , list, removal] = world.proxy.calls;
    expect(put?.parameters).toMatchObject({ bucket: Bucket, key: 'drafts/a b&c' });
    expect(put?.headers).toMatchObject({ 'if-none-match': '*', 'x-amz-tagging': 'kind=draft' });
    expect(list?.parameters).toMatchObject({ query: { prefix: 'drafts/' } });
    expect(removal?.parameters).toMatchObject({ objects: [{ key: 'drafts/a b&c', versionId: null }] });
  });

  it('makes each service fail in its own words, as often as it is told to', async () => {
    const cases: readonly [string, string, string, () => Promise<unknown>][] = [
      [
        'dynamodb',
        'GetItem',
        'ProvisionedThroughputExceededException',
        () => new DynamoDBClient(options()).send(new GetItemCommand({ TableName: 'little-table', Key: { id: { S: 'a' } } })),
      ],
      ['s3', 'ListObjectsV2', 'SlowDown', () => new S3Client(options()).send(new ListObjectsV2Command({ Bucket: 'little-objects' }))],
      [
        'codebuild',
        'StartBuild',
        'ThrottlingException',
        () => new CodeBuildClient(options()).send(new StartBuildCommand({ projectName: 'p' })),
      ],
      [
        'sns',
        'Publish',
        'Throttled',
        () => new SNSClient(options()).send(new PublishCommand({ TopicArn: world.stack.resource('Topic').ref, Message: 'm' })),
      ],
      [
        'sqs',
        'SendMessage',
        'RequestThrottled',
        () => new SQSClient(options()).send(new SendMessageCommand({ QueueUrl: world.stack.resource('Queue').ref, MessageBody: 'm' })),
      ],
      ['ec2', 'DescribeImages', 'RequestLimitExceeded', () => new EC2Client(options()).send(new DescribeImagesCommand({}))],
      ['ssm', 'GetParameter', 'AccessDeniedException', () => new SSMClient(options()).send(new GetParameterCommand({ Name: 'p' }))],
    ];
    for (const [service, action, code, call] of cases) {
      fail({ service, action, times: 1, fault: { code } });
      await expect(call(), code).rejects.toMatchObject({ name: expect.stringMatching(new RegExp(`^${code}(?:Exception)?$`)) });
    }
    expect(seen().map(([, , outcome]) => outcome)).toEqual(cases.map(() => 'refused'));
    await new S3Client(options()).send(new ListObjectsV2Command({ Bucket: 'little-objects' }));
    expect(seen().at(-1)).toEqual(['s3', 'ListObjectsV2', 'answered', 200, null]);
  });

  it('lets the SDK try again what is throttled once', async () => {
    fail({ action: 'PutItem', times: 1, fault: { code: 'ThrottlingException' } });
    await new DynamoDBClient(options(3)).send(new PutItemCommand({ TableName: 'little-table', Item: { id: { S: 'again' } } }));
    expect(seen().map(([, , outcome]) => outcome)).toEqual(['refused', 'answered']);
  });

  it('fails the later calls, those of one principal, or those about one thing alone', async () => {
    fail({
      action: 'GetItem',
      after: 1,
      times: 1,
      principal: 'some-role',
      where: ({ parameters }) => JSON.stringify(parameters).includes('wanted'),
      fault: { code: 'InternalServerError' },
    });
    const get = (id: string) =>
      new DynamoDBClient(options()).send(new GetItemCommand({ TableName: 'little-table', Key: { id: { S: id } } }));
    await get('other');
    await get('wanted');
    await get('other');
    await expect(get('wanted')).rejects.toMatchObject({ name: 'InternalServerError' });
    await get('wanted');
  });

  it('loses an answer once the call is carried out, and a call before it is', async () => {
    const dynamo = new DynamoDBClient(options());
    const put = (id: string) => dynamo.send(new PutItemCommand({ TableName: 'little-table', Item: { id: { S: id } } }));
    const isThere = async (id: string) =>
      (await dynamo.send(new GetItemCommand({ TableName: 'little-table', Key: { id: { S: id } } }))).Item !== undefined;
    fail({ action: 'PutItem', times: 1, fault: 'lost-answer' });
    await expect(put('carried out')).rejects.toMatchObject({ code: 'ECONNRESET' });
    fail({ action: 'PutItem', times: 1, fault: 'reset' });
    await expect(put('never heard of')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await isThere('carried out')).toBe(true);
    expect(await isThere('never heard of')).toBe(false);
    expect(seen().map(([, , outcome]) => outcome)).toEqual(['unanswered', 'unheard', 'answered', 'answered']);
  });

  it('sends the calls of one service elsewhere', async () => {
    const elsewhere = createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end('{"build":{"id":"p:1"}}'),
    );
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const address = elsewhere.address();
    world.proxy.route('codebuild', `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    const { build } = await new CodeBuildClient(options()).send(new StartBuildCommand({ projectName: 'p' }));
    expect(build?.id).toBe('p:1');
    expect(seen()).toEqual([['codebuild', 'StartBuild', 'answered', 200, null]]);
    elsewhere.closeAllConnections();
    elsewhere.close();
  });
});
