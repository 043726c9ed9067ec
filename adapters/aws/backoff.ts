import { setTimeout as sleep } from 'node:timers/promises';

/** Waits before something is tried again. `trial` is 1 after the first one failed. */
export type Pause = (trial: number) => Promise<void>;

/** Milliseconds. */
const shortestPause = 50;
const longestPause = 2000;

/** As many milliseconds as chance says, up to a bound that doubles with each trial: those who met each other do not meet again. */
export async function jitteredPause(trial: number): Promise<void> {
  await sleep(Math.random() * Math.min(longestPause, shortestPause * 2 ** trial));
}
