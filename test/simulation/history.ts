import { withoutDeployment } from '../../adapters/local/without-deployment.ts';
import { type Build, isOpen } from '../../core/build.ts';
import { Config } from '../../core/config.ts';
import { fingerprintOf, plainVariableInput, toolInput } from '../../core/fingerprint.ts';
import { type BuilderName, type RunId } from '../../core/identity.ts';
import { type Input } from '../../core/input.ts';
import { type FinalState } from '../../core/ports.ts';
import { reconcile } from '../../core/reconcile.ts';
import { type AttemptRequest } from '../../core/request.ts';
import { handleRunEvent } from '../../core/run-event.ts';
import { type BuildState, isFinal } from '../../core/states.ts';
import { eventIdOf } from '../../core/stray-event.ts';
import { type Turn } from '../../core/turn.ts';
import { buildIdOf, builderNamed, runNamed, someTime } from '../fixtures/records.ts';
import { performer } from './acts.ts';
import { type Answered, assertAnswers, assertStops } from './answers.ts';
import { type Choices } from './choices.ts';
import { gatedPorts } from './gated-ports.ts';
import { assertChainsRead, assertInvariants } from './invariants.ts';
import { memoryObjects } from './memory-objects.ts';
import { memoryRecords } from './memory-records.ts';
import { type PackerPlan } from './packer-plan.ts';
import { type Scenario } from './scenario.ts';
import { type Actor, type FaultSource, Scheduler, type Step, WorldFault } from './scheduler.ts';
import { simulatedAccount } from './simulated-account.ts';
import { simulatedRules } from './simulated-rules.ts';
import { type SimulatedRun, simulatedBuildService } from './simulated-build-service.ts';
import { MachineLost, oldImage, simulateRun } from './simulated-run.ts';
import { type Publishing } from './publishing.ts';
import { type TurnWorld, goOn, simulatedTurns, sweepWithTurns } from './turns.ts';
import { assertTrust } from './trust.ts';
import { type Violation } from './violation.ts';
import { watch } from './watcher.ts';

const minute = 60_000;
const sweepEvery = 5 * minute;

/** When a history that does not come to rest is given up: a build that waits for room asks for it every 15 s, for days. */
const mostSteps = 200_000;
const longestHistory = 30 * 24 * 60 * minute;

/** What is declared. @param times how often each builder was declared otherwise. @param deployments how often the policy was changed. */
function declaredAfter(times: ReadonlyMap<BuilderName, number>, deployments: number): Config {
  const builders = ['base', 'other'].map((name) => {
    const timeout = `${60 + (times.get(builderNamed(name)) ?? 0)}m`;
    return [name, { template: name, variables: ['n'], retry: { delay: '2m' }, timeout }] as const;
  });
  const retention = { default: 'standard', classes: { standard: { days: 365 + deployments } } };
  return Config.parse({ version: 1, retention, builders: Object.fromEntries(builders) });
}

/** Guards beside the domain that can be taken away: what they guard must then be found missing. */
export interface WorldGuards {
  /** Commits hold to their conditions. */
  readonly conditionalCommits: boolean;
  /** `create` never overwrites. */
  readonly createOnce: boolean;
  /** `replace` holds to its condition. */
  readonly conditionalReplace: boolean;
  /** Somebody sweeps. */
  readonly sweep: boolean;
}

export const allGuards: WorldGuards = { conditionalCommits: true, createOnce: true, conditionalReplace: true, sweep: true };

export interface HistoryOptions {
  readonly scenario: Scenario;
  readonly choices: Choices;
  /** Null: nothing fails. */
  readonly faults: FaultSource | null;
  readonly steadiness: number;
  /** How many effects may be befallen, before the world becomes fair and everything has to come to rest. */
  readonly chaosSteps: number;
  readonly guards: WorldGuards;
}

export interface HistoryEnd {
  readonly violations: readonly Violation[];
  readonly steps: readonly Step[];
  /** In the order in which they were accepted. */
  readonly builds: readonly { readonly state: BuildState; readonly attempts: number }[];
  /** What became of each wish to publish that was answered: `moved`, `stays`, or the rule of the refusal. */
  readonly publishings: readonly string[];
}

/** Plays one history and holds it against every promise. */
export async function playHistory(options: HistoryOptions): Promise<HistoryEnd> {
  const { scenario, choices, guards } = options;
  const scheduler = new Scheduler(choices, someTime);
  scheduler.steadiness = options.steadiness;
  const violations: Violation[] = [];
  const violate = (promise: string, how: string) => violations.push({ promise, how });
  const { home } = scenario;
  const records = memoryRecords({ validating: false, lag: { by: home.listingLag, now: () => scheduler.now } });
  records.conditional = guards.conditionalCommits;
  const objects = memoryObjects({ versioned: home.deployed, keepsRemoved: home.keepsRemoved });
  objects.createsOnce = guards.createOnce;
  objects.replacesWhatIsKnown = guards.conditionalReplace;
  const publishings: Publishing[] = [];
  const account = simulatedAccount({ after: home.imagesShowAfter, now: () => scheduler.now });
  account.make(oldImage, someTime - minute);
  const rules = simulatedRules(() => scheduler.now, violate);
  const notices = new Set<string>();
  const announced = new Set<string>();
  const plans = new Map<RunId, PackerPlan>();
  const planted = new Set<string>();
  const answers: Answered[] = [];
  const stops: Build[] = [];
  const versions = new Map<BuilderName, number>();
  const processes = new Map<RunId, Actor>();
  let ids = 0;
  let keysGiven = 0;
  let chaos = options.faults !== null;
  let resting = false;

  const inputsOf = (builder: BuilderName, requestVariables: Readonly<Record<string, string>>, behind = 0): readonly Input[] => [
    toolInput('packer', `1.14.${Math.max(0, (versions.get(builder) ?? 0) - behind)}`),
    ...Object.entries(requestVariables).map(([name, value]) => plainVariableInput(name, value)),
  ];
  const deployedFingerprint = (builder: BuilderName, requestVariables: Readonly<Record<string, string>>) =>
    home.knowsSource ? fingerprintOf(inputsOf(builder, requestVariables)) : null;
  const watcher = watch(records, { publishings, deployed: deployedFingerprint, rules: home.deployed ? rules : null }, violate);
  const declarations = new Map<BuilderName, number>();
  let program = 0;
  let config = declaredAfter(declarations, program);
  const world = {
    scheduler,
    objects,
    account,
    checkedOut: () => declaredAfter(declarations, program),
    inputsOf,
    planOf: (request: AttemptRequest) => {
      const plan = scenario.planOf(request);
      plans.set(request.run, plan);
      return plan;
    },
    durationOf: scenario.durationOf,
    intrusions: () => scenario.intrusions(),
    packerBegins: watcher.packerBegins,
    packerEnds: watcher.packerEnds,
  };
  const buildService = simulatedBuildService({
    limit: scenario.serviceLimit,
    tokenMemory: scenario.tokenMemory,
    queueTime: scenario.queueTime,
    unknownFor: home.unknownFor,
    conflict: (token) => violate('a start that is asked for again says the same', token),
    refuses: scenario.refusesLast ? scenario.builders.at(-1) : undefined,
    now: () => scheduler.now,
    begins(simulated) {
      watcher.runStarts(simulated.request);
      processes.set(
        simulated.run,
        scheduler.spawn(simulated.run, (actor) => runProcess(actor, simulated), { from: simulated.beginsAt + 1000 }),
      );
    },
    killed({ run, request }) {
      const process = processes.get(run);
      if (process !== undefined) scheduler.kill(process);
      watcher.packerGone({ builder: request.builder, run });
    },
    ended({ run, request }, status) {
      const build_id = [...records.stored.builds.values()].find((build) => request.token.startsWith(build.build_id))?.build_id ?? null;
      for (const delay of scenario.deliveries())
        scheduler.spawn(
          `event of ${run}`,
          (actor) =>
            deliver(actor, () => {
              const builder = build_id === null ? undefined : records.stored.builds.get(build_id)?.builder;
              return goOn(turnWorld, actor, builder, null, () => handleRunEvent(portsOf(actor), config, { run, status, build_id }));
            }),
          { from: scheduler.now + delay },
        );
    },
  });
  const runProcess = async (actor: Actor, simulated: SimulatedRun) => {
    try {
      buildService.exit(simulated, await simulateRun(world, actor, simulated));
    } catch (cause) {
      if (!(cause instanceof MachineLost)) assertWorldFault(cause);
      buildService.fail(simulated);
    }
  };
  const stoppable = {
    ...buildService,
    stop: async (run: RunId) => {
      const simulated = buildService.runs.get(run);
      if (simulated?.record.status === 'IN_PROGRESS') watcher.runForced(simulated, scheduler.now);
      await buildService.stop(run);
    },
  };
  const shared = {
    records,
    objects,
    operators: {
      notify: async (notice: { readonly key: string }) => {
        notices.add(notice.key);
      },
    },
    announcements: {
      announce: async (end: FinalState) => {
        const { state, finished_at } = records.stored.builds.get(end.build_id) ?? {};
        if (state !== end.state || finished_at !== end.finished_at || !isFinal(end.state))
          violate('only what has ended is announced', `${end.build_id}: ${end.state}`);
        announced.add(`${end.build_id}:${end.state}`);
      },
    },
    retentionCheck: home.deployed ? rules : withoutDeployment.retentionCheck,
    artifactCheck: home.deployed ? account : withoutDeployment.artifactCheck,
    deployedSource: {
      fingerprint: async (builder: BuilderName, variables: Readonly<Record<string, string>>) => deployedFingerprint(builder, variables),
    },
    buildService: stoppable,
    turns: { send: async (turn: Turn, delay: number) => (home.deployed ? simulatedTurns(turnWorld).send(turn, delay) : undefined) },
    ids: { buildId: () => buildIdOf((ids += 1)) },
    randomness: { bytes: (count: number) => new Uint8Array(count).fill((keysGiven += 1)) },
    program: () => program,
  };
  const portsOf = (actor: Actor) => gatedPorts(scheduler, actor, shared);

  /** Nobody who handles a build meets an error that is not a fault of the world: a person would be called for nothing. */
  const assertWorldFault = (cause: unknown): void => {
    if (cause instanceof AggregateError) for (const each of cause.errors) assertWorldFault(each);
    else if (!(cause instanceof WorldFault)) violate('only the world fails', cause instanceof Error ? cause.message : String(cause));
  };
  /** What a process that is told of a failure does: it ends, and whoever comes next goes on. */
  const ignoringFaults = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (cause) {
      assertWorldFault(cause);
    }
  };
  /** A queue delivers again where handling failed. */
  const deliver = async (actor: Actor, handle: () => Promise<void>) => {
    for (let tries = 0; tries < 3; tries += 1) {
      try {
        return await handle();
      } catch (cause) {
        assertWorldFault(cause);
        await scheduler.sleep(actor, minute);
      }
    }
  };

  const turnWorld: TurnWorld = {
    scheduler,
    config: () => config,
    portsOf,
    deliver,
    deliveries: () => scenario.turnDeliveries(),
    ignoringFaults,
  };
  const perform = performer({
    scheduler,
    records,
    objects,
    config: () => config,
    portsOf,
    deployed: home.deployed,
    inputsOf,
    changeInputs: (builder) => versions.set(builder, (versions.get(builder) ?? 0) + 1),
    redeclare: (builder) => declarations.set(builder, (declarations.get(builder) ?? 0) + 1),
    deploy: () => {
      program += 1;
      config = declaredAfter(declarations, program);
    },
    changeRules: (kept) => rules.change(kept),
    answers,
    stops,
    publishings,
    planted,
    assertWorldFault,
    ignoringFaults,
    deliver,
    violate,
  });
  for (const act of scenario.acts)
    scheduler.spawn(act.act === 'ask' ? `${act.by} asks for ${act.builder}` : `somebody: ${act.act}`, (actor) => perform(actor, act), {
      from: someTime + act.at,
    });

  const allEnded = () => [...records.stored.builds.values()].every((build) => !isOpen(build));
  const othersAtWork = (sweep: Actor) =>
    scheduler.actors.some((actor) => actor !== sweep && actor.state === 'waiting' && !actor.name.startsWith('sweep'));
  /** While nothing is open a sweep has nothing to find: the next comes after whatever happens next. */
  const nextSweep = (sweep: Actor): number => {
    const others = scheduler.actors.filter((actor) => actor !== sweep && actor.state === 'waiting').map((actor) => actor.waiting.from);
    const nothingBefore = allEnded() && others.length > 0 ? Math.min(...others) : scheduler.now;
    return Math.max(scheduler.now, nothingBefore) + sweepEvery;
  };
  let sweeps = 0;
  const spawnSweep = (from: number) => {
    scheduler.spawn(
      `sweep ${(sweeps += 1)}`,
      async (actor) => {
        if (!resting) spawnSweep(nextSweep(actor));
        for (const [run, process] of processes) {
          const simulated = buildService.runs.get(run);
          // The service notices that the machine of a run is gone.
          if (process.state === 'dead' && simulated !== undefined) buildService.fail(simulated);
        }
        if (scenario.enforcesTimeLimits) buildService.enforceTimeLimits();
        if (guards.sweep && (scenario.sweeps || !chaos))
          await ignoringFaults(() => (home.deployed ? sweepWithTurns(turnWorld, actor) : reconcile(portsOf(actor), config)));
        if (!othersAtWork(actor) && (allEnded() || !guards.sweep)) resting = true;
      },
      { from },
    );
  };
  spawnSweep(someTime + sweepEvery);

  scheduler.faultSource = (actor, effect) => {
    if (chaos && scheduler.steps.length >= options.chaosSteps) chaos = false;
    return chaos && options.faults !== null ? options.faults(actor, effect) : 'none';
  };
  await scheduler.run(() => {
    if (chaos && scheduler.steps.length >= options.chaosSteps) chaos = false;
    return resting || violations.length > 0 || scheduler.steps.length > mostSteps || scheduler.now > someTime + longestHistory;
  });
  if (!resting && violations.length === 0) violate('every history comes to rest', `${scheduler.steps.length} steps`);
  if (violations.length === 0) {
    assertInvariants({ records, objects, notices, announced, planted, plans, packerRuns: watcher.packerRuns }, violate);
    if (home.deployed) assertTrust({ records, objects, account, plans, knowsSource: home.knowsSource }, violate);
    assertAnswers(answers, records, violate);
    assertStops(stops, records, violate);
    await assertChainsRead({ records, objects }, planted, violate);
    const foreign = scenario.acts.some((act) => act.act === 'foreign-event');
    if (foreign && options.faults === null && records.stored.strays.get(eventIdOf(runNamed('elsewhere'), 'FAILED')) === undefined)
      violate('an event for an unknown build is recorded', 'elsewhere');
  }
  const builds = [...records.stored.builds.values()].map(({ state, attempts }) => ({ state, attempts: attempts.length }));
  return { violations, steps: scheduler.steps, builds, publishings: publishings.flatMap(({ end }) => end ?? []) };
}
