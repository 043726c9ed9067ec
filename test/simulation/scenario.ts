import { ChannelName, defaultChannel } from '../../core/channel.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type AttemptRequest } from '../../core/request.ts';
import { builderNamed } from '../fixtures/records.ts';
import { type Choices } from './choices.ts';
import { type PackerPlan, packerPlans } from './packer-plan.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Something that somebody does, so many milliseconds after the history began. */
export type Act = { readonly at: number } & (
  | {
      readonly act: 'ask';
      readonly builder: BuilderName;
      readonly by: string;
      readonly request: object;
      /** Whether the request says what the inputs are now. */
      readonly seesInputs: boolean;
      /** A command follows its build, a function goes away when the build has its turn. */
      readonly follows: boolean;
    }
  /** An operator stops the n-th build that was accepted, where there is one. */
  | { readonly act: 'stop'; readonly build: number }
  | { readonly act: 'release'; readonly builder: BuilderName }
  /** Somebody changes a script in the repository. */
  | { readonly act: 'change'; readonly builder: BuilderName }
  /** Somebody declares a builder otherwise in the repository. */
  | { readonly act: 'redeclare'; readonly builder: BuilderName }
  /** The dispatcher is given what is declared in the repository. */
  | { readonly act: 'deploy' }
  /** Somebody publishes the newest build of some variables, or the n-th that was accepted. */
  | {
      readonly act: 'publish';
      readonly builder: BuilderName;
      readonly channel: ChannelName;
      readonly build: number | null;
      readonly variables: Readonly<Record<string, string>>;
      /** How many changes of the inputs who publishes has not seen. */
      readonly behind: number;
      /** Whether who is refused tries again until it is published, as what waits for a build does. */
      readonly insists: boolean;
      /** Whether reading takes its time. */
      readonly slowly: boolean;
    }
  /** Somebody changes the rules by which the bucket lets objects go, or puts them back. */
  | { readonly act: 'rules'; readonly kept: boolean }
  /** An event comes that is not about any build here. */
  | { readonly act: 'foreign-event' }
  /** Somebody writes an object where the n-th build is going to seal its manifest. */
  | { readonly act: 'plant'; readonly build: number }
);

/** In which home a history takes place. On the deployed one nobody trusts an attempt, and indexes and looks lag behind. */
export interface Home {
  /** The store keeps versions, and the account says which images it has. */
  readonly deployed: boolean;
  /** Versions can still be read when what a run handed over was removed. */
  readonly keepsRemoved: boolean;
  /** The dispatcher was deployed with the source. */
  readonly knowsSource: boolean;
  /** For how long the build service may not know of a run that it has started. Milliseconds. */
  readonly unknownFor: number;
  /** How long after it was made an image shows. Milliseconds. */
  readonly imagesShowAfter: number;
  /** How far the listing of open builds lags behind. Milliseconds. */
  readonly listingLag: number;
}

export const oneMachine: Home = {
  deployed: false,
  keepsRemoved: false,
  knowsSource: false,
  unknownFor: 0,
  imagesShowAfter: 0,
  listingLag: 0,
};

/** What happens in a history, faults apart. */
export interface Scenario {
  readonly home: Home;
  readonly builders: readonly BuilderName[];
  /** How many runs the build service takes at once. */
  readonly serviceLimit: number;
  /** How long it remembers a token. Milliseconds. */
  readonly tokenMemory: number;
  /** How long a run waits in its queue. Milliseconds. */
  readonly queueTime: number;
  /** Whether it ends runs that outlive their time limit, as it should. */
  readonly enforcesTimeLimits: boolean;
  /** Whether it refuses builds of the last builder. */
  readonly refusesLast: boolean;
  /** Whether a sweep comes by every five minutes while faults happen, or only afterwards. */
  readonly sweeps: boolean;
  readonly acts: readonly Act[];
  readonly planOf: (request: AttemptRequest) => PackerPlan;
  readonly durationOf: (request: AttemptRequest) => number;
  /** After how many milliseconds each the end of a run is reported; none where that is lost. */
  deliveries(): readonly number[];
  /** After how many milliseconds each a turn comes, beside its delay: at least once. */
  turnDeliveries(): readonly number[];
  /** After how many milliseconds each something is written over what a run of the plan `overwrites` handed over. */
  intrusions(): readonly number[];
}

const durations = [5 * minute, 30_000, 40 * minute, 3 * hour] as const;
const stableChannel = ChannelName.parse('stable');
const turnDeliveries = [[0], [1000], [0, 30_000], [20 * minute]] as const;
const delays = [1000, 30_000, 6 * minute, 2 * hour] as const;
const intrusions = [1000, 1050, 1100, 30_100, 10 * minute] as const;

/** A scenario of the choices' making. */
export function randomScenario(choices: Choices): Scenario {
  const oneOf = <T>(options: readonly [T, ...T[]], weights?: readonly number[]): T =>
    options[choices.pick(weights ?? options.map(() => 1))] ?? options[0];
  const builders = ['base', 'other'].slice(0, oneOf([1, 2], [3, 1])).map((name) => builderNamed(name));
  const builder = () => builders[choices.pick(builders.map(() => 1))] ?? builderNamed('base');
  const asks = oneOf([1, 2, 3, 5], [2, 3, 2, 1]);
  const acts: Act[] = [];
  const time = (longest: number) => oneOf([0, 60_000, 1, 10 * minute, longest], [3, 2, 1, 2, 1]);
  const variants: Variant[] = [];
  let at = 0;
  for (let number = 0; number < asks; number += 1) {
    at += number === 0 ? 0 : time(day + hour);
    const asked = { builder: builder(), variables: randomVariables(choices) };
    variants.push(asked);
    acts.push({ at, ...randomAsk(choices, asked) });
  }
  const others = oneOf([0, 1, 2, 4], [3, 3, 2, 1]);
  for (let number = 0; number < others; number += 1)
    acts.push({ at: time(3 * hour) * oneOf([1, 3]), ...randomAct(choices, builder(), asks) });
  const publishings = oneOf([0, 1, 2, 4], [2, 2, 2, 1]);
  for (let number = 0; number < publishings; number += 1) {
    const variant = variants[choices.pick(variants.map(() => 1))] ?? { builder: builder(), variables: {} };
    acts.push({ at: oneOf([10 * minute, 0, 2 * hour, 26 * hour]) * oneOf([1, 3]), ...randomPublish(choices, variant, asks) });
  }
  const home = randomHome(choices);
  // Where the dispatcher does not know the source, what an attempt says of its inputs is believed.
  const lies = home.deployed && oneOf([true, false], [2, 1]) ? [home.knowsSource ? 2 : 0, 1, 1, 3] : [0, 0, 0, 0];
  const planWeights = [
    ...oneOf([
      [12, 2, 6, 2, 2, 2, 1],
      [1, 0, 0, 0, 0, 0, 0],
      [2, 0, 8, 0, 0, 2, 1],
    ]),
    ...lies,
  ];
  return {
    home,
    builders,
    serviceLimit: oneOf([100, 1], [4, 1]),
    tokenMemory: oneOf([5 * minute, Number.POSITIVE_INFINITY], [3, 1]),
    queueTime: oneOf([0, minute, 4 * hour], [6, 1, 1]),
    enforcesTimeLimits: oneOf([true, false], [2, 1]),
    refusesLast: oneOf([false, true], [20, 1]),
    sweeps: oneOf([true, false], [3, 1]),
    acts,
    planOf: () => packerPlans[choices.pick(planWeights)] ?? 'success',
    durationOf: () => oneOf(durations, [6, 3, 3, 1]),
    deliveries: () => Array.from({ length: oneOf([1, 0, 2, 3], [5, 2, 2, 1]) }, () => oneOf(delays, [4, 2, 2, 1])),
    turnDeliveries: () => oneOf(turnDeliveries, [12, 4, 2, 1]),
    intrusions: () => Array.from({ length: oneOf([1, 2, 3]) }, () => oneOf(intrusions)),
  };
}

function randomHome(choices: Choices): Home {
  const chosen = (weights: readonly number[]) => choices.pick(weights) === 1;
  if (!chosen([1, 1])) return oneMachine;
  return {
    deployed: true,
    keepsRemoved: chosen([1, 1]),
    knowsSource: chosen([1, 2]),
    unknownFor: chosen([2, 1]) ? minute : 0,
    imagesShowAfter: [0, minute, 9 * minute][choices.pick([2, 1, 1])] ?? 0,
    listingLag: chosen([2, 1]) ? 20_000 : 0,
  };
}

/** What asks are for, and publishings are of. */
interface Variant {
  readonly builder: BuilderName;
  readonly variables: Readonly<Record<string, string>>;
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;

function randomVariables(choices: Choices): Readonly<Record<string, string>> {
  return [{}, {}, { n: '1' }, { n: '2' }][choices.pick([3, 0, 2, 1])] ?? {};
}

function randomPublish(choices: Choices, variant: Variant, asks: number): WithoutTime<Act> {
  const build = choices.pick([3, 1]) === 0 ? null : choices.pick(Array.from({ length: asks }, () => 1));
  const channel = choices.pick([3, 1]) === 0 ? defaultChannel : stableChannel;
  const [behind, insists, slowly] = [choices.pick([4, 1]), choices.pick([1, 1]) === 1, choices.pick([2, 1]) === 1];
  return { act: 'publish', ...variant, channel, build, behind, insists, slowly };
}

function randomAsk(choices: Choices, { builder, variables }: Variant): WithoutTime<Act> {
  const skips = choices.pick([2, 1, 1]);
  const token = choices.pick([3, 1, 1]);
  return {
    act: 'ask',
    builder,
    by: choices.pick([3, 1]) === 0 ? 'alice' : 'bob',
    request: {
      variables,
      ...(token === 0 ? {} : { client_token: `token-${token}` }),
      ...(skips === 0 ? {} : { only_if_changed: true }),
      ...(skips === 2 ? { max_age: '1h' } : {}),
    },
    seesInputs: skips !== 0 && choices.pick([1, 1]) === 1,
    follows: choices.pick([1, 1]) === 1,
  };
}

function randomAct(choices: Choices, builder: BuilderName, asks: number): WithoutTime<Act> {
  const build = choices.pick(Array.from({ length: asks }, () => 1));
  switch (choices.pick([4, 3, 3, 1, 1, 1, 1, 2, 1])) {
    case 0:
      return { act: 'stop', build };
    case 1:
      return { act: 'release', builder };
    case 2:
      return { act: 'change', builder };
    case 3:
      return { act: 'foreign-event' };
    case 4:
      return { act: 'plant', build };
    case 5:
      return { act: 'redeclare', builder };
    case 6:
      return { act: 'deploy' };
    case 7:
      return { act: 'rules', kept: false };
    default:
      return { act: 'rules', kept: true };
  }
}
