import { defaultChannel } from '../../core/channel.ts';
import { builderNamed } from '../fixtures/records.ts';
import { replayedChoices } from './choices.ts';
import { type HistoryEnd, type WorldGuards, playHistory } from './history.ts';
import { type PackerPlan } from './packer-plan.ts';
import { type Act, type Home, type Scenario, oneMachine } from './scenario.ts';
import { type Fault, type FaultSource } from './scheduler.ts';
import { type Violation } from './violation.ts';

const base = builderNamed('base');
const minute = 60_000;

interface Fixed {
  readonly acts: readonly Act[];
  /** How the packer runs go, in the order in which the attempts begin; a success after the last. */
  readonly plans: readonly PackerPlan[];
  /** The end of each run is reported so often. */
  readonly events?: number;
  /** How a build may end, and after how many attempts, where no machine of a run is lost: a crash of ours costs nobody anything. */
  readonly ends: readonly string[];
  /** Has too many places for each pair of them: only each crash alone is played. */
  readonly alone?: true;
  /** On one machine where it is missing. */
  readonly home?: Home;
}

const deployed: Home = { deployed: true, keepsRemoved: false, knowsSource: true, unknownFor: 0, imagesShowAfter: 0, listingLag: 0 };

function asks(at: number, request: object = {}, more: { readonly seesInputs?: boolean; readonly follows?: boolean } = {}): Act {
  return { at, act: 'ask', builder: base, by: 'alice', request, seesInputs: more.seesInputs ?? false, follows: more.follows ?? true };
}

function publishes(at: number): Act {
  return {
    at,
    act: 'publish',
    builder: base,
    channel: defaultChannel,
    build: null,
    variables: {},
    behind: 0,
    insists: false,
    slowly: false,
  };
}

/** What is played with a crash at each effect in turn, and with each pair of crashes. */
const scenarios: Readonly<Record<string, Fixed>> = {
  success: { acts: [asks(0)], plans: ['success'], ends: ['succeeded after 1'] },
  'config error': { acts: [asks(0)], plans: ['config-error'], ends: ['failed after 1'] },
  'transient, then success': { acts: [asks(0)], plans: ['transient', 'success'], ends: ['succeeded after 2'] },
  'transient twice': { acts: [asks(0)], plans: ['transient', 'transient'], ends: ['escalated after 2'] },
  violation: { acts: [asks(0)], plans: ['violation'], ends: ['quarantined after 1'] },
  'lost event': { acts: [asks(0)], plans: ['success'], events: 0, ends: ['succeeded after 1'] },
  'stopped while it runs': {
    acts: [asks(0), { at: 2 * minute, act: 'stop', build: 0 }],
    plans: ['success'],
    ends: ['stopped after 0', 'stopped after 1', 'succeeded after 1'],
  },
  'unchanged, as who asks sees it': {
    acts: [asks(0), asks(30 * minute, { only_if_changed: true }, { seesInputs: true })],
    plans: ['success'],
    ends: ['succeeded after 1', 'skipped after 0'],
    alone: true,
  },
  'unchanged, as the attempt finds': {
    acts: [asks(0), asks(30 * minute, { only_if_changed: true })],
    plans: ['success'],
    ends: ['succeeded after 1', 'skipped after 1'],
    alone: true,
  },
  'published, and again once it was built again': {
    acts: [asks(0), publishes(20 * minute), asks(30 * minute), publishes(50 * minute)],
    plans: ['success', 'success'],
    ends: ['succeeded after 1'],
    alone: true,
  },
  'a line of two, one of them joined': {
    acts: [asks(0), asks(1), asks(2)],
    plans: ['success', 'success'],
    ends: ['succeeded after 1'],
    alone: true,
  },
  'unchanged, as the dispatcher knows': {
    acts: [asks(0), asks(30 * minute, { only_if_changed: true })],
    plans: ['success'],
    ends: ['succeeded after 1', 'skipped after 0'],
    alone: true,
    home: deployed,
  },
  'deployed anew while it ends': {
    // Whoever follows a build is the same program to its end.
    acts: [asks(0, {}, { follows: false }), { at: 5.5 * minute, act: 'deploy' }],
    plans: ['success'],
    ends: ['succeeded after 1'],
    alone: true,
  },
  'deployed anew while it starts': {
    acts: [asks(0), { at: minute, act: 'redeclare', builder: base }, { at: minute, act: 'deploy' }],
    plans: ['success'],
    ends: ['succeeded after 1', 'failed after 1'],
    alone: true,
    home: deployed,
  },
  'rules that differ while it waits, and are put back': {
    acts: [{ at: 0, act: 'rules', kept: false }, asks(1), { at: 10 * minute, act: 'rules', kept: true }],
    plans: ['success'],
    ends: ['succeeded after 1'],
    alone: true,
    home: deployed,
  },
  'rules that differ when it ends': {
    acts: [asks(0), { at: 4 * minute, act: 'rules', kept: false }],
    plans: ['success'],
    // A crash may keep it from its start until they differ.
    ends: ['quarantined after 1', 'quarantined after 0'],
    alone: true,
    home: deployed,
  },
  'an image that is not there': { acts: [asks(0)], plans: ['no-image'], ends: ['quarantined after 1'], alone: true, home: deployed },
  'an image that shows late': {
    acts: [asks(0)],
    plans: ['success'],
    ends: ['succeeded after 1'],
    alone: true,
    home: { ...deployed, imagesShowAfter: 4 * minute },
  },
  'written over after its end': {
    acts: [asks(0)],
    plans: ['overwrites', 'success'],
    ends: ['succeeded after 1', 'succeeded after 2'],
    home: deployed,
    alone: true,
  },
};

export const scenarioNames: readonly string[] = Object.keys(scenarios);

/** What playing a scenario with each crash and each pair of crashes came to. */
export interface Exhausted {
  readonly name: string;
  /** The places of a crash, before and after each effect: each was played alone. */
  readonly crashes: number;
  /** Pairs of places that were played; 0 where the scenario is played with single crashes only. */
  readonly pairs: number;
  /** How many histories that took. */
  readonly histories: number;
  readonly failing: readonly { readonly crashes: readonly number[]; readonly end: Pick<HistoryEnd, 'violations' | 'steps'> }[];
}

/** Plays a scenario whole, then with a crash before and after each of its effects, then with each pair of crashes. */
export async function playScenario(name: string, guards: WorldGuards): Promise<Exhausted> {
  const fixed = scenarios[name];
  if (fixed === undefined) throw new Error(`there is no scenario ${name}; there are: ${scenarioNames.join(', ')}`);
  const failing: { readonly crashes: readonly number[]; readonly end: Pick<HistoryEnd, 'violations' | 'steps'> }[] = [];
  let histories = 0;
  const play = async (crashes: readonly number[]): Promise<number> => {
    const { source, places, machineLost } = crashesAt(crashes);
    histories += 1;
    const { steps, builds, ...end } = await playFixed(fixed, source, guards);
    const violations = [...end.violations, ...(machineLost() ? [] : costly(fixed, builds))];
    if (violations.length > 0) failing.push({ crashes, end: { violations, steps } });
    return places();
  };
  const places = await play([]);
  let pairs = 0;
  for (let first = 0; first < places && failing.length === 0; first += 1) {
    // After a crash the history goes another way: its own places count.
    const after = await play([first]);
    for (let second = first + 1; second < after && failing.length === 0 && fixed.alone === undefined; second += 1) {
      await play([first, second]);
      pairs += 1;
    }
  }
  return { name, crashes: places, pairs, histories, failing };
}

/** Builds that end otherwise than their scenario says. */
function costly({ ends }: Fixed, builds: HistoryEnd['builds']): readonly Violation[] {
  return builds
    .map(({ state, attempts }) => `${state} after ${attempts}`)
    .filter((end) => !ends.includes(end))
    .map((end) => ({ promise: 'a crash of ours costs no attempt', how: `${end}, and not ${ends.join(' or ')}` }));
}

function playFixed(fixed: Fixed, faults: FaultSource, guards: WorldGuards): Promise<HistoryEnd> {
  let begun = 0;
  const plans = new Map<string, PackerPlan>();
  const scenario: Scenario = {
    home: fixed.home ?? oneMachine,
    builders: [base],
    serviceLimit: 100,
    tokenMemory: 5 * minute,
    queueTime: 0,
    enforcesTimeLimits: true,
    refusesLast: false,
    sweeps: true,
    acts: fixed.acts,
    planOf({ build, attempt }) {
      const key = `${build} ${attempt}`;
      const plan = plans.get(key) ?? fixed.plans[begun] ?? 'success';
      if (!plans.has(key)) begun += 1;
      plans.set(key, plan);
      return plan;
    },
    durationOf: () => 5 * minute,
    deliveries: () => Array.from({ length: fixed.events ?? 1 }, () => 1000),
    turnDeliveries: () => [0],
    intrusions: () => [1005, 1100, 6 * minute],
  };
  return playHistory({ scenario, choices: replayedChoices([]), faults, steadiness: 1, chaosSteps: 100_000, guards });
}

interface Crashes {
  readonly source: FaultSource;
  /** How many places the history had. */
  readonly places: () => number;
  /** Whether a run was among those that crashed. */
  readonly machineLost: () => boolean;
}

/** Crashes at places that are counted over all effects in turn, two each: before it, and after it. */
function crashesAt(crashes: readonly number[]): Crashes {
  let at = 0;
  let machineLost = false;
  return {
    source(actor): Fault {
      const [before, after] = [at, at + 1];
      at += 2;
      if (!crashes.includes(before) && !crashes.includes(after)) return 'none';
      machineLost ||= actor.name.startsWith('run-');
      return crashes.includes(before) ? 'crash-before' : 'crash-after';
    },
    places: () => at,
    machineLost: () => machineLost,
  };
}
