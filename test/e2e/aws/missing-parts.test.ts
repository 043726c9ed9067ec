import { expect, it } from 'vitest';

import { functionVariables } from '../../../core/contract/deployment.ts';
import { BuilderName } from '../../../core/identity.ts';
import * as z from '../../../core/zod.ts';
import { describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';
import { scriptBuilder } from '../../fixtures/aws/stage/image-repository.ts';
import { stageOfFile } from './stage-of-test.ts';

type Template = Record<string, unknown>;
const Resources = z.record(z.string(), z.looseObject({ Type: z.string(), Properties: z.optional(z.record(z.string(), z.unknown())) }));

/** The resources of a template that can be changed in it. */
function resourcesOf(template: Template, type: string, named = ''): [string, Record<string, unknown>][] {
  const all = Resources.parse(template['Resources']);
  const fitting = Object.keys(all).filter((id) => all[id]?.Type === type && id.includes(named));
  if (fitting.length === 0) throw new Error(`the template has no ${type} ${named}`);
  return fitting.map((id) => [
    id,
    (template['Resources'] as Record<string, { Properties: Record<string, unknown> }>)[id]?.Properties ?? {},
  ]);
}

interface Statement {
  Sid?: string;
  Action: string | string[];
}

/** Takes an action out of one statement of a role's policy. */
const withoutAction = (role: string, sid: string, action: string) => (template: Template) => {
  let taken = 0;
  for (const [, properties] of resourcesOf(template, 'AWS::IAM::ManagedPolicy', role)) {
    const document = properties['PolicyDocument'] as { Statement: Statement[] };
    document.Statement = document.Statement.flatMap((statement) => {
      if (statement.Sid !== sid) return [statement];
      taken += [statement.Action].flat().filter((each) => each === action).length;
      const Action = [statement.Action].flat().filter((each) => each !== action);
      return Action.length === 0 ? [] : [{ ...statement, Action }];
    });
  }
  if (taken === 0) throw new Error(`${role} has no ${sid} ${action}`);
};

const withoutVariable = (of: string, variable: string) => (template: Template) => {
  for (const [, properties] of resourcesOf(template, 'AWS::Lambda::Function', of)) {
    const environment = properties['Environment'] as { Variables: Record<string, unknown> };
    expect(environment.Variables).toHaveProperty(variable);
    delete environment.Variables[variable];
  }
};

const without = (type: string) => (template: Template) => {
  for (const [id] of resourcesOf(template, type)) delete (template['Resources'] as Record<string, unknown>)[id];
};

/** Boundaries name the mapping, so a template without it would be none. */
const withSleepingMapping = (template: Template) => {
  for (const [, properties] of resourcesOf(template, 'AWS::Lambda::EventSourceMapping')) properties['Enabled'] = false;
};

/** Something that is missing, and what then complains. */
interface Missing {
  readonly what: string;
  readonly mutate: (template: Template) => void;
  readonly complaint: RegExp;
}

/** Between an ended run and its build's end, in the order of how far the function comes without each. */
const completing: readonly Missing[] = [
  { what: 'the rule', mutate: withSleepingRules, complaint: /^$/ },
  { what: 'the pattern of the rule', mutate: withAnotherPattern, complaint: /^$/ },
  { what: 'the policy of the queue', mutate: without('AWS::SQS::QueuePolicy'), complaint: /may not sqs:SendMessage/ },
  { what: 'the mapping of the queue', mutate: withSleepingMapping, complaint: /^$/ },
  ...Object.values(functionVariables).map((variable) => ({
    what: variable,
    mutate: withoutVariable('FunctionsComplete', variable),
    complaint: new RegExp(`${variable} is missing`),
  })),
  {
    what: 'the look at runs',
    mutate: withoutAction('CompleteRole', 'FollowRuns', 'codebuild:BatchGetBuilds'),
    complaint: /MESSAGE_FAILED/,
  },
  {
    what: 'the look at what is handed over',
    mutate: withoutAction('CompleteRole', 'Receive', 's3:GetObject'),
    complaint: /MESSAGE_FAILED/,
  },
  { what: 'the tags', mutate: withoutAction('CompleteRole', 'Seal', 's3:PutObjectTagging'), complaint: /MESSAGE_FAILED/ },
  { what: 'the seal', mutate: withoutAction('CompleteRole', 'Seal', 's3:PutObject'), complaint: /MESSAGE_FAILED/ },
  { what: 'the announcement', mutate: withoutAction('CompleteRole', 'Announce', 'events:PutEvents'), complaint: /MESSAGE_FAILED/ },
];

/** Between an accepted request and the word to go to its run. */
const beginning: readonly Missing[] = [
  { what: 'the change of records', mutate: withoutAction('CompleteRole', 'KeepRecords', 'dynamodb:PutItem'), complaint: /MESSAGE_FAILED/ },
  {
    what: 'the start of runs',
    mutate: withoutAction('CompleteRole', 'StartRuns', 'codebuild:StartBuild'),
    complaint: /MESSAGE_FAILED.*StartBuild/,
  },
  { what: 'the word to runs', mutate: withoutAction('CompleteRole', 'TellRuns', 's3:PutObject'), complaint: /MESSAGE_FAILED/ },
];

const sweeping: readonly Missing[] = [
  {
    what: 'the list of what is open',
    mutate: withoutAction('ReconcileRole', 'FindOpenBuilds', 'dynamodb:Query'),
    complaint: /SWEEP_FAILED/,
  },
  {
    what: 'the records of what is open',
    mutate: withoutAction('ReconcileRole', 'ReadSeveralRecords', 'dynamodb:BatchGetItem'),
    complaint: /SWEEP_FAILED/,
  },
  { what: 'the turns', mutate: withoutAction('ReconcileRole', 'SendTurns', 'sqs:SendMessage'), complaint: /TURN_NOT_SENT/ },
];

const asking: readonly Missing[] = [
  { what: 'the records', mutate: withoutAction('DispatchRole', 'KeepRecords', 'dynamodb:PutItem'), complaint: /CALL_FAILED/ },
  {
    what: functionVariables.projectPrefix,
    mutate: withoutVariable('FunctionsDispatch', functionVariables.projectPrefix),
    complaint: new RegExp(`${functionVariables.projectPrefix} is missing`),
  },
  { what: 'the turns', mutate: withoutAction('DispatchRole', 'SendTurns', 'sqs:SendMessage'), complaint: /TURN_NOT_SENT/ },
];

/** Of the project; and whether its run ends by itself then. */
const attempting: readonly (Missing & { readonly waits?: true })[] = [
  { what: 'the log', mutate: withoutAction('Builders', 'WriteItsLog', 'logs:CreateLogStream'), complaint: /may not logs:CreateLogStream/ },
  { what: 'the source', mutate: withoutAction('Builders', 'FetchTheRepository', 's3:GetObject'), complaint: /may not s3:GetObject/ },
  { what: 'the command line', mutate: withoutAction('Builders', 'FetchTheCommandLine', 's3:GetObject'), complaint: /exit status 41/ },
  { what: 'the handover', mutate: withoutAction('Builders', 'HandOver', 's3:PutObject'), complaint: /AccessDenied/ },
  {
    what: 'the ear for the dispatcher',
    mutate: withoutAction('Builders', 'HearTheDispatcher', 's3:GetObject'),
    complaint: /^/,
    waits: true,
  },
];

describeWithMoto('a stage in which one thing is missing', () => {
  describeWithAwsCommandLine('as deployed', () => {
    const stage = stageOfFile(() => ({
      builders: Object.fromEntries(
        [
          'completed',
          'swept',
          'begun',
          ...asking.map((_, index) => `asked-${index}`),
          ...attempting.map((_, index) => `tried-${index}`),
        ].map((name) => [name, scriptBuilder('quick')] as const),
      ),
      scripts: { quick: 'echo done' },
    }));
    const newest = async (builder: string) => (await stage().records.listBuilds(BuilderName.parse(builder), { limit: 1 })).items[0];
    /** What was said since, by functions and by whoever brings events. */
    const saidBy = async (work: () => Promise<unknown>) => {
      const [lines, undelivered] = [stage().lines.length, stage().undelivered.length];
      const said = await work();
      const problem = said === undefined ? '' : JSON.stringify(said);
      return [...stage().lines.slice(lines), ...stage().undelivered.slice(undelivered), problem].join('\n');
    };
    /** A build whose run has ended, and nobody was told. */
    const endedRun = async (builder: string) => {
      stage().events('lost');
      const id = await stage().dispatch(builder);
      const run = (await stage().records.readBuild(id))?.attempts[0]?.run ?? '';
      await expect.poll(() => stage().statusOf(run), { timeout: 90_000 }).toBe('SUCCEEDED');
      return { id, run };
    };

    it('leaves the end of a build incomplete, whichever it is; and the sweep, which misses nothing, completes it', async () => {
      const { id, run } = await endedRun('completed');
      const goOn = async () => {
        stage().bringAgain(run);
        await stage().pump();
      };
      for (const { what, mutate, complaint } of completing) {
        const said = await stage().mutated(mutate, () => saidBy(goOn));
        expect((await stage().records.readBuild(id))?.settled_at, what).toBeNull();
        expect(said, what).toMatch(complaint);
      }
      expect(await stage().ended(id)).toMatchObject({ state: 'succeeded', settled_at: null });
      // That it has ended without an announcement is for the sweep to make good.
      await stage().invoke('reconcile', {});
      await stage().pump();
      expect(await stage().records.readBuild(id)).toMatchObject({ settled_at: expect.any(String) as string });
      expect(stage().announced(id)).toMatchObject([{ state: 'succeeded' }]);
    });

    it('sweeps up no build, whichever it is; and sweeps it up with all of them', async () => {
      const { id } = await endedRun('swept');
      const sweep = async () => {
        await stage().invoke('reconcile', {});
        await stage().pump();
      };
      for (const { what, mutate, complaint } of sweeping) {
        const said = await stage().mutated(mutate, () => saidBy(sweep));
        expect((await stage().records.readBuild(id))?.settled_at, what).toBeNull();
        expect(said, what).toMatch(complaint);
      }
      await sweep();
      expect(await stage().records.readBuild(id)).toMatchObject({ state: 'succeeded', settled_at: expect.any(String) as string });
    });

    it('begins with no build, whatever it is that the function lacks; and the message that comes again begins with it', async () => {
      stage().events('lost');
      const builder = BuilderName.parse('begun');
      expect(await stage().invoke('dispatch', { request: { builder } })).toMatchObject({ state: 'returned' });
      for (const { what, mutate, complaint } of beginning) {
        const said = await stage().mutated(mutate, () =>
          saidBy(async () => {
            await stage().pump();
            await stage().parts.mapping?.comeAgain();
          }),
        );
        expect(said, what).toMatch(complaint);
        const run = (await newest('begun'))?.attempts[0]?.run;
        // One that was started waits for the word.
        if (typeof run === 'string') expect(await stage().keys(`control/${run}/`), what).toEqual([]);
      }
      await stage().pump();
      const run = (await newest('begun'))?.attempts[0]?.run ?? '';
      expect(await stage().keys(`control/${run}/`)).toEqual([`control/${run}/go`]);
    });

    it.each(asking.map((missing, index) => ({ ...missing, builder: `asked-${index}` })))(
      'has no request begin with its build without $what',
      async ({ mutate, complaint, builder }) => {
        stage().events('lost');
        const said = await stage().mutated(mutate, () => saidBy(() => stage().invoke('dispatch', { request: { builder } })));
        await stage().pump();
        expect(said).toMatch(complaint);
        expect((await newest(builder))?.attempts ?? []).toEqual([]);
      },
    );

    it.each(attempting.map((missing, index) => ({ ...missing, builder: `tried-${index}` })))(
      'makes nothing in an attempt without $what',
      async ({ mutate, complaint, builder, waits }) => {
        await stage().mutated(mutate, async () => {
          stage().events('lost');
          const run = (await stage().records.readBuild(await stage().dispatch(builder)))?.attempts[0]?.run ?? '';
          const denied = () => stage().world.proxy.calls.filter(({ session, outcome }) => session === run && outcome === 'denied').length;
          if (waits === true) await expect.poll(denied, { timeout: 90_000 }).toBeGreaterThanOrEqual(2);
          else await expect.poll(() => stage().statusOf(run), { timeout: 90_000 }).toBe('FAILED');
          expect(`${await stage().codebuild.console(run)}${JSON.stringify(stage().stateChanges.at(-1))}`).toMatch(complaint);
          expect(await stage().keys(`incoming/${run}/`)).toEqual([]);
        });
      },
    );
  });
});

function withSleepingRules(template: Template): void {
  for (const [, properties] of resourcesOf(template, 'AWS::Events::Rule')) properties['State'] = 'DISABLED';
}

function withAnotherPattern(template: Template): void {
  for (const [, properties] of resourcesOf(template, 'AWS::Events::Rule')) {
    const { EventPattern } = properties as { EventPattern: { source: string[]; detail?: Record<string, unknown> } };
    if (EventPattern.source.includes('aws.codebuild') && EventPattern.detail !== undefined)
      EventPattern.detail['project-name'] = [{ prefix: 'another_' }];
  }
}
