import { RunId, Timestamp } from './identity.ts';
import * as z from './zod.ts';

/** How a run stands in the build service's own eyes, in CodeBuild's words. */
export const RunStatus = z.literal(['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'FAULT', 'STOPPED', 'TIMED_OUT']);
export type RunStatus = z.infer<typeof RunStatus>;

/** One phase of a run: `INSTALL`, `PRE_BUILD`, `BUILD`, `POST_BUILD` and the service's own around them. */
const RunPhase = z.strictObject({
  phase: z.string(),
  status: z.string(),
  started_at: Timestamp,
  finished_at: z.nullable(Timestamp),
  /** Why it ended as it did: `COMMAND_EXECUTION_ERROR` with the command and its exit status, for instance. */
  contexts: z.array(z.strictObject({ status_code: z.string(), message: z.string() })),
});
export type RunPhase = z.infer<typeof RunPhase>;

/**
 * What the build service knows of a run, whatever the attempt said of itself. Where the attempt left no
 * result, this decides.
 */
export const RunRecord = z.strictObject({
  run: RunId,
  status: RunStatus,
  started_at: Timestamp,
  finished_at: z.nullable(Timestamp),
  phases: z.array(RunPhase),
  /** What the buildspec's `exported-variables` were at the end of POST_BUILD, scrubbed; left out where it was not reached. */
  exported_variables: z.optional(z.record(z.string(), z.string())),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** The phases of a run before its own time begins: CodeBuild's queue. */
const queuePhases: ReadonlySet<string> = new Set(['SUBMITTED', 'QUEUED']);

/** Since when the time of a run counts: not while it waits in the build service's own queue, where it may be for hours. Null where it still does. */
export function beganAt(record: RunRecord): Timestamp | null {
  const queue = record.phases.filter(({ phase }) => queuePhases.has(phase));
  if (queue.length === 0) return record.started_at;
  if (queue.length === record.phases.length && record.status === 'IN_PROGRESS') {
    const queued = queue.find(({ phase }) => phase === 'QUEUED');
    return queued?.finished_at ?? null;
  }
  return queue.findLast(({ finished_at: at }) => at !== null)?.finished_at ?? record.started_at;
}
