import { type Artifact } from './artifact.ts';
import { type AttemptReport } from './attempt-report.ts';
import { type Attempt, type Build, type Decision, newestAttempt } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { promisedTerms } from './retention/build-terms.ts';
import { type RetentionPolicy, expiresAt } from './retention/policy.ts';
import { keys } from './contract/keys.ts';
import { type HashManifest } from './hash-manifest.ts';
import { linesThatFit } from './lines-that-fit.ts';
import { type LogSummary, logSummarySchemaName } from './log-summary.ts';
import { type Result, resultSchemaName, stderrLimit } from './result.ts';
import { ruleSetDigest } from './scrub/redaction-rules.ts';
import { type BuildState } from './states.ts';
import { version } from './version.ts';

/** The end of a build, as its record has decided it, with what its documents tell beside that. */
export interface Ending {
  readonly state: BuildState;
  readonly decision: Decision;
  readonly artifacts: readonly Artifact[];
  /** Not yet cut to the bound of a result. */
  readonly stderr: string;
  readonly report: AttemptReport | null;
}

/** The manifest that a succeeded build seals, as the next link of its builder's chain; null where the report names no inputs. */
export function manifestOf(build: Build, builder: BuilderRecord, ending: Ending): HashManifest | null {
  const attempt = newestAttempt(build);
  const { report } = ending;
  if (ending.state !== 'succeeded' || attempt === undefined || report === null || report.fingerprint === null) return null;
  return {
    schema: 'hybridcore-packer/hash-manifest/1',
    builder: build.builder,
    build_id: build.build_id,
    attempt: attempt.attempt,
    sequence: (builder.newest?.sequence ?? 0) + 1,
    fingerprint: report.fingerprint,
    inputs: report.inputs,
    resolved: report.resolved,
    artifacts: [...ending.artifacts],
    previous: builder.newest === null ? null : { digest: builder.newest.digest, fingerprint: builder.newest.fingerprint },
    started_at: report.started_at,
    finished_at: report.finished_at,
    sealed_at: ending.decision.at,
  };
}

/** The result of a final build. */
export function resultOf(build: Build, ending: Ending): Result {
  return {
    command: ending.report?.command ?? build.command,
    exit_code: ending.decision.verdict.exit_code,
    stderr: linesThatFit(ending.stderr.split('\n'), stderrLimit + 1).join('\n'),
    manifest_path: build.manifest?.path ?? ending.decision.unchanged?.path ?? null,
    artifacts: [...ending.artifacts],
    started_at: build.attempts[0]?.started_at ?? build.requested_at,
    finished_at: ending.decision.at,
    retryable: false,
    schema: resultSchemaName,
    builder: build.builder,
    build_id: build.build_id,
    attempt: build.attempts.findLast((each) => each.run !== null)?.attempt ?? 0,
    state: build.state,
    fingerprint: ending.report?.fingerprint ?? ending.decision.unchanged?.fingerprint ?? null,
    summary_path: build.summary_path,
    scrub_manifest_path: newestAttempt(build)?.outcome?.scrub_manifest_path ?? null,
    classification: ending.decision.verdict.classification,
  };
}

/** The log summary of a final build, with all its attempts. */
export function summaryOf(policy: RetentionPolicy, build: Build, ending: Ending): LogSummary {
  const { policy_digest, ...retention } = promisedTerms(build, policy);
  return {
    schema: logSummarySchemaName,
    builder: build.builder,
    build_id: build.build_id,
    state: build.state,
    exit_code: ending.decision.verdict.exit_code,
    requested_at: build.requested_at,
    requested_by: build.requested_by,
    finished_at: ending.decision.at,
    attempts: build.attempts.map((attempt) => summaryOfAttempt(attempt)),
    artifacts: [...ending.artifacts],
    manifest: build.manifest,
    result_path: keys.result(build.builder, build.build_id),
    scrub_manifest_path: newestAttempt(build)?.outcome?.scrub_manifest_path ?? null,
    diag_path: keys.diag(build.builder, build.build_id),
    tools: {
      hybridcore_packer: version,
      packer: ending.report?.resolved.packer ?? null,
      plugins: ending.report?.resolved.plugins ?? {},
      scrub_rules: ruleSetDigest(),
    },
    retention: {
      class: build.retention,
      ...retention,
      expires_at: expiresAt(retention, Date.parse(ending.decision.at)),
      policy_digest,
    },
  };
}

function summaryOfAttempt({ attempt, run, started_at, finished_at, outcome }: Attempt): LogSummary['attempts'][number] {
  const about = { attempt, run, started_at, finished_at };
  if (outcome !== null) return { ...about, ...outcome };
  // The build service refused to start it, or the build was stopped before it did.
  return {
    ...about,
    verdict: null,
    fingerprint: null,
    artifacts: [],
    artifacts_shortened: false,
    log: null,
    scrub_manifest_path: null,
    redactions: 0,
    decided_at: null,
    rules: null,
    basis: null,
  };
}
