import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type DeployedWorld, deployWorld } from '../../fixtures/aws/deployment/deployed-world.ts';
import { giveSecrets } from '../../fixtures/aws/deployment/given-secrets.ts';
import { littleStack, littleStackName } from '../../fixtures/aws/deployment/little-stack.ts';
import { provision } from '../../fixtures/aws/deployment/provision.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';

describeWithMoto('an AWS with what a template declares in it', () => {
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

  it('has the table with its index and what makes its items go', async () => {
    const client = new DynamoDBClient(world.moto.clientOptions);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'little-table' }));
    expect(Table?.KeySchema).toEqual([{ AttributeName: 'id', KeyType: 'HASH' }]);
    expect(Table?.GlobalSecondaryIndexes).toMatchObject([{ IndexName: 'open', Projection: { ProjectionType: 'KEYS_ONLY' } }]);
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: 'little-table' }));
    expect(TimeToLiveDescription).toEqual({ AttributeName: 'expires_at', TimeToLiveStatus: 'ENABLED' });
  });

  it('has the bucket with versions, lock, lifecycle and tags', async () => {
    const client = new S3Client(world.moto.clientOptions);
    const Bucket = 'little-objects';
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
    expect((await client.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration?.ObjectLockEnabled).toBe(
      'Enabled',
    );
    expect((await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([{ Key: 'stack', Value: 'little' }]);
    const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(Rules).toMatchObject([
      {
        ID: 'short',
        Filter: { Tag: { Key: 'retention', Value: 'short' } },
        Expiration: { Days: 30 },
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
      { ID: 'passing', Filter: { Prefix: 'incoming/' }, Expiration: { Days: 14 } },
    ]);
  });

  it('has the queue that redrives to its dead letters, the topic and the bus', async () => {
    const { Attributes } = await new SQSClient(world.moto.clientOptions).send(
      new GetQueueAttributesCommand({ QueueUrl: world.stack.resource('Queue').ref, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({ VisibilityTimeout: '720' });
    expect(JSON.parse(Attributes?.['RedrivePolicy'] ?? '')).toEqual({
      deadLetterTargetArn: world.stack.resource('Dead').attribute('Arn'),
      maxReceiveCount: 2,
    });
    const TopicArn = world.stack.resource('Topic').ref;
    expect((await new SNSClient(world.moto.clientOptions).send(new GetTopicAttributesCommand({ TopicArn }))).Attributes).toMatchObject({
      TopicArn,
    });
    expect((await new EventBridgeClient(world.moto.clientOptions).send(new DescribeEventBusCommand({ Name: 'little' }))).Name).toBe(
      'little',
    );
  });

  it('has the files and folders that are published with it', async () => {
    const client = new S3Client(world.moto.clientOptions);
    const published = async (Key: string) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: 'assets-123456789012-us-east-1', Key }));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    };
    expect(Buffer.from(await published('text.txt')).toString()).toBe('a text');
    const zip = join(tmpdir(), `${crypto.randomUUID()}.zip`);
    await writeFile(zip, await published('function.zip'));
    expect(execFileSync('python3', ['-m', 'zipfile', '-l', zip], { encoding: 'utf8' })).toContain('index.mjs');
    await rm(zip);
  });

  it('has the secrets that it was given', async () => {
    await giveSecrets(world.moto.clientOptions, {
      parameters: { '/images/token': 'a parameter' },
      secrets: { 'images/join': '{"token":"a secret"}' },
    });
    const { Parameter } = await new SSMClient(world.moto.clientOptions).send(
      new GetParameterCommand({ Name: '/images/token', WithDecryption: true }),
    );
    expect(Parameter).toMatchObject({ Value: 'a parameter', Type: 'SecureString' });
    await expect(giveSecrets(world.moto.clientOptions, { secrets: { 'images/join': 'again' } })).rejects.toThrow(
      'the secret images/join could not be created',
    );
  });

  it('refuses a resource that nobody makes or plays', async () => {
    const { stack, moto } = world;
    const gate = { ...stack.resource('Table'), type: 'AWS::ApiGateway::Unknown' };
    await expect(provision({ ...stack, resources: [gate] }, moto.clientOptions)).rejects.toThrow(
      'AWS::ApiGateway::Unknown is not in provision.ts',
    );
  });
});
