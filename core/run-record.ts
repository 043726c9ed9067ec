import * as z from 'zod';

import { RunId, Timestamp } from './identity.ts';

/** How a run stands in the build service's own eyes, in CodeBuild's words. */
export const RunStatus = z.literal(['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'FAULT', 'STOPPED', 'TIMED_OUT']);
export type RunStatus = z.infer<typeof RunStatus>;

/** One phase of a run: `INSTALL`, `PRE_BUILD`, `BUILD`, `POST_BUILD` and the service's own around them. */
const RunPhase = z.strictObject({
  phase: z.string(),
  status: z.string(),
  started_at: Timestamp,
  finished_at: Timestamp.nullable(),
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
  finished_at: Timestamp.nullable(),
  phases: z.array(RunPhase),
  /** What the buildspec's `exported-variables` were at the end of POST_BUILD, scrubbed; left out where it was not reached. */
  exported_variables: z.record(z.string(), z.string()).optional(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** When a run left the build service's own line, in milliseconds since 1970; null while it waits there, which counts for no time limit. */
export function runBegan({ started_at, phases }: RunRecord): number | null {
  const queued = phases.find(({ phase }) => phase === 'QUEUED');
  if (queued === undefined) return Date.parse(started_at);
  return queued.finished_at === null ? null : Date.parse(queued.finished_at);
}
