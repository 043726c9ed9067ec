import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateImageCommand, DescribeImagesCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { dynamoRecords } from '../../adapters/aws/dynamo-records.ts';
import { ec2Images } from '../../adapters/aws/ec2-images.ts';
import { eventBridgeAnnouncements } from '../../adapters/aws/eventbridge-announcements.ts';
import { s3Control } from '../../adapters/aws/s3-control.ts';
import { s3Handover } from '../../adapters/aws/s3-handover.ts';
import { bucketSettings } from '../../adapters/aws/s3-bucket-settings.ts';
import { s3Objects } from '../../adapters/aws/s3-objects.ts';
import { sqsTurns } from '../../adapters/aws/sqs-turns.ts';
import { gzip } from '../../adapters/local/gzip.ts';
import { systemClock, systemIds, systemRandomness } from '../../adapters/local/system.ts';
import { AttemptReport } from '../../core/attempt-report.ts';
import { keys } from '../../core/contract/keys.ts';
import { toDigest } from '../../core/digest.ts';
import { success } from '../../core/failure.ts';
import { fingerprintOf, toolInput } from '../../core/fingerprint.ts';
import { type RunId, timestamp } from '../../core/identity.ts';
import { type BuildService } from '../../core/ports.ts';
import { type RunRecord } from '../../core/run-record.ts';
import { type RunEvent } from '../../core/run-event.ts';
import { type Turn } from '../../core/turn.ts';
import { completeMessages } from '../../lambdas/complete/complete-messages.ts';
import { dispatchRequest } from '../../lambdas/dispatch/dispatch-request.ts';
import { sweep } from '../../lambdas/reconcile/sweep.ts';
import { usageOfBuild } from '../../scripts/cost/usage.ts';
import { newBucket } from '../fixtures/aws/buckets.ts';
import { type MeteredClient, meter } from '../fixtures/aws/metered-calls.ts';
import { type Moto, describeWithMoto, motoAccount, motoRegion, startMoto } from '../fixtures/aws/moto.ts';
import { makeTable } from '../fixtures/aws/table.ts';
import { base, config } from '../fixtures/dispatcher.ts';
import { runNamed } from '../fixtures/records.ts';

/** CodeBuild puts no price on its calls: this one starts a run and shows it. */
function oneRun(): BuildService & { end(): void } {
  const run = runNamed(`arn:aws:codebuild:${motoRegion}:${motoAccount}:build/images_base:11111111-2222-3333-4444-555555555555`);
  let record: RunRecord | undefined;
  return {
    async start() {
      record = { run, status: 'IN_PROGRESS', started_at: timestamp(systemClock.now()), finished_at: null, phases: [] };
      return { state: 'started', run };
    },
    look: async () => (record === undefined ? [] : [record]),
    stop: async () => undefined,
    forget: async () => undefined,
    end() {
      if (record !== undefined) record = { ...record, status: 'SUCCEEDED', finished_at: timestamp(systemClock.now()) };
    },
  };
}

describeWithMoto('what a build uses of AWS', () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.end());

  it('is what docs/deploy.md counts, for each part of a successful build that makes an AMI', async () => {
    const options = moto.clientOptions;
    const used = meter();
    const watched = <Client extends MeteredClient>(client: Client): Client => {
      used.watch(client);
      return client;
    };
    const bucket = await newBucket(new S3Client(options));
    const table = await makeTable(new DynamoDBClient(options));
    const { QueueUrl = '' } = await new SQSClient(options).send(new CreateQueueCommand({ QueueName: 'turns' }));
    await new EventBridgeClient(options).send(new CreateEventBusCommand({ Name: 'images' }));
    const runs = oneRun();
    const ec2 = watched(new EC2Client(options));
    const s3 = watched(new S3Client(options));
    const dependencies = {
      ports: {
        records: dynamoRecords(watched(new DynamoDBClient(options)), table),
        objects: s3Objects(s3, { bucket, policy: config.retention, clock: systemClock }),
        retentionCheck: { look: async () => void (await bucketSettings(s3, bucket)) },
        buildService: runs,
        operators: { notify: () => Promise.reject(new Error('nobody is told of a success')) },
        announcements: eventBridgeAnnouncements(watched(new EventBridgeClient(options)), 'images'),
        artifactCheck: ec2Images(() => ec2, { account: motoAccount, region: motoRegion }),
        deployedSource: { fingerprint: async () => fingerprintOf(inputs) },
        compression: gzip,
        randomness: systemRandomness,
        clock: systemClock,
        ids: systemIds,
      },
      config,
      turns: sqsTurns(watched(new SQSClient(options)), QueueUrl),
      log: () => undefined,
      logProblem: async () => undefined,
      count: () => undefined,
    };

    const complete = async (event: RunEvent, body: object = {}) => {
      const batch = { Records: [{ messageId: '1', body: JSON.stringify(body) }] };
      expect(await completeMessages({ ...dependencies, readRunEvent: () => success(event) }, batch)).toEqual({ batchItemFailures: [] });
    };
    const take = (turn: Turn) => complete({ run: runNamed('none'), status: 'FAULT', build_id: null }, turn);

    await sweep(dependencies);
    const idleSweep = used.read();

    const answer = await dispatchRequest(dependencies, { request: { builder: base }, by: 'tester' }, 'invocation-1');
    if (!('dispatched' in answer)) throw new Error(answer.stderr);
    const { build_id: build } = answer.dispatched;
    const dispatch = used.read();
    await take({ turn: base });
    const start = used.read();
    const run = (await dependencies.ports.records.readBuild(build))?.attempts[0]?.run;
    if (run === undefined || run === null) throw new Error('no run was started');
    used.read();

    await sweep(dependencies);
    await take({ turn: base, open: [build] });
    const sweepBeside = used.read();

    const ami = await newImage(new EC2Client(options));
    await handOver(watched(new S3Client(options)), bucket, { run, build, ami });
    const attempt = used.read();

    runs.end();
    await complete({ run, status: 'SUCCEEDED', build_id: build });
    const completed = used.read();

    expect(await dependencies.ports.records.readBuild(build)).toMatchObject({ state: 'succeeded', settled_at: expect.any(String) });
    expect({ dispatch, start, attempt, sweepBeside, complete: completed, idleSweep }).toEqual(usageOfBuild);
  });
});

const inputs = [toolInput('packer', '1.15.4')];

async function newImage(client: EC2Client): Promise<string> {
  const { Images = [] } = await client.send(new DescribeImagesCommand({}));
  const { Instances = [] } = await client.send(
    new RunInstancesCommand({ ImageId: Images[0]?.ImageId ?? '', MinCount: 1, MaxCount: 1, InstanceType: 't3.micro' }),
  );
  const { ImageId } = await client.send(new CreateImageCommand({ InstanceId: Instances[0]?.InstanceId ?? '', Name: 'base' }));
  return `${motoRegion}:${ImageId}`;
}

/** What the attempt of one successful build says, in the calls that an attempt makes: its word, its log, its scrub manifest, its report. */
async function handOver(
  client: S3Client,
  bucket: string,
  { run, build, ami }: { readonly run: RunId; readonly build: string; readonly ami: string },
): Promise<void> {
  expect(await s3Control(client, bucket).awaitGo(run, 1000, new AbortController().signal)).toBe(true);
  const at = keys.incoming(run);
  const handover = s3Handover(client, { bucket, run });
  const log = await handover.openLog(run);
  for (const line of [
    '1795378213,amazon-ebs.base,artifact-count,1',
    '1795378213,amazon-ebs.base,artifact,0,builder-id,mitchellh.amazonebs',
    `1795378213,amazon-ebs.base,artifact,0,id,${ami}`,
    `1795378213,amazon-ebs.base,artifact,0,string,AMIs were created: ${ami}`,
    '1795378213,amazon-ebs.base,artifact,0,files-count,0',
    '1795378213,amazon-ebs.base,artifact,0,end',
    '1795378213,,ui,say,\\n==> Builds finished. The artifacts of successful builds are:',
  ])
    await log.write(`${line}\n`);
  await log.close();
  const now = timestamp(systemClock.now());
  const report = AttemptReport.parse({
    schema: 'hybridcore-packer/attempt-report/1',
    run,
    builder: base,
    build_id: build,
    attempt: 1,
    command: 'packer build base',
    started_at: now,
    finished_at: now,
    packer: { exit_code: 0, signal: null },
    interrupted: null,
    unchanged: false,
    failure: null,
    fingerprint: fingerprintOf(inputs),
    inputs,
    undeclared: [],
    resolved: { packer: '1.15.4', plugins: {}, base_images: [] },
    recorded: [],
  });
  const scrub = {
    schema: 'hybridcore-packer/scrub-manifest/1',
    builder: base,
    build_id: build,
    attempt: 1,
    rule_set: toDigest('0'.repeat(64)),
    not_searched: [],
    files: [],
  };
  await handover.put(at.scrubManifest, JSON.stringify(scrub));
  await handover.put(at.report, JSON.stringify(report));
}
