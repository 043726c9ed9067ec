import * as z from 'zod';

import { type Build } from './build.ts';
import { BuilderName } from './identity.ts';

/** A message to the dispatcher itself: do now what is due for a builder (`advance`). Coming twice, late or for nothing, it does no harm. */
export const Turn = z.strictObject({ turn: BuilderName });
export type Turn = z.infer<typeof Turn>;

/** Sends turns that are due later. */
export interface Turns {
  /** @param delay milliseconds from now on, at most `longestTurnDelay`. */
  send(builder: BuilderName, delay: number): Promise<void>;
}

/** As long as a queue holds a message back: 900 s. Milliseconds. */
export const longestTurnDelay = 900_000;

/**
 * In how many milliseconds somebody has to look at a build that waits for a time: for its retry, or for room in the
 * build service. A wait that is longer than a queue holds messages back takes several turns. Undefined where the build
 * waits for something else, or for nothing.
 */
export function turnDelay(build: Build, now: number): number | undefined {
  return build.retry_at === null ? undefined : Math.min(Math.max(Date.parse(build.retry_at) - now, 0), longestTurnDelay);
}
