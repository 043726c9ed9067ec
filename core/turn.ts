import * as z from 'zod';

import { BuildId, BuilderName } from './identity.ts';

/** How many builds a turn names at most: many times less than a message of a queue holds. */
export const mostOpenBuilds = 100;

/** A message to the dispatcher itself: do now what is due for a builder (`advance`). Coming twice, late or for nothing, it does no harm. */
export const Turn = z.strictObject({
  turn: BuilderName,
  /** Of a sweep: builds that it found open, which are settled where they have ended. */
  open: z.array(BuildId).max(mostOpenBuilds).optional(),
});
export type Turn = z.infer<typeof Turn>;

export interface Turns {
  /** @param delay in how many milliseconds it is due, at most `longestTurnDelay`. */
  send(turn: Turn, delay: number): Promise<void>;
}

/** As long as a queue holds a message back: 900 s. Milliseconds. */
export const longestTurnDelay = 900_000;

/**
 * In how many milliseconds the turn for a time comes, both as milliseconds since 1970. A wait that is longer than a queue holds
 * messages back takes several turns.
 */
export function turnDelay(until: number, now: number): number {
  return Math.min(Math.max(until - now, 0), longestTurnDelay);
}

/** The turns of a sweep for one builder: as many as it takes to name each of its open builds. */
export function turnsOf(builder: BuilderName, open: readonly BuildId[]): readonly Turn[] {
  const count = Math.ceil(open.length / mostOpenBuilds);
  return Array.from({ length: count }, (_, n) => ({ turn: builder, open: open.slice(n * mostOpenBuilds, (n + 1) * mostOpenBuilds) }));
}
