import { replayedChoices, seededChoices } from './choices.ts';
import { type WorldGuards } from './history.ts';
import { playRandomHistory } from './random-history.ts';
import { type Fault, type Step } from './scheduler.ts';
import { shrink } from './shrink.ts';
import { type Violation } from './violation.ts';

/** A history that broke a promise. */
export interface Failing {
  readonly seed: number;
  readonly choices: readonly number[];
  readonly violations: readonly Violation[];
  readonly steps: readonly Step[];
}

/** What a batch of histories came to. */
export interface Batch {
  /** The seed of the first history. */
  readonly from: number;
  readonly histories: number;
  readonly effects: number;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly ends: Readonly<Record<string, number>>;
  /** What became of the wishes to publish. */
  readonly publishings: Readonly<Record<string, number>>;
  /** In the order of their seeds. */
  readonly failing: readonly Failing[];
}

export interface BatchOptions {
  readonly from: number;
  readonly histories: number;
  readonly guards: WorldGuards;
  /** After how many failing histories it ends. */
  readonly mostFailing: number;
}

const noFaults: Readonly<Record<Fault, number>> = { none: 0, 'crash-before': 0, 'crash-after': 0, throttle: 0, 'lost-answer': 0, pause: 0 };

/** Plays the histories of consecutive seeds. */
export async function playBatch({ from, histories, guards, mostFailing }: BatchOptions): Promise<Batch> {
  const counts = { ...noFaults };
  const ends: Record<string, number> = {};
  const publishings: Record<string, number> = {};
  const failing: Failing[] = [];
  let effects = 0;
  let seed = from;
  for (; seed < from + histories && failing.length < mostFailing; seed += 1) {
    const choices = seededChoices(seed);
    const end = await playRandomHistory(choices, guards);
    effects += end.steps.length;
    for (const step of end.steps) counts[step.fault] += 1;
    for (const { state } of end.builds) ends[state] = (ends[state] ?? 0) + 1;
    for (const publishing of end.publishings) publishings[publishing] = (publishings[publishing] ?? 0) + 1;
    if (end.violations.length > 0) failing.push({ seed, choices: choices.made, violations: end.violations, steps: end.steps });
  }
  return { from, histories: seed - from, effects, faults: counts, ends, publishings, failing };
}

/** A batch of no histories. */
export function emptyBatch(from: number): Batch {
  return { from, histories: 0, effects: 0, faults: noFaults, ends: {}, publishings: {}, failing: [] };
}

/** Two batches as one, the failing histories in the order of their seeds. */
export function mergedBatches(a: Batch, b: Batch): Batch {
  return {
    from: Math.min(a.from, b.from),
    histories: a.histories + b.histories,
    effects: a.effects + b.effects,
    faults: addedCounts(a.faults, b.faults),
    ends: addedCounts(a.ends, b.ends),
    publishings: addedCounts(a.publishings, b.publishings),
    failing: [...a.failing, ...b.failing].toSorted((one, other) => one.seed - other.seed),
  };
}

function addedCounts<Counts extends Readonly<Record<string, number>>>(a: Counts, b: Counts): Counts {
  const sums: Record<string, number> = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) sums[name] = (a[name] ?? 0) + (b[name] ?? 0);
  return { ...a, ...b, ...sums };
}

/** Plays a history of given choices again. */
export async function replay(choices: readonly number[], guards: WorldGuards): Promise<Omit<Failing, 'seed'>> {
  const played = replayedChoices(choices);
  const end = await playRandomHistory(played, guards);
  return { choices: played.made, violations: end.violations, steps: end.steps };
}

/** The smallest history to be found that breaks the same promise. */
export async function shrinkFailing(failing: Failing, guards: WorldGuards): Promise<Omit<Failing, 'seed'>> {
  const [first] = failing.violations;
  const smallest = await shrink(failing.choices, async (choices) => {
    const { violations, steps } = await replay(choices, guards);
    return violations.some((violation) => violation.promise === first?.promise) ? steps.length : undefined;
  });
  return replay(smallest, guards);
}
