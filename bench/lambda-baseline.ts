import { readFileSync } from 'node:fs';
import { BatchGetBuildsCommand, CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild';
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand, QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';

import { type Call } from './aws-endpoint.ts';

/*
 * What the functions are measured against: a handler that constructs the clients that they construct, and does nothing
 * else. When it is called it makes the calls that the measured function made, one after another, and looks at no answer.
 */

const dynamo = new DynamoDBClient();
const codebuild = new CodeBuildClient();
const s3 = new S3Client();
const sqs = new SQSClient();
export const others = [new SNSClient(), new EventBridgeClient()];

export async function handler(): Promise<void> {
  // oxlint-disable-next-line no-unsafe-type-assertion
  const calls = JSON.parse(readFileSync(process.env['BENCH_CALLS'] ?? '', 'utf8')) as readonly Call[];
  for (const call of calls) await make(call);
}

async function make(call: Call): Promise<void> {
  if (call.service === 's3') {
    const at = { Bucket: call.bucket, Key: call.key };
    if (call.operation === 'put') await s3.send(new PutObjectCommand({ ...at, Body: '{}', IfNoneMatch: '*' }));
    else if (call.operation === 'list') await s3.send(new ListObjectsV2Command({ Bucket: call.bucket }));
    else await s3.send(new GetObjectCommand(at)).catch(() => undefined);
    return;
  }
  switch (call.operation) {
    case 'GetItem':
      return void (await dynamo.send(new GetItemCommand(asSent(call.input))));
    case 'BatchGetItem':
      return void (await dynamo.send(new BatchGetItemCommand(asSent(call.input))));
    case 'Query':
      return void (await dynamo.send(new QueryCommand(asSent(call.input))));
    case 'TransactWriteItems':
      return void (await dynamo.send(new TransactWriteItemsCommand(asSent(call.input))));
    case 'StartBuild':
      return void (await codebuild.send(new StartBuildCommand(asSent(call.input))));
    case 'BatchGetBuilds':
      return void (await codebuild.send(new BatchGetBuildsCommand(asSent(call.input))));
    case 'SendMessage':
      return void (await sqs.send(new SendMessageCommand(asSent(call.input))));
    default:
      throw new Error(`the baseline does not know ${call.operation}`);
  }
}

/** What came over the wire, which for these services is how their commands take it. */
// Each command knows what it takes.
// oxlint-disable-next-line no-unnecessary-type-parameters
function asSent<Input>(input: Readonly<Record<string, unknown>>): Input {
  // oxlint-disable-next-line no-unsafe-type-assertion
  return input as Input;
}
