import { createServer, request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { CreateImageCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { AttemptReport } from '../../../core/attempt-report.ts';
import { digestOf } from '../../../core/digest.ts';
import { fingerprintOf } from '../../../core/fingerprint.ts';
import { handoverLimits } from '../../../core/handed-over.ts';
import { BuilderName, RunId } from '../../../core/identity.ts';
import { releaseQuarantine } from '../../../core/quarantine.ts';
import { describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { type Moto, describeWithMoto } from '../../fixtures/aws/moto.ts';
import { scriptBuilder } from '../../fixtures/aws/stage/image-repository.ts';
import { portOf } from './port-of.ts';
import { stageOfFile } from './stage-of-test.ts';
import { endlessLog } from '../../fixtures/endless-log.ts';

/** What runs in packer, with the build's own credentials: it does what whoever wrote it tells it to. */
const agent = (port: number) => `
send() { # method, path, and what else curl is to be told
  method=$1; path=$2; shift 2
  curl -sS -o answer -w '%{http_code} ' --aws-sigv4 "aws:amz:us-east-1:\${service:-s3}" -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
    -H "x-amz-security-token: $AWS_SESSION_TOKEN" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X "$method" "$@" "$AWS_ENDPOINT_URL$path"
}
silence() { # the attempt, so that it hands nothing over itself
  attempt=$PPID
  until tr '\\0' ' ' < /proc/$attempt/cmdline | grep -q ' attempt '; do attempt=$(ps -o ppid= -p "$attempt" | tr -d ' '); done
  kill -STOP "$attempt"
}
curl -sS -f -o orders "http://127.0.0.1:${port}/orders?run=$AWS_SESSION_TOKEN" && . ./orders
`;

/** What the agent is told next, by the run that asks. */
type Orders = (run: RunId) => Promise<string> | string;

const liar = BuilderName.parse('liar');
const time = () => new Date().toISOString();

describeWithMoto('an attempt that lies', () => {
  describeWithAwsCommandLine('with the rights of its own build', () => {
    let orders: Orders = () => 'true';
    const parts = new Map<string, Uint8Array>();
    const master = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://master');
      if (pathname !== '/orders') return void response.end(parts.get(pathname));
      Promise.resolve(orders(RunId.parse(searchParams.get('run')))).then(
        (text) => response.end(text),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
    let port = 0;
    const stage = stageOfFile(async () => {
      port = await portOf(master);
      return {
        builders: { liar: scriptBuilder('agent'), honest: scriptBuilder('honest') },
        scripts: { agent: agent(port), honest: 'true' },
      };
    });
    afterAll(() => {
      master.closeAllConnections();
      master.close();
    });

    /** What an honest run of the same builder handed over. */
    let truth: AttemptReport;
    let truthLog: Uint8Array;
    let truthScrub: Uint8Array;
    beforeAll(async () => {
      const build = await stage().ended(await stage().dispatch('liar'));
      expect(build.state).toBe('succeeded');
      const { s3, bucket } = stage();
      const prefix = `incoming/${build.attempts[0]?.run}/`;
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }));
      const read = async (name: string) => {
        const version = Versions.find(({ Key }) => Key === `${prefix}${name}`);
        const { Body } = await s3.send(
          new GetObjectCommand({ Bucket: bucket, Key: `${prefix}${name}`, VersionId: version?.VersionId ?? 'missing' }),
        );
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      };
      truth = AttemptReport.parse(JSON.parse(Buffer.from(await read('report.json')).toString('utf8')));
      truthLog = await read('packer.log.gz');
      truthScrub = await read('scrub.json');
    }, 60_000);

    /** Has the next run of the liar hand over what is given, in the place of what its attempt would. */
    const claim = async (lie: (report: AttemptReport) => unknown, log = truthLog) => {
      let claimed: RunId | undefined;
      orders = async (run) => {
        claimed = run;
        const [newest] = (await stage().records.listBuilds(liar, { limit: 1 })).items;
        if (newest === undefined) throw new Error('the run is of no build');
        const report = lie({ ...truth, run, build_id: newest.build_id, started_at: time(), finished_at: time() });
        const scrub = { ...(JSON.parse(Buffer.from(truthScrub).toString('utf8')) as object), build_id: newest.build_id };
        parts.set('/report.json', typeof report === 'string' ? Buffer.from(report) : Buffer.from(JSON.stringify(report)));
        parts.set('/packer.log.gz', log);
        parts.set('/scrub.json', Buffer.from(JSON.stringify(scrub)));
        return [
          'silence',
          ...['report.json', 'packer.log.gz', 'scrub.json'].map((part) => handOver(part, run)),
          'kill -KILL "$attempt"',
        ].join('\n');
      };
      const handOver = (part: string, run: RunId) =>
        `curl -sS -f -o part http://127.0.0.1:${port}/${part} && send PUT '/${stage().bucket}/incoming/${run}/${part}' -T part`;
      const id = await stage().dispatch('liar');
      const build = await stage().ended(id);
      orders = () => 'true';
      expect(stage().world.proxy.calls.filter(({ session, action }) => session === claimed && action === 'PutObject')).toMatchObject(
        Array.from({ length: 3 }, () => ({ outcome: 'answered', status: 200 })),
      );
      return build;
    };
    /** Expects that a claim was taken for a violation, and that nothing of it was sealed; and opens the builder again. */
    const expectDisbelief = async (build: Awaited<ReturnType<typeof claim>>, rule: string, evidence: string) => {
      expect(build).toMatchObject({ state: 'quarantined', manifest: null, attempts: [{ outcome: { artifacts: [], fingerprint: null } }] });
      const result = await stage().json(build.result_path ?? '');
      expect(result).toMatchObject({ exit_code: 3, manifest_path: null, artifacts: [], classification: { rule } });
      expect(JSON.stringify(result['classification'])).toContain(evidence);
      expect(await stage().keys(`artifacts/liar/${build.build_id}`)).toEqual([]);
      expect(stage().told(build.build_id)).toHaveLength(1);
      const { records } = stage();
      expect(await releaseQuarantine({ records, clock: { now: () => Date.now() } }, liar, 'a tester', 'it was a test')).toMatchObject({
        ok: true,
      });
    };

    it('is believed where all that it says is true: what follows fails for the lie alone', async () => {
      expect(await claim((report) => report)).toMatchObject({
        state: 'succeeded',
        attempts: [{ outcome: { fingerprint: truth.fingerprint } }],
      });
    });

    it.each([
      ['another builder', (report: AttemptReport) => ({ ...report, builder: 'honest' }), 'speaks of the builder honest'],
      [
        'other inputs',
        (report: AttemptReport) => {
          const inputs = report.inputs.map((input) => (input.kind === 'script' ? { ...input, digest: digestOf('another') } : input));
          return { ...report, inputs, fingerprint: fingerprintOf(inputs) };
        },
        'those of the deployed source',
      ],
      [
        'a fingerprint that its inputs do not give',
        (report: AttemptReport) => ({ ...report, fingerprint: digestOf('any') }),
        'its own inputs do not give',
      ],
      ['that it ran yesterday', (report: AttemptReport) => ({ ...report, started_at: '2026-01-01T00:00:00.000Z' }), '2026-01-01'],
      ['what is no report', () => 'a report', 'is no JSON'],
      [
        'a report that is too large',
        (report: AttemptReport) => `${JSON.stringify(report)}${' '.repeat(handoverLimits.report)}`,
        `at most ${handoverLimits.report}`,
      ],
    ])('claims %s: 3, and nothing is sealed', async (_what, lie, evidence) => {
      await expectDisbelief(await claim(lie), 'HANDOVER_INVALID', evidence);
    });

    it('hands over a log that is small, and expands to more than is taken: 3, and nothing is sealed', async () => {
      const log = endlessLog(handoverLimits.expandedLog);
      await expectDisbelief(await claim((report) => report, log), 'HANDOVER_INVALID', `more than ${handoverLimits.expandedLog}`);
    });

    const image = (ami: string) => (report: AttemptReport) => ({
      ...report,
      recorded: [{ id: `us-east-1:${ami}`, type: 'amazon-ebs', builder_id: 'mitchellh.amazonebs', name: 'file', files: [] }],
    });

    it('claims an AMI that EC2 does not show yet: nothing is decided or sealed, and a turn looks again until it does', async () => {
      const { moto, proxy } = stage().world;
      const ami = await newImage(moto);
      proxy.forget();
      await using blind = await alteredEc2(moto.endpoint, (text) => text.replaceAll(/<imagesSet>.*<\/imagesSet>/gs, '<imagesSet/>'));
      proxy.route('ec2', blind.endpoint);
      const claiming = claim(image(ami));
      const dueTurns = () =>
        proxy.calls.filter(({ action, parameters }) => action === 'SendMessage' && String(parameters['MessageBody']).includes('"due"'));
      await expect.poll(() => dueTurns().length, { timeout: 90_000 }).toBe(1);
      expect(Number(dueTurns()[0]?.parameters['DelaySeconds'])).toBeGreaterThan(5);
      const [waiting] = (await stage().records.listBuilds(liar, { limit: 1 })).items;
      expect(waiting).toMatchObject({ state: 'running', decision: null, attempts: [{ outcome: null }] });
      expect(await stage().keys(`artifacts/liar/${waiting?.build_id}`)).toEqual([]);
      proxy.route('ec2', moto.endpoint);
      expect(await claiming).toMatchObject({ state: 'succeeded', build_id: waiting?.build_id });
      expect(await stage().json(`artifacts/liar/${waiting?.build_id}.hash.json`)).toMatchObject({
        artifacts: [{ id: 'File' }, { id: `us-east-1:${ami}` }],
      });
    });

    it("claims somebody else's AMI: 3, and nothing is sealed", async () => {
      await expectDisbelief(await claim(image('ami-01f446d4eeaed8a3c')), 'ARTIFACT_UNCONFIRMED', 'belongs to the account');
    });

    it('claims an AMI of the account that is older than the attempt: 3, and nothing is sealed', async () => {
      const { moto, proxy } = stage().world;
      const ami = await newImage(moto);
      // Time goes by in this EC2 alone: every image of it was made in 2020.
      const made = '<creationDate>2020-01-01T00:00:00.000Z<';
      await using older = await alteredEc2(moto.endpoint, (text) => text.replaceAll(/<creationDate>[^<]*</g, made));
      proxy.route('ec2', older.endpoint);
      const build = await claim(image(ami));
      proxy.route('ec2', moto.endpoint);
      await expectDisbelief(build, 'ARTIFACT_UNCONFIRMED', 'was made at 2020-01-01');
    });

    it('is denied all that is not its own', async () => {
      const { bucket, table, world } = stage();
      const honest = await stage().ended(await stage().dispatch('honest'));
      const other = honest.attempts[0]?.run ?? '';
      const sealed = `artifacts/honest/${honest.build_id}.hash.json`;
      const before = await stage().json(sealed);
      const json = (service: string, target: string, body: unknown) =>
        `service=${service} send POST / -H 'content-type: application/x-amz-json-1.0' -H 'x-amz-target: ${target}' -d '${JSON.stringify(body)}'`;
      const form = (service: string, body: Readonly<Record<string, string>>) =>
        `service=${service} send POST / -d '${new URLSearchParams(body).toString()}'`;
      const { outputs } = world.stack;
      const attempts: readonly (readonly [string, (run: RunId) => string])[] = [
        ["another run's report", () => `send PUT '/${bucket}/incoming/${other}/report.json' -d {}`],
        ["another run's place, listed", () => `send GET '/${bucket}?list-type=2&prefix=incoming/${other}/'`],
        ['its own report, read', (run) => `send GET '/${bucket}/incoming/${run}/report.json'`],
        ['its own report, removed', (run) => `send DELETE '/${bucket}/incoming/${run}/report.json'`],
        [
          'its own report, tagged',
          (run) => `send PUT '/${bucket}/incoming/${run}/report.json' -H 'x-amz-tagging: hybridcore%3Aretention=evidence' -d {}`,
        ],
        ['a sealed manifest', () => `send PUT '/${bucket}/${sealed}' -d {}`],
        ['a sealed manifest, read', () => `send GET '/${bucket}/${sealed}'`],
        ['a new manifest', () => `send PUT '/${bucket}/artifacts/liar/01J00000000000000000000000.hash.json' -H 'if-none-match: *' -d {}`],
        ['a result', () => `send PUT '/${bucket}/${honest.result_path}' -d {}`],
        ['the tags of a sealed manifest', () => `send PUT '/${bucket}/${sealed}?tagging' -d '<Tagging><TagSet/></Tagging>'`],
        ['a sealed manifest, removed', () => `send DELETE '/${bucket}/${sealed}'`],
        ['its own word to go', (run) => `send PUT '/${bucket}/control/${run}/go' -d go`],
        ["another run's word to stop", () => `send PUT '/${bucket}/control/${other}/stop' -d stop`],
        ["another run's word, read", () => `send GET '/${bucket}/control/${other}/go'`],
        ['a record', () => json('dynamodb', 'DynamoDB_20120810.PutItem', { TableName: table, Item: { id: { S: 'builder#liar' } } })],
        ['a record, read', () => json('dynamodb', 'DynamoDB_20120810.GetItem', { TableName: table, Key: { id: { S: 'builder#liar' } } })],
        ["another builder's project", () => json('codebuild', 'CodeBuild_20161006.StartBuild', { projectName: 'stage_honest' })],
        ['the queue', () => json('sqs', 'AmazonSQS.SendMessage', { QueueUrl: outputs['Queue'], MessageBody: '{"turn":"honest"}' })],
        [
          'the operators',
          () =>
            form('sns', { Action: 'Publish', Version: '2010-03-31', TopicArn: String(outputs['OperatorsTopic']), Message: 'all is well' }),
        ],
        [
          'the bus',
          () =>
            json('events', 'AWSEvents.PutEvents', {
              Entries: [{ EventBusName: outputs['EventBus'], Source: 'hybridcore.packer', DetailType: 'Build Ended', Detail: '{}' }],
            }),
        ],
      ];
      let run: RunId | undefined;
      orders = (asking) => {
        run = asking;
        return [...attempts.map(([, make]) => make(asking)), 'true'].join('\n');
      };
      expect(await stage().ended(await stage().dispatch('liar'))).toMatchObject({ state: 'succeeded' });
      orders = () => 'true';
      const calls = world.proxy.calls.filter(
        ({ session, headers }) => session === run && headers['user-agent']?.startsWith('curl/') === true,
      );
      expect(calls.map(({ outcome, status }, index) => [attempts[index]?.[0], outcome, status])).toEqual(
        attempts.map(([what], index) => [what, 'denied', calls[index]?.protocol === 'json' ? 400 : 403]),
      );
      expect(await stage().json(sealed)).toEqual(before);
      expect(await stage().tags(sealed)).toMatchObject({ 'hybridcore:retention': 'standard' });
    });
  });
});

async function newImage({ clientOptions }: Moto): Promise<string> {
  const ec2 = new EC2Client(clientOptions);
  const { Instances } = await ec2.send(new RunInstancesCommand({ ImageId: 'ami-01f446d4eeaed8a3c', MinCount: 1, MaxCount: 1 }));
  const { ImageId = '' } = await ec2.send(
    new CreateImageCommand({ InstanceId: Instances?.[0]?.InstanceId ?? '', Name: `image-${crypto.randomUUID()}` }),
  );
  return ImageId;
}

/** An EC2 in front of another one, whose answers it alters. */
async function alteredEc2(upstream: string, alter: (text: string) => string): Promise<AsyncDisposable & { readonly endpoint: string }> {
  const server = createServer((incoming, response) => {
    buffer(incoming)
      .then((body) => {
        const outgoing = httpRequest(
          `${upstream}${incoming.url}`,
          { method: 'POST', headers: { ...incoming.headers, connection: 'close' }, agent: false },
          (answer) => {
            void buffer(answer).then((content) => {
              response.writeHead(answer.statusCode ?? 502, { 'content-type': 'text/xml' }).end(alter(content.toString('utf8')));
            });
          },
        );
        outgoing.end(body);
      })
      .catch((error: unknown) => void response.writeHead(500).end(String(error)));
  });
  const port = await portOf(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
