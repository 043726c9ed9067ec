import { type CompletePorts } from '../../core/complete.ts';
import { type Config } from '../../core/config.ts';
import { sweepInterval } from '../../core/contract/deployment.ts';
import { type Sweep, reconcile } from '../../core/reconcile.ts';
import { type Turns } from '../../core/turn.ts';
import { type Count } from '../counts.ts';
import { type Log } from '../log.ts';
import { problemOf } from '../scrub-text.ts';
import { sendTurn } from '../turns.ts';

export interface SweepDependencies {
  readonly ports: CompletePorts;
  readonly config: Config;
  readonly turns: Turns;
  readonly log: Log;
  readonly count: Count;
}

/**
 * Goes through everything open (`reconcile`), and sends a turn for what becomes due before the next sweep.
 *
 * @returns how many builds were open.
 * @throws where anything could not be gone on with, after all else was: the failed invocation is what an alarm sees, and
 *   the log says what it was.
 */
export async function sweep(dependencies: SweepDependencies): Promise<{ readonly open: number }> {
  const { log, count } = dependencies;
  const { open, builders, problems } = await sweepAll(dependencies);
  for (const { build_id, builder, message } of problems) log('SWEEP_PROBLEM', { build_id, builder, problem: message });
  let unsent = 0;
  for (const builder of builders) {
    try {
      await sendTurn(dependencies, builder, sweepInterval);
    } catch (cause) {
      unsent += 1;
      log('TURN_NOT_SENT', { builder, problem: problemOf(cause) });
    }
  }
  log('SWEPT', { open, problems: problems.length });
  count({ openBuilds: open, sweepProblems: problems.length + unsent });
  if (problems.length + unsent > 0)
    throw new Error(`${problems.length + unsent} things could not be gone on with; the lines SWEEP_PROBLEM and TURN_NOT_SENT say which`);
  return { open };
}

async function sweepAll({ ports, config, log, count }: SweepDependencies): Promise<Sweep> {
  try {
    return await reconcile(ports, config);
  } catch (cause) {
    log('SWEEP_FAILED', { problem: problemOf(cause) });
    count({ sweepProblems: 1 });
    // Lambda writes what is thrown into the log as it is; `cause` was scrubbed for the line above.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error('what is open could not be gone through; the line SWEEP_FAILED of this invocation says why');
  }
}
