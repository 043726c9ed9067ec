import { verdictOf } from '../../core/classification/verdict.ts';
import { type Config } from '../../core/config.ts';
import { scheduleCaller } from '../../core/contract/deployment.ts';
import { type DispatchPorts, type Dispatched, dispatch } from '../../core/dispatch.ts';
import { type CalledFor, openDispatchCall } from '../../core/dispatch-call.ts';
import { type DispatchDocument } from '../../core/documents.ts';
import { type Failure, type Outcome } from '../../core/failure.ts';
import { type BuilderName, timestamp } from '../../core/identity.ts';
import { type Result, refusedResult } from '../../core/result.ts';
import { type Turns } from '../../core/turn.ts';
import { type Count } from '../counts.ts';
import { type Log, type LogProblem, problemOf } from '../log.ts';

export interface DispatchDependencies {
  readonly ports: DispatchPorts;
  readonly config: Config;
  readonly turns: Turns;
  readonly log: Log;
  readonly logProblem: LogProblem;
  readonly count: Count;
}

/**
 * Takes a request, from a caller or from a schedule, and sends a turn for its builder. It starts and completes nothing itself:
 * what is due for a builder may take longer than a caller waits, and be somebody else's run.
 *
 * @param call untrusted (`DispatchCall`).
 * @param invocation the id of the invocation: Lambda repeats a call under the same one.
 * @returns what the request was given, or a result that says why it was refused.
 * @throws where the world failed before the request was accepted. From then on its build is in the records, so a turn that
 *   cannot be sent is logged and left to the sweep: a caller that asks again may be asking for another build.
 */
export async function dispatchRequest(
  dependencies: DispatchDependencies,
  call: unknown,
  invocation: string,
): Promise<DispatchDocument | Result> {
  const { log, logProblem, count, turns } = dependencies;
  const opened = openDispatchCall(call, invocation);
  if (!opened.ok) return refuse(dependencies, call, null, opened.failure);
  const asked = await accept(dependencies, opened.value);
  if (!asked.ok) return refuse(dependencies, call, opened.value.builder, asked.failure);
  const { how } = asked.value;
  const { build_id, builder, state } = asked.value.build;
  try {
    await turns.send({ turn: builder }, 0);
  } catch (cause) {
    await logProblem('TURN_NOT_SENT', { build_id, builder }, problemOf(cause));
  }
  log('REQUEST_DISPATCHED', { build_id, builder, state, how });
  if (how === 'accepted') count({ accepted: 1 });
  return { dispatched: { build_id, builder, state, how } };
}

async function accept(
  { ports, config, logProblem }: DispatchDependencies,
  { request, by, builder }: CalledFor,
): Promise<Outcome<Dispatched>> {
  try {
    return await dispatch(ports, config, { request, command: commandOf(builder), by });
  } catch (cause) {
    await logProblem('CALL_FAILED', builder === null ? {} : { builder }, problemOf(cause));
    // Lambda writes what is thrown into the log as it is; `cause` was scrubbed for the line above.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error('the request could not be dispatched; the line CALL_FAILED of this invocation says why');
  }
}

async function refuse(
  { ports, logProblem, count }: DispatchDependencies,
  call: unknown,
  builder: BuilderName | null,
  cause: Failure,
): Promise<Result> {
  await logProblem('REQUEST_REFUSED', { ...(builder === null ? {} : { builder }), rule: cause.rule }, cause.message);
  count({ refused: 1, ...(isScheduled(call) ? { refusedSchedules: 1 } : {}) });
  return refusedResult(verdictOf(cause), { command: commandOf(builder), builder, at: timestamp(ports.clock.now()) });
}

/** Also of a call that does not fit otherwise. */
function isScheduled(call: unknown): boolean {
  return typeof call === 'object' && call !== null && 'by' in call && call.by === scheduleCaller;
}

function commandOf(builder: BuilderName | null): string {
  return builder === null ? 'hybridcore-packer dispatch' : `hybridcore-packer dispatch ${builder}`;
}
