import { type Build, newestAttempt } from './build.ts';
import { type BuildLine } from './documents.ts';
import { states } from './states.ts';

/** A build in one line. */
export function buildLine(build: Build): BuildLine {
  const verdict = build.decision?.verdict ?? newestAttempt(build)?.outcome?.verdict;
  return {
    build_id: build.build_id,
    state: build.state,
    exit_code: states[build.state].exit_code,
    rule: verdict?.classification.rule ?? null,
    attempts: build.attempts.length,
    requested_at: build.requested_at,
    requested_by: build.requested_by,
    finished_at: build.finished_at,
    variables: build.variables,
  };
}
