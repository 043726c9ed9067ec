import { type BuildId, type BuilderName } from '../../core/identity.ts';
import { openBuilds } from '../../core/open-builds.ts';
import { type Records } from '../../core/ports.ts';
import { type Turns, turnsOf } from '../../core/turn.ts';
import { type Count } from '../counts.ts';
import { type Log, type LogProblem, problemOf } from '../log.ts';

export interface SweepDependencies {
  readonly ports: { readonly records: Pick<Records, 'listOpenBuilds'> };
  readonly turns: Turns;
  readonly log: Log;
  readonly logProblem: LogProblem;
  readonly count: Count;
}

/**
 * Finds everything that is open, and sends a turn for each builder of it: whoever takes that does what is due. So a builder
 * that is slow, or cannot be gone on with, holds up no other, and a sweep that is cut short costs no more than its own messages.
 *
 * @returns how many builds were open.
 * @throws where a turn could not be sent, after all others were: the failed invocation is what an alarm sees, and the log says
 *   which it was.
 */
export async function sweep(dependencies: SweepDependencies): Promise<{ readonly open: number }> {
  const { turns, log, logProblem, count } = dependencies;
  const found = await findOpen(dependencies);
  let [open, unsent] = [0, 0];
  for (const [builder, builds] of found) {
    open += builds.length;
    try {
      for (const turn of turnsOf(builder, builds)) await turns.send(turn, 0);
    } catch (cause) {
      unsent += 1;
      await logProblem('TURN_NOT_SENT', { builder }, problemOf(cause));
    }
  }
  log('SWEPT', { open, problems: unsent });
  count({ openBuilds: open, sweepProblems: unsent });
  if (unsent > 0) throw new Error(`the turns of ${unsent} builders could not be sent; the lines TURN_NOT_SENT say which`);
  return { open };
}

async function findOpen({ ports, logProblem, count }: SweepDependencies): Promise<ReadonlyMap<BuilderName, readonly BuildId[]>> {
  try {
    return await openBuilds(ports);
  } catch (cause) {
    await logProblem('SWEEP_FAILED', {}, problemOf(cause));
    count({ sweepProblems: 1 });
    // Lambda writes what is thrown into the log as it is; `cause` was scrubbed for the line above.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error('what is open could not be listed; the line SWEEP_FAILED of this invocation says why');
  }
}
