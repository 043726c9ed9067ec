import { type Build, type BuildPhase } from '@aws-sdk/client-codebuild';

import { RunId, type Timestamp, timestamp } from '../../core/identity.ts';
import { type RunPhase, type RunRecord, RunStatus } from '../../core/run-record.ts';

/** CodeBuild's ids of one build: our run id is the ARN, its calls take `project:uuid`. */
interface BuildIds {
  readonly run: RunId;
  readonly id: string;
  readonly project: string;
}

/** Undefined where the text is not the ARN of a build. */
export function buildIdsOf(arn: string): BuildIds | undefined {
  const [, id, project] = /^arn:aws[a-z-]*:codebuild:[a-z0-9-]+:\d{12}:build\/(([A-Za-z0-9][A-Za-z0-9_-]*):[A-Za-z0-9-]+)$/.exec(arn) ?? [];
  const run = RunId.safeParse(arn);
  return run.success && id !== undefined && project !== undefined ? { run: run.data, id, project } : undefined;
}

/**
 * What CodeBuild says of a build as the domain's record. Undefined where it lacks what every build has (an ARN, a status, a
 * time of start).
 *
 * A build is in progress until CodeBuild calls it complete, whatever its status says before. One that failed because a
 * phase reached the time limit is TIMED_OUT, as which CodeBuild does not always report it. Contexts that say nothing, which
 * every clean phase has, are left out.
 */
export function runRecordOf(build: Build): RunRecord | undefined {
  const ids = buildIdsOf(build.arn ?? '');
  const reported = RunStatus.safeParse(build.buildStatus);
  if (ids === undefined || !reported.success || build.startTime === undefined) return undefined;
  const started = timestamp(build.startTime.getTime());
  const phases = (build.phases ?? []).map((phase) => phaseOf(phase, started));
  const status = build.buildComplete === false ? 'IN_PROGRESS' : reachedLimit(reported.data, phases) ? 'TIMED_OUT' : reported.data;
  const exported = (build.exportedEnvironmentVariables ?? []).flatMap(({ name, value }): [string, string][] =>
    name === undefined || value === undefined ? [] : [[name, value]],
  );
  return {
    run: ids.run,
    status,
    started_at: started,
    finished_at: status === 'IN_PROGRESS' ? null : (timeOf(build.endTime) ?? phases.at(-1)?.started_at ?? started),
    phases,
    ...(exported.length === 0 ? {} : { exported_variables: Object.fromEntries(exported) }),
  };
}

function reachedLimit(status: RunStatus, phases: readonly RunPhase[]): boolean {
  if (status !== 'FAILED') return false;
  return phases.some(
    (phase) => phase.status === 'TIMED_OUT' || phase.contexts.some((context) => context.status_code === 'BUILD_TIMED_OUT'),
  );
}

function phaseOf(phase: BuildPhase, buildStarted: Timestamp): RunPhase {
  const started = timeOf(phase.startTime) ?? buildStarted;
  // The last one is a moment rather than a phase, and CodeBuild gives it neither a status nor an end.
  const last = phase.phaseType === 'COMPLETED';
  return {
    phase: phase.phaseType ?? 'UNKNOWN',
    status: phase.phaseStatus ?? (last ? 'SUCCEEDED' : 'IN_PROGRESS'),
    started_at: started,
    finished_at: timeOf(phase.endTime) ?? (last ? started : null),
    contexts: (phase.contexts ?? []).flatMap(({ statusCode = '', message = '' }) =>
      `${statusCode}${message}`.trim() === '' ? [] : [{ status_code: statusCode, message }],
    ),
  };
}

function timeOf(date: Date | undefined): Timestamp | undefined {
  return date === undefined ? undefined : timestamp(date.getTime());
}
