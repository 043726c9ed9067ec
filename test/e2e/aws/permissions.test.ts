import { beforeAll, expect, it } from 'vitest';

import { type FunctionName } from '../../../core/contract/deployment.ts';
import { DiagLinkDocument, LogLinksDocument } from '../../../core/api/api-documents.ts';
import { BuildsDocument, DispatchDocument } from '../../../core/documents.ts';
import { type BuildId } from '../../../core/identity.ts';
import { type Build } from '../../../core/build.ts';
import * as z from '../../../core/zod.ts';
import { describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { type Verdict, nameOfGrant } from '../../fixtures/aws/deployment/least-privilege.ts';
import { fireSchedule } from '../../fixtures/aws/deployment/scheduler.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';
import { ebsBuilder } from '../../fixtures/aws/stage/image-repository.ts';
import { stageOfFile } from './stage-of-test.ts';

/** The functions that go on with builds: the tour has each do all of it. */
const functionNames = ['dispatch', 'complete', 'reconcile'] as const satisfies readonly FunctionName[];

const ProxyAnswer = z.object({ statusCode: z.int(), body: z.string() });

/** What a policy allows and the tour below does not use, or allows with a wildcard; and why it stands. */
interface Reason {
  /** Of a grant's line: `role: policy statement action resource`. */
  readonly grant: RegExp;
  readonly why: string;
}

const unusedReasons: readonly Reason[] = [
  {
    grant: /: FunctionsApi\w+ RaiseRetention s3:GetObject(?:Retention|LegalHold) /,
    why: 'S3 shows a lock and a hold in the head of an object only to who may read those ("HeadObject", S3 API Reference)',
  },
  {
    grant: /: FunctionsApi\w+ ShowImagesToSsm ec2:DescribeImages \*$/,
    why: 'SSM looks at the image in the name of who writes the parameter ("Native parameter support for AMI IDs", Systems Manager User Guide)',
  },
  {
    grant: /role\w+: Functions\w+ FollowRuns codebuild:StopBuild /,
    why: 'force comes 150 s after a kind stop, and where two runs were started for one attempt: test/core/advance.test.ts',
  },
  {
    grant: /role\w+: Functions\w+ CheckArtifacts ec2:Describe(?:Regions|Snapshots|Volumes) \*$/,
    why: 'artifacts in other regions, and those of `ebsvolume`: test/adapters/aws/ec2-images.test.ts',
  },
];

const wildcardReasons: readonly Reason[] = [
  {
    grant:
      /: FunctionsApi\w+ (?:ReadWhatIsKept|LinkWhatIsKept|KeepDiagBundles|RaiseRetention) s3:\w+ \S+\/(?:artifacts|diag|state\/packer)\/\*$/,
    why: 'builds are not known before they are; what it writes are diag bundles, tags and locks alone',
  },
  { grant: /: FunctionsApi\w+ FindLogsOfRuns codebuild:BatchGetBuilds \S+:project\/stage_\*$/, why: "this stack's projects and no others" },
  {
    grant: /: FunctionsApi\w+ ReadLogsOfRuns logs:GetLogEvents \S+:log-group:stage-Builders\*:log-stream:\*$/,
    why: "the logs of this stack's projects, whose names CloudFormation makes up",
  },
  { grant: /: FunctionsApi\w+ MovePointers ssm:\w+ \S+:parameter\/images\/image\/\*$/, why: 'the channels of one builder' },
  { grant: /: FunctionsApi\w+ ShowImagesToSsm ec2:DescribeImages \*$/, why: 'EC2 knows no narrower resource for what it describes' },
  { grant: /: Functions\w+ (?:StartRuns|FollowRuns) codebuild:\w+ \S+:project\/stage_\*$/, why: "this stack's projects and no others" },
  {
    grant: /: Functions\w+ (?:Seal|TellRuns|Receive|ForgetRuns) s3:\w+ \S+\/(?:artifacts|state\/packer|control|incoming)\/\*$/,
    why: 'builds and runs are not known before they are, and the bucket policy says what may be done below a prefix',
  },
  { grant: /: Functions\w+ CheckArtifacts ec2:Describe\w+ \*$/, why: 'EC2 knows no narrower resource for what it describes' },
  { grant: / WriteItsLog logs:\w+ \S+:log-group:[\w-]+:\*$/, why: 'the streams of one log group' },
  {
    grant: /: Builders\w+ (?:HandOver|HearTheDispatcher) s3:\w+ \S+\/(?:incoming|control)\/\$\{codebuild:buildArn\}\/\*$/,
    why: 'the place of its own run alone',
  },
  { grant: / ReadItsSecrets secretsmanager:GetSecretValue \S+-\?{6}$/, why: 'six characters that Secrets Manager puts after the name' },
  { grant: /: Builders\w+Further\w+ 1 ec2:\w+ \*$/, why: 'what hybridcore.yaml gives a builder whose packer makes AMIs' },
];

describeWithMoto('the permissions of a stage, both ways', () => {
  describeWithAwsCommandLine('after a tour through all that the deployed parts do', () => {
    const stage = stageOfFile(() => ({
      builders: {
        image: ebsBuilder({
          publish: { ssm_parameter: '/images/image/{channel}' },
          schedule: { rate: '7 days' },
          secrets: { join_token: 'secretsmanager:images/join#token', licence: 'ssm:/images/licence' },
        }),
        outage: ebsBuilder({}, [{ actions: ['ec2:DescribeImages'], resources: ['*'] }]),
      },
      secrets: { secrets: { 'images/join': '{"token":"a-token-of-joining"}' }, parameters: { '/images/licence': 'a-licence' } },
    }));
    let verdicts: readonly Verdict[];
    /** Of a class with a lock, and of one without. */
    let [locked, plain]: BuildId[] = [];

    const roleOf = (name: FunctionName) => stage().parts.host(name).definition.roleName;

    /** Has a build go on from its start to its end by one kind of message: events of the build service, turns of requests or of sweeps. */
    async function carryThrough(name: (typeof functionNames)[number], builder: string, token: string): Promise<Build> {
      stage().events(name === 'complete' ? 'delivered' : 'lost');
      const retention = name === 'complete' ? 'evidence' : 'standard';
      const ask = () => stage().dispatch(builder, { client_token: token, retention });
      const id = await ask();
      const send = { dispatch: ask, complete: async () => undefined, reconcile: () => stage().invoke('reconcile', {}) }[name];
      const goOn = async () => {
        await send();
        await stage().parts.mapping?.comeAgain();
        await stage().pump();
      };
      const read = async (of: BuildId) => {
        const build = await stage().records.readBuild(of);
        if (build === undefined) throw new Error(`there is no build ${of}`);
        return build;
      };
      for (const deadline = performance.now() + 60_000; performance.now() < deadline;) {
        const build = await read(id);
        const attempt = build.attempts.at(-1);
        if (build.settled_at !== null) return build;
        if (build.state === 'retrying' || stage().statusOf(attempt?.run) !== 'IN_PROGRESS') await goOn();
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      throw new Error(`${name} does not come to an end with ${JSON.stringify(await read(id))}`);
    }

    /** Has the API do all that it does, of builds that have ended and of one that runs. */
    async function askForEverything(): Promise<void> {
      stage().events('delivered');
      const call = async (method: 'GET' | 'POST', resource: string, parameters: Readonly<Record<string, string>> = {}, body?: object) => {
        const request = {
          httpMethod: method,
          resource,
          pathParameters: parameters,
          body: body === undefined ? null : JSON.stringify(body),
        };
        const by = { requestContext: { identity: { userArn: 'arn:aws:iam::123456789012:user/tester' } } };
        const rest = { headers: { 'content-type': 'application/json' }, multiValueQueryStringParameters: null, isBase64Encoded: false };
        const invocation = await stage().invoke('api', { ...request, ...by, ...rest });
        return ProxyAnswer.parse(invocation.state === 'returned' ? invocation.value : undefined);
      };
      const document = async (...asked: Parameters<typeof call>) => {
        const { statusCode, body } = await call(...asked);
        expect(statusCode, `${asked[1]}: ${body}`).toBeLessThan(300);
        return JSON.parse(body) as unknown;
      };
      const of = { name: 'image' };
      await document('GET', '/builders');
      const { builds } = BuildsDocument.parse(await document('GET', '/builders/{name}/builds', of));
      const id = builds.find(({ state }) => state === 'succeeded')?.build_id ?? 'none';
      for (const part of ['', '/result', '/summary']) await document('GET', `/builds/{id}${part}`, { id });
      await document('GET', '/builders/{name}/manifest', of);
      expect((await call('GET', '/builders/{name}/manifest', { name: 'outage' })).statusCode).toBe(404);
      await document('POST', '/builders/{name}/publish', of, { build: id });
      const log = LogLinksDocument.parse(await document('GET', '/builds/{id}/log', { id }));
      // A bundle of each class, and then the lock for what had none.
      await document('GET', '/builds/{id}/diag', { id: locked ?? '' });
      const bundle = DiagLinkDocument.parse(await document('GET', '/builds/{id}/diag', { id: plain ?? '' }));
      await document('POST', '/builds/{id}/retention', { id: plain ?? '' }, { class: 'evidence', reason: 'case 7' });
      for (const link of [log.attempts[0]?.link, bundle.link]) expect((await fetch(link?.url ?? '')).status).toBe(200);
      const { dispatched } = DispatchDocument.parse(await document('POST', '/builders/{name}/builds', of, { client_token: 'by-api' }));
      const running = await stage().until(dispatched.build_id, (build) => (build.attempts[0]?.run ?? null) !== null);
      await document('GET', '/builds/{id}/log', { id: running.build_id });
      await document('POST', '/builds/{id}/stop', { id: running.build_id });
      await stage().ended(running.build_id);
    }

    /** Has a build fail, or be stopped, once its image is there: packer takes that away again, with its snapshots. */
    async function haveAnImageTakenAway(): Promise<void> {
      stage().events('delivered');
      const heal = stage().world.proxy.fail({
        principal: stage().roleOf('image'),
        service: 'ec2',
        action: 'CreateTags',
        where: ({ parameters }) => Object.values(parameters).some((value) => String(value).startsWith('ami-')),
        times: Infinity,
        fault: { code: 'InvalidParameterValue' },
      });
      const build = await stage().ended(await stage().dispatch('image', { client_token: 'untagged' }));
      heal();
      expect(build).toMatchObject({ state: 'failed', manifest: null });
    }

    beforeAll(async () => {
      const { proxy, stack, leastPrivilege } = stage().world;
      for (const name of functionNames) {
        // What goes wrong after a decision is gone on with from what the decision rests on.
        const heal = proxy.fail({
          principal: roleOf('complete'),
          service: 's3',
          action: 'PutObject',
          where: isLasting,
          times: 3,
          fault: { code: 'InternalError' },
        });
        const build = await carryThrough(name, 'image', `image-${name}`);
        expect(build, name).toMatchObject({ state: 'succeeded' });
        if (name === 'complete') locked = build.build_id;
        else plain = build.build_id;
        heal();
      }
      const heal = proxy.fail({
        principal: stage().roleOf('outage'),
        service: 'ec2',
        action: 'DescribeImages',
        times: Infinity,
        fault: { code: 'RequestLimitExceeded' },
      });
      for (const name of functionNames)
        expect(await carryThrough(name, 'outage', `outage-${name}`), name).toMatchObject({ state: 'escalated' });
      heal();
      await haveAnImageTakenAway();
      await askForEverything();
      // Schedules that fire, that cannot be delivered, and whose function fails for good.
      const schedules = stack.ofType('AWS::Scheduler::Schedule');
      const functionAt = (arn: string) => functionNames.map((each) => stage().parts.host(each)).find((host) => host.definition.arn === arn);
      proxy.fail({
        principal: roleOf('dispatch'),
        service: 'dynamodb',
        action: '*',
        times: Infinity,
        fault: { code: 'InternalServerError' },
      });
      for (const { logicalId } of schedules) {
        expect(await fireSchedule({ stack, proxy, functionAt }, logicalId, new Date())).toMatchObject({ state: 'invoked' });
        expect(await fireSchedule({ stack, proxy, functionAt: () => undefined }, logicalId, new Date())).toMatchObject({
          state: 'undelivered',
        });
      }
      verdicts = await leastPrivilege.verdicts(proxy.calls.filter(({ outcome }) => outcome !== 'denied'));
    }, 240_000);

    it('let every call through that the deployed parts make', () => {
      expect(verdicts.length).toBeGreaterThan(500);
      expect(verdicts.filter(({ decision }) => decision === 'denied').map(({ why }) => why)).toEqual([]);
      // An attempt that has not been told anything hears "denied", since it may not list.
      const denied = stage().world.proxy.calls.filter(({ outcome }) => outcome === 'denied');
      expect(
        denied.filter(({ action, parameters }) => action !== 'GetObject' || !String(parameters['key']).startsWith('control/')),
      ).toEqual([]);
    });

    it('let packer take away the image of a build that failed, with its snapshots', () => {
      const taken = stage().world.proxy.calls.filter(({ action }) => action === 'DeregisterImage' || action === 'DeleteSnapshot');
      expect(taken.map(({ action, outcome, status }) => [action, outcome, status]).slice(0, 2)).toEqual([
        ['DeregisterImage', 'answered', 200],
        ['DeleteSnapshot', 'answered', 200],
      ]);
    });

    it('allow nothing that was not used, but what is named with its reason', () => {
      expectNamed(
        stage()
          .world.leastPrivilege.unused(verdicts)
          .map((grant) => nameOfGrant(grant)),
        unusedReasons,
      );
    });

    it('have no wildcard but those that are named with their reason', () => {
      expectNamed(
        stage()
          .world.leastPrivilege.wildcards()
          .map((grant) => nameOfGrant(grant)),
        wildcardReasons,
      );
    });
  });
});

function isLasting({ parameters }: { readonly parameters: Readonly<Record<string, unknown>> }): boolean {
  return /^(?:artifacts|state)\//.test(String(parameters['key']));
}

/** Expects a reason for each grant, and a grant for each reason. */
function expectNamed(grants: readonly string[], reasons: readonly Reason[]): void {
  expect(grants.filter((line) => !reasons.some(({ grant }) => grant.test(line)))).toEqual([]);
  expect(reasons.filter(({ grant }) => !grants.some((line) => grant.test(line))).map(({ why }) => why)).toEqual([]);
}
