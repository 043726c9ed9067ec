import { advance } from '../../core/advance.ts';
import { type Build, isOpen } from '../../core/build.ts';
import { Config } from '../../core/config.ts';
import { keys } from '../../core/contract/keys.ts';
import { type Dispatched, dispatch } from '../../core/dispatch.ts';
import { type Outcome } from '../../core/failure.ts';
import { fingerprintOf, plainVariableInput, toolInput } from '../../core/fingerprint.ts';
import { type BuilderName, type RunId } from '../../core/identity.ts';
import { type Input } from '../../core/input.ts';
import { releaseQuarantine } from '../../core/quarantine.ts';
import { reconcile } from '../../core/reconcile.ts';
import { handleRunEvent } from '../../core/run-event.ts';
import { type BuildState, isFinal } from '../../core/states.ts';
import { stopBuild } from '../../core/stop.ts';
import { eventIdOf } from '../../core/stray-event.ts';
import { buildIdOf, runNamed, someTime } from '../fixtures/records.ts';
import { type Answered, assertAnswers, assertStops } from './answers.ts';
import { type Choices } from './choices.ts';
import { gatedPorts } from './gated-ports.ts';
import { assertInvariants } from './invariants.ts';
import { memoryObjects } from './memory-objects.ts';
import { memoryRecords } from './memory-records.ts';
import { type Act, type Scenario } from './scenario.ts';
import { type Actor, type FaultSource, Scheduler, type Step, WorldFault } from './scheduler.ts';
import { type SimulatedRun, simulatedBuildService } from './simulated-build-service.ts';
import { MachineLost, simulateRun } from './simulated-run.ts';
import { watch } from './watcher.ts';

const minute = 60_000;
const sweepEvery = 5 * minute;

/** When a history that does not come to rest is given up. */
const mostSteps = 20_000;
const longestHistory = 30 * 24 * 60 * minute;

export const config = Config.parse({
  version: 1,
  builders: Object.fromEntries(['base', 'other'].map((name) => [name, { template: name, variables: ['n'], retry: { delay: '2m' } }])),
});

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

export interface Violation {
  readonly promise: string;
  readonly how: string;
}

export interface HistoryEnd {
  readonly violations: readonly Violation[];
  readonly steps: readonly Step[];
  /** In the order in which they were accepted. */
  readonly builds: readonly { readonly state: BuildState; readonly attempts: number }[];
}

/** Plays one history and holds it against every promise. */
export async function playHistory(options: HistoryOptions): Promise<HistoryEnd> {
  const { scenario, choices, guards } = options;
  const scheduler = new Scheduler(choices, someTime);
  scheduler.steadiness = options.steadiness;
  const violations: Violation[] = [];
  const violate = (promise: string, how: string) => violations.push({ promise, how });
  const records = memoryRecords({ validating: false });
  records.conditional = guards.conditionalCommits;
  const objects = memoryObjects();
  objects.createsOnce = guards.createOnce;
  objects.replacesWhatIsKnown = guards.conditionalReplace;
  const watcher = watch(records, violate);
  const notices = new Set<string>();
  const planted = new Set<string>();
  const answers: Answered[] = [];
  const stops: Build[] = [];
  const versions = new Map<BuilderName, number>();
  const processes = new Map<RunId, Actor>();
  let ids = 0;
  let keysGiven = 0;
  let chaos = options.faults !== null;
  let resting = false;

  const inputsOf = (builder: BuilderName, requestVariables: Readonly<Record<string, string>>): readonly Input[] => [
    toolInput('packer', `1.14.${versions.get(builder) ?? 0}`),
    ...Object.entries(requestVariables).map(([name, value]) => plainVariableInput(name, value)),
  ];
  const world = {
    scheduler,
    objects,
    config,
    inputsOf,
    planOf: scenario.planOf,
    durationOf: scenario.durationOf,
    packerBegins: watcher.packerBegins,
    packerEnds: watcher.packerEnds,
  };
  const buildService = simulatedBuildService({
    limit: scenario.serviceLimit,
    tokenMemory: scenario.tokenMemory,
    queueTime: scenario.queueTime,
    lookLag: scenario.lookLag,
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
          (actor) => deliver(actor, () => handleRunEvent(portsOf(actor), config, { run, status, build_id })),
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
    buildService: stoppable,
    ids: { buildId: () => buildIdOf((ids += 1)) },
    randomness: { bytes: (count: number) => new Uint8Array(count).fill((keysGiven += 1)) },
  };
  const portsOf = (actor: Actor) => gatedPorts(scheduler, actor, shared);

  /** Nobody who handles a build meets an error that is not a fault of the world: a person would be called for nothing. */
  const assertWorldFault = (cause: unknown): void => {
    if (!(cause instanceof WorldFault)) violate('only the world fails', cause instanceof Error ? cause.message : String(cause));
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

  const ask = async (actor: Actor, act: Act & { readonly act: 'ask' }) => {
    const ports = portsOf(actor);
    const variables = 'variables' in act.request && typeof act.request.variables === 'object' ? { ...act.request.variables } : {};
    const seen = act.seesInputs
      ? {
          fingerprint: fingerprintOf(
            inputsOf(act.builder, Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]))),
          ),
        }
      : {};
    const request = { builder: act.builder, ...act.request, ...seen };
    const answered = await answerTo(actor, () => dispatch(ports, config, { request, command: 'simulated', by: act.by }));
    if (answered === undefined) return;
    answers.push({ at: scheduler.now, by: act.by, request, answer: answered });
    if (!answered.ok) return;
    for (let looks = 0; looks < (act.follows ? 200 : 1); looks += 1) {
      await ignoringFaults(() => advance(ports, config, act.builder));
      const build = records.stored.builds.get(answered.value.build.build_id);
      if (build === undefined || isFinal(build.state)) return;
      if (act.follows) await scheduler.sleep(actor, minute);
    }
  };
  /** Who asks tries again where no answer came: with a token that is harmless. */
  const answerTo = async (actor: Actor, asking: () => Promise<Outcome<Dispatched>>) => {
    for (let tries = 0; tries < 3; tries += 1) {
      try {
        return await asking();
      } catch (cause) {
        assertWorldFault(cause);
        await scheduler.sleep(actor, 5000);
      }
    }
    return undefined;
  };

  const nthBuild = (index: number) => [...records.stored.builds.keys()][index];
  const perform = async (actor: Actor, act: Act): Promise<void> => {
    const ports = portsOf(actor);
    switch (act.act) {
      case 'ask':
        return ask(actor, act);
      case 'stop': {
        const build = records.stored.builds.get(nthBuild(act.build) ?? '');
        if (build === undefined) return undefined;
        return ignoringFaults(async () => {
          const stopped = await stopBuild(ports, build.build_id, 'operator');
          if (stopped.ok) stops.push(stopped.value);
        });
      }
      case 'release':
        return ignoringFaults(() => releaseQuarantine(ports, act.builder, 'operator', 'looked at'));
      case 'change':
        versions.set(act.builder, (versions.get(act.builder) ?? 0) + 1);
        return undefined;
      case 'foreign-event': {
        const event = { run: runNamed('elsewhere'), status: 'FAILED', build_id: buildIdOf(999_999) } as const;
        await deliver(actor, () => handleRunEvent(ports, config, event));
        return undefined;
      }
      case 'plant': {
        const build = records.stored.builds.get(nthBuild(act.build) ?? '');
        const key = build === undefined ? undefined : keys.manifest(build.builder, build.build_id);
        if (key !== undefined && !objects.stored.has(key)) {
          objects.put(key, new TextEncoder().encode('{}'));
          planted.add(key);
        }
        return undefined;
      }
    }
  };
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
        if (guards.sweep && (scenario.sweeps || !chaos)) await ignoringFaults(() => reconcile(portsOf(actor), config));
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
    assertInvariants({ records, objects, notices, planted, packerRuns: watcher.packerRuns }, violate);
    assertAnswers(answers, records, violate);
    assertStops(stops, records, violate);
    const foreign = scenario.acts.some((act) => act.act === 'foreign-event');
    if (foreign && options.faults === null && records.stored.strays.get(eventIdOf(runNamed('elsewhere'), 'FAILED')) === undefined)
      violate('an event for an unknown build is recorded', 'elsewhere');
  }
  const builds = [...records.stored.builds.values()].map(({ state, attempts }) => ({ state, attempts: attempts.length }));
  return { violations, steps: scheduler.steps, builds };
}
