import { type Wait } from './advance.ts';
import { sweepInterval } from './contract/deployment.ts';
import { BuildId, BuilderName, Timestamp, timestamp } from './identity.ts';
import * as z from './zod.ts';

/** How many builds a turn names at most: many times less than a message of a queue holds. */
export const mostOpenBuilds = 100;

/** A message to the dispatcher itself: do now what is due for a builder (`advance`). Coming twice, late or for nothing, it does no harm. */
export const Turn = z.strictObject({
  turn: BuilderName,
  /** Of a sweep: builds that it found open, which are settled where they have ended. */
  open: z.optional(z.array(BuildId).check(z.maxLength(mostOpenBuilds))),
  /** The time that the builder waits for; none where something is due at once. */
  due: z.optional(Timestamp),
});
export type Turn = z.infer<typeof Turn>;

export interface Turns {
  /** @param delay in how many milliseconds it comes, at most `longestTurnDelay`. */
  send(turn: Turn, delay: number): Promise<void>;
}

/** As long as a queue holds a message back: 900 s. Milliseconds. */
export const longestTurnDelay = 900_000;

/**
 * The turn that has to be sent after a builder was advanced; none where it waits for no time, or where somebody else has sent
 * one: who made it wait, whose turn for the same time this was, or who comes before it is due. So that for each time there is
 * one, however many look at the builder meanwhile.
 *
 * @param taken the turn that was taken; null where it was something else.
 * @param now milliseconds since 1970.
 * @returns with it in how many milliseconds it is to come: a wait that is longer than a queue holds messages back takes several.
 */
export function nextTurn(
  builder: BuilderName,
  wait: Wait | undefined,
  taken: Turn | null,
  now: number,
): { readonly turn: Turn; readonly delay: number } | undefined {
  if (wait === undefined) return undefined;
  const due = timestamp(wait.until);
  const left = Math.max(wait.until - now, 0);
  const isMissed = taken?.open !== undefined && left <= sweepInterval;
  if (!wait.ours && taken?.due !== due && !isMissed) return undefined;
  return { turn: { turn: builder, due }, delay: Math.min(left, longestTurnDelay) };
}

/** The turns of a sweep for one builder: as many as it takes to name each of its open builds. */
export function turnsOf(builder: BuilderName, open: readonly BuildId[]): readonly Turn[] {
  const count = Math.ceil(open.length / mostOpenBuilds);
  return Array.from({ length: count }, (_, n) => ({ turn: builder, open: open.slice(n * mostOpenBuilds, (n + 1) * mostOpenBuilds) }));
}
