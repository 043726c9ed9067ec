import { type Wait } from '../../core/advance.ts';
import { type CompletePorts } from '../../core/complete.ts';
import { type Config } from '../../core/config.ts';
import { type BuilderName } from '../../core/identity.ts';
import { openBuilds } from '../../core/open-builds.ts';
import { takeTurn } from '../../core/reconcile.ts';
import { type Turn, type Turns, nextTurn, turnsOf } from '../../core/turn.ts';
import { type Actor, type Scheduler } from './scheduler.ts';

/** What the functions of the deployed home meet, which leave all work to whoever takes their turns. */
export interface TurnWorld {
  readonly scheduler: Scheduler;
  readonly config: () => Config;
  portsOf(actor: Actor): CompletePorts & { readonly turns: Turns };
  /** Handles a message, again where that failed. */
  deliver(actor: Actor, handle: () => Promise<void>): Promise<void>;
  /** After how many milliseconds each a turn comes, beside its delay. */
  deliveries(): readonly number[];
  ignoringFaults(work: () => Promise<unknown>): Promise<void>;
}

/** A queue of turns: each comes when its delay is over or later, and maybe more than once. Whoever dies with one in hand has lost it. */
export function simulatedTurns(world: TurnWorld): Turns {
  const { scheduler } = world;
  return {
    async send(turn, delay) {
      for (const late of world.deliveries())
        scheduler.spawn(
          `turn of ${turn.turn}`,
          (actor) =>
            world.deliver(actor, () => goOn(world, actor, turn.turn, turn, () => takeTurn(world.portsOf(actor), world.config(), turn))),
          { from: scheduler.now + delay + late },
        );
    },
  };
}

/** What `complete` does with a message. @param taken the turn that it is; null where it is none. */
export async function goOn(
  world: TurnWorld,
  actor: Actor,
  builder: BuilderName | undefined,
  taken: Turn | null,
  work: () => Promise<Wait | undefined>,
): Promise<void> {
  const wait = await work();
  const next = builder === undefined ? undefined : nextTurn(builder, wait, taken, world.scheduler.now);
  if (next !== undefined) await world.portsOf(actor).turns.send(next.turn, next.delay);
}

/** What `reconcile` does. */
export async function sweepWithTurns(world: TurnWorld, actor: Actor): Promise<void> {
  const { turns, ...ports } = world.portsOf(actor);
  for (const [builder, builds] of await openBuilds(ports))
    await world.ignoringFaults(async () => {
      for (const turn of turnsOf(builder, builds)) await turns.send(turn, 0);
    });
}
