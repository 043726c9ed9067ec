import { beforeAll, expect, it } from 'vitest';

import { type FunctionName, functionNames } from '../../../core/contract/deployment.ts';
import { type BuildId } from '../../../core/identity.ts';
import { type Build } from '../../../core/build.ts';
import { describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { type Verdict, nameOfGrant } from '../../fixtures/aws/deployment/least-privilege.ts';
import { fireSchedule } from '../../fixtures/aws/deployment/scheduler.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';
import { ebsBuilder } from '../../fixtures/aws/stage/image-repository.ts';
import { stageOfFile } from './stage-of-test.ts';

/** What a policy allows and the tour below does not use, or allows with a wildcard; and why it stands. */
interface Reason {
  /** Of a grant's line: `role: policy statement action resource`. */
  readonly grant: RegExp;
  readonly why: string;
}

const unusedReasons: readonly Reason[] = [
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
          retention: 'evidence',
          schedule: { rate: '7 days' },
          secrets: { join_token: 'secretsmanager:images/join#token', licence: 'ssm:/images/licence' },
        }),
        outage: ebsBuilder({}, [{ actions: ['ec2:DescribeImages'], resources: ['*'] }]),
      },
      secrets: { secrets: { 'images/join': '{"token":"a-token-of-joining"}' }, parameters: { '/images/licence': 'a-licence' } },
    }));
    let verdicts: readonly Verdict[];

    const roleOf = (name: FunctionName) => stage().parts.host(name).definition.roleName;

    /** Has a build go on from its start to its end by one kind of message: events of the build service, turns of requests or of sweeps. */
    async function carryThrough(name: FunctionName, builder: string, token: string): Promise<Build> {
      stage().events(name === 'complete' ? 'delivered' : 'lost');
      const ask = () => stage().dispatch(builder, { client_token: token });
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
        expect(await carryThrough(name, 'image', `image-${name}`), name).toMatchObject({ state: 'succeeded' });
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
