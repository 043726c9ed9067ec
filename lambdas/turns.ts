import { type BuilderName } from '../core/identity.ts';
import { type Clock, type Records } from '../core/ports.ts';
import { type Turns, turnDelay } from '../core/turn.ts';
import { type Log } from './log.ts';

export interface TurnDependencies {
  readonly ports: { readonly records: Records; readonly clock: Clock };
  readonly turns: Turns;
  readonly log: Log;
}

/**
 * Sends a turn for a builder whose current build waits for a time. Whoever takes it too early sends the next one.
 *
 * @param within sends none where the time is further away. Milliseconds.
 */
export async function sendTurn({ ports, turns, log }: TurnDependencies, builder: BuilderName, within = Infinity): Promise<void> {
  const current = (await ports.records.readBuilder(builder))?.current ?? null;
  const build = current === null ? undefined : await ports.records.readBuild(current);
  const delay = build === undefined ? undefined : turnDelay(build, ports.clock.now());
  if (build === undefined || delay === undefined || delay > within) return;
  await turns.send(builder, delay);
  log('TURN_SENT', { build_id: build.build_id, builder, delay: Math.ceil(delay / 1000) });
}
