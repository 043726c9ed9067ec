import { type Artifact } from './artifact.ts';
import { type AttemptReport } from './attempt-report.ts';
import { type Build, newestAttempt } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { type Verdict } from './classification/verdict.ts';
import { type Config } from './config.ts';
import { keys } from './contract/keys.ts';
import { type ObjectKind, type Tags } from './contract/tags.ts';
import { digestOfJson } from './digest.ts';
import { type HashManifest, documentText, hashManifestSchemaName, manifestDigest } from './hash-manifest.ts';
import { timestamp } from './identity.ts';
import { type LogSummary, logSummarySchemaName } from './log-summary.ts';
import { type Clock, type Objects, type Operators, type Records } from './ports.ts';
import { type Result, resultSchemaName, stderrLimit } from './result.ts';
import { expiresAt, retentionClass } from './retention.ts';
import { type BuildState } from './states.ts';

export interface FinishPorts {
  readonly records: Records;
  readonly objects: Objects;
  readonly operators: Operators;
  readonly clock: Clock;
}

/** The end of a build, as it was decided; nothing of it is written yet. */
export interface Ending {
  readonly state: BuildState;
  readonly verdict: Verdict;
  /** Milliseconds since 1970; every time that is written derives from it, so a second try writes the same bytes. */
  readonly at: number;
  readonly artifacts: readonly Artifact[];
  readonly stderr: string;
  readonly report: AttemptReport | null;
}

const encoder = new TextEncoder();

export function tagsOf(build: Build, kind: ObjectKind): Tags {
  return { kind, builder: build.builder, build: build.build_id, retention: build.retention };
}

/**
 * Writes what a final build leaves (manifest, result, summary), then, in one commit, the final state, the head of
 * the chain, the quarantine and the builder's freedom for the next build. Objects come first, so that nothing
 * final lacks them; they are the same bytes whoever writes them, so a crash in between costs nothing.
 *
 * @returns the build as it stands in the records; unchanged where somebody else was faster.
 */
export async function finishBuild(
  ports: FinishPorts,
  config: Config,
  build: Build,
  builder: BuilderRecord,
  ending: Ending,
): Promise<Build> {
  const sealed = ending.state === 'succeeded' && ending.report !== null ? sealManifest(build, builder, ending, ending.report) : null;
  if (sealed !== null) {
    const path = keys.manifest(build.builder, build.build_id);
    const content = encoder.encode(documentText(sealed));
    if ((await ports.objects.create(path, content, tagsOf(build, 'hash-manifest'))) === 'different')
      return finishBuild(ports, config, build, builder, chainBroken(ending, path));
    await ports.objects.replace(keys.newestManifest(build.builder), content, tagsOf(build, 'hash-manifest'));
  }
  const paths = { result: keys.result(build.builder, build.build_id), summary: keys.summary(build.builder, build.build_id) };
  const finished: Build = {
    ...build,
    version: build.version + 1,
    state: ending.state,
    completing: null,
    retry_at: null,
    finished_at: timestamp(ending.at),
    result_path: paths.result,
    summary_path: paths.summary,
    manifest:
      sealed === null
        ? null
        : { path: keys.manifest(build.builder, build.build_id), digest: manifestDigest(sealed), fingerprint: sealed.fingerprint },
    notices:
      ending.state === 'escalated' || ending.state === 'quarantined'
        ? [{ key: `${build.build_id}:${ending.state}`, delivered_at: null }]
        : [],
  };
  await ports.objects.create(paths.result, encoder.encode(documentText(resultOf(finished, ending))), tagsOf(build, 'result'));
  const summary = encoder.encode(documentText(summaryOf(config, finished, ending)));
  await ports.objects.create(paths.summary, summary, tagsOf(build, 'log-summary'));
  await ports.objects.replace(keys.newestSummary(build.builder), summary, tagsOf(build, 'log-summary'));

  const commit = await ports.records.commit([
    { type: 'build', expected: build.version, document: finished },
    { type: 'builder', expected: builder.version, document: builderAfter(builder, finished, ending, sealed) },
  ]);
  return commit.committed ? deliverNotices(ports, finished) : build;
}

/** Tells the operators what they have not been told yet. Equal keys are one notice, so telling twice does no harm. */
export async function deliverNotices(ports: FinishPorts, build: Build): Promise<Build> {
  const due = build.notices.filter((notice) => notice.delivered_at === null);
  if (due.length === 0) return build;
  const verdict = newestAttempt(build)?.outcome?.verdict.classification;
  for (const notice of due) {
    const quarantined = build.state === 'quarantined';
    await ports.operators.notify({
      key: notice.key,
      builder: build.builder,
      build: build.build_id,
      subject: quarantined ? `${build.builder} is quarantined` : `${build.builder} failed twice`,
      message: [
        verdict === undefined ? `build ${build.build_id} ended ${build.state}` : `${verdict.rule}: ${verdict.reason}`,
        ...(verdict === undefined || verdict.hint === '' ? [] : [verdict.hint]),
        quarantined
          ? `release it with: hybridcore-packer quarantine release ${build.builder} --reason "..."`
          : `see: hybridcore-packer logs ${build.build_id}`,
      ].join('\n'),
    });
  }
  const told: Build = {
    ...build,
    version: build.version + 1,
    notices: build.notices.map((notice) => ({ ...notice, delivered_at: notice.delivered_at ?? timestamp(ports.clock.now()) })),
  };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: told }]);
  return commit.committed ? told : build;
}

function sealManifest(build: Build, builder: BuilderRecord, ending: Ending, report: AttemptReport): HashManifest | null {
  const attempt = newestAttempt(build);
  if (attempt === undefined || report.fingerprint === null) return null;
  return {
    schema: hashManifestSchemaName,
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
    sealed_at: timestamp(ending.at),
  };
}

function chainBroken(ending: Ending, path: string): Ending {
  const reason = `${path} is there already, with other content than this build seals`;
  return {
    ...ending,
    state: 'quarantined',
    stderr: reason,
    verdict: {
      exit_code: 3,
      classification: {
        rule: 'CHAIN_BROKEN',
        reason,
        hint: 'find out who wrote it; a sealed manifest is never overwritten',
        evidence: [path],
      },
    },
  };
}

/** The result of a build in its state now, final or not. */
export function resultOf(build: Build, ending: Pick<Ending, 'verdict' | 'artifacts' | 'stderr' | 'report' | 'at'>): Result {
  const attempt = newestAttempt(build);
  return {
    command: ending.report?.command ?? build.command,
    exit_code: ending.verdict.exit_code,
    stderr: lastBytes(ending.stderr, stderrLimit),
    manifest_path: build.manifest?.path ?? null,
    artifacts: [...ending.artifacts],
    started_at: build.attempts[0]?.started_at ?? build.requested_at,
    finished_at: build.finished_at ?? timestamp(ending.at),
    retryable: build.state === 'retrying',
    schema: resultSchemaName,
    builder: build.builder,
    build_id: build.build_id,
    attempt: build.attempts.findLast((each) => each.run !== null)?.attempt ?? 0,
    state: build.state,
    fingerprint: ending.report?.fingerprint ?? null,
    summary_path: build.summary_path,
    scrub_manifest_path: attempt?.outcome?.scrub_manifest_path ?? null,
    classification: ending.verdict.classification,
  };
}

function summaryOf(config: Config, build: Build, ending: Ending): LogSummary {
  const retention = retentionClass(config.retention, build.retention);
  return {
    schema: logSummarySchemaName,
    builder: build.builder,
    build_id: build.build_id,
    state: build.state,
    exit_code: ending.verdict.exit_code,
    requested_at: build.requested_at,
    requested_by: build.requested_by,
    finished_at: timestamp(ending.at),
    attempts: build.attempts.flatMap(({ attempt, run, started_at, finished_at, outcome }) =>
      outcome === null ? [] : [{ attempt, run, started_at, finished_at, ...outcome }],
    ),
    artifacts: [...ending.artifacts],
    manifest: build.manifest,
    result_path: keys.result(build.builder, build.build_id),
    scrub_manifest_path: newestAttempt(build)?.outcome?.scrub_manifest_path ?? null,
    retention: {
      class: build.retention,
      ...retention,
      expires_at: expiresAt(retention, ending.at),
      policy_digest: digestOfJson(config.retention),
    },
  };
}

function builderAfter(builder: BuilderRecord, build: Build, ending: Ending, sealed: HashManifest | null): BuilderRecord {
  const { classification } = ending.verdict;
  const closes = build.state === 'quarantined' && builder.quarantine === null;
  return {
    ...builder,
    version: builder.version + 1,
    current: builder.current === build.build_id ? null : builder.current,
    queue: builder.queue.filter((waiting) => waiting !== build.build_id),
    newest:
      sealed === null || build.manifest === null
        ? builder.newest
        : {
            build_id: build.build_id,
            path: build.manifest.path,
            digest: build.manifest.digest,
            fingerprint: sealed.fingerprint,
            sequence: sealed.sequence,
            sealed_at: sealed.sealed_at,
          },
    quarantine: closes
      ? {
          build_id: build.build_id,
          since: timestamp(ending.at),
          rule: classification.rule,
          reason: classification.reason,
          evidence: classification.evidence,
        }
      : builder.quarantine,
  };
}

/** The end of a text, whole lines, in at most `limit` bytes of UTF-8: what is fatal comes last. */
export function lastBytes(text: string, limit: number): string {
  if (encoder.encode(text).length <= limit) return text;
  const kept: string[] = [];
  let size = 0;
  for (const line of text.split('\n').reverse()) {
    size += encoder.encode(line).length + 1;
    if (size > limit) break;
    kept.push(line);
  }
  return kept.reverse().join('\n');
}
