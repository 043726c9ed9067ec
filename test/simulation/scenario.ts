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
  /** An event comes that is not about any build here. */
  | { readonly act: 'foreign-event' }
  /** Somebody writes an object where the n-th build is going to seal its manifest. */
  | { readonly act: 'plant'; readonly build: number }
);

/** What happens in a history, faults apart. */
export interface Scenario {
  readonly builders: readonly BuilderName[];
  /** How many runs the build service takes at once. */
  readonly serviceLimit: number;
  /** How long it remembers a token. Milliseconds. */
  readonly tokenMemory: number;
  /** How long a run waits in its queue. Milliseconds. */
  readonly queueTime: number;
  /** For how long it does not show a run that was just started. Milliseconds. */
  readonly lookLag: number;
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
}

const durations = [5 * minute, 30_000, 40 * minute, 3 * hour] as const;
const delays = [1000, 30_000, 6 * minute, 2 * hour] as const;

/** A scenario of the choices' making. */
export function randomScenario(choices: Choices): Scenario {
  const oneOf = <T>(options: readonly [T, ...T[]], weights?: readonly number[]): T =>
    options[choices.pick(weights ?? options.map(() => 1))] ?? options[0];
  const builders = ['base', 'other'].slice(0, oneOf([1, 2], [3, 1])).map((name) => builderNamed(name));
  const builder = () => builders[choices.pick(builders.map(() => 1))] ?? builderNamed('base');
  const asks = oneOf([1, 2, 3, 5], [2, 3, 2, 1]);
  const acts: Act[] = [];
  const time = (longest: number) => oneOf([0, 60_000, 1, 10 * minute, longest], [3, 2, 1, 2, 1]);
  let at = 0;
  for (let number = 0; number < asks; number += 1) {
    at += number === 0 ? 0 : time(day + hour);
    acts.push({ at, ...randomAsk(choices, builder()) });
  }
  const others = oneOf([0, 1, 2, 4], [3, 3, 2, 1]);
  for (let number = 0; number < others; number += 1)
    acts.push({ at: time(3 * hour) * oneOf([1, 3]), ...randomAct(choices, builder(), asks) });
  const planWeights = oneOf([
    [12, 2, 6, 2, 2, 2, 1],
    [1, 0, 0, 0, 0, 0, 0],
    [2, 0, 8, 0, 0, 2, 1],
  ]);
  return {
    builders,
    serviceLimit: oneOf([100, 1], [4, 1]),
    tokenMemory: oneOf([5 * minute, Number.POSITIVE_INFINITY], [3, 1]),
    queueTime: oneOf([0, minute, 4 * hour], [6, 1, 1]),
    lookLag: oneOf([0, 2 * minute], [4, 1]),
    enforcesTimeLimits: oneOf([true, false], [2, 1]),
    refusesLast: oneOf([false, true], [20, 1]),
    sweeps: oneOf([true, false], [3, 1]),
    acts,
    planOf: () => packerPlans[choices.pick(planWeights)] ?? 'success',
    durationOf: () => oneOf(durations, [6, 3, 3, 1]),
    deliveries: () => Array.from({ length: oneOf([1, 0, 2, 3], [5, 2, 2, 1]) }, () => oneOf(delays, [4, 2, 2, 1])),
  };
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;

function randomAsk(choices: Choices, builder: BuilderName): WithoutTime<Act> {
  const variables = [{}, {}, { n: '1' }, { n: '2' }][choices.pick([3, 0, 2, 1])] ?? {};
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
  switch (choices.pick([4, 3, 3, 1, 1])) {
    case 0:
      return { act: 'stop', build };
    case 1:
      return { act: 'release', builder };
    case 2:
      return { act: 'change', builder };
    case 3:
      return { act: 'foreign-event' };
    default:
      return { act: 'plant', build };
  }
}
