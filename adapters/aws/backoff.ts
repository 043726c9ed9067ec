import { setTimeout as sleep } from 'node:timers/promises';

/** Lets so many milliseconds pass. */
export type Wait = (milliseconds: number) => Promise<unknown>;

/** Waits before something is tried again. `trial` is 1 after the first one failed. */
export type Pause = (trial: number) => Promise<void>;

/** The pause after a trial, the first of which is 1: it doubles with each. Milliseconds. */
export function doubling(first: number, trial: number): number {
  return first * 2 ** (trial - 1);
}

/** Milliseconds. */
const shortestPause = 100;
const longestPause = 2000;

/** As many milliseconds as chance says, up to a bound that doubles with each trial: those who met each other do not meet again. */
export async function jitteredPause(trial: number): Promise<void> {
  await sleep(Math.random() * Math.min(longestPause, doubling(shortestPause, trial)));
}
