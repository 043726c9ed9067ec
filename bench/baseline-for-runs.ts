import { BatchGetBuildsCommand, CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';

import { type Call } from './aws-endpoint.ts';
import { make } from './baseline.ts';
import { asSent, makeCalls } from './baseline-calls.ts';

/* What `complete` is measured against: as `baseline.ts`, with the clients of runs, objects and notices besides. */

const codebuild = new CodeBuildClient();
const s3 = new S3Client();
export const others = [new SNSClient(), new EventBridgeClient()];

export async function handler(): Promise<void> {
  await makeCalls(makeAny);
}

async function makeAny(call: Call): Promise<void> {
  if (call.service === 's3') {
    const at = { Bucket: call.bucket, Key: call.key };
    if (call.operation === 'put') await s3.send(new PutObjectCommand({ ...at, Body: '{}', IfNoneMatch: '*' }));
    else if (call.operation === 'list') await s3.send(new ListObjectsV2Command({ Bucket: call.bucket }));
    else await s3.send(new GetObjectCommand(at)).catch(() => undefined);
    return;
  }
  switch (call.operation) {
    case 'StartBuild':
      return void (await codebuild.send(new StartBuildCommand(asSent(call.input))));
    case 'BatchGetBuilds':
      return void (await codebuild.send(new BatchGetBuildsCommand(asSent(call.input))));
    default:
      return make(call);
  }
}
