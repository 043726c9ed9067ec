import { type Attempt, type AttemptOutcome, type Build, newestAttempt } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { type Verdict, verdictLines, verdictOf } from './classification/verdict.ts';
import { builderOf } from './builder-of.ts';
import { type Config } from './config.ts';
import { keys } from './contract/keys.ts';
import { type End, decide } from './decide.ts';
import { digestOf } from './digest.ts';
import { milliseconds } from './duration.ts';
import { createSealed, finishBuild } from './finish.ts';
import { type ReadHandover, readHandedOver } from './handed-over.ts';
import { documentText } from './hash-manifest.ts';
import { type BuildId, timestamp } from './identity.ts';
import { type Judgement, judge } from './judge.ts';
import { type Compression, type Randomness } from './ports.ts';
import { type Received, receive } from './receive.ts';
import { type RunRecord } from './run-record.ts';
import { type SettlePorts, endRun } from './settle.ts';
import { eventOf, stateAfter } from './transitions.ts';

export interface CompletePorts extends SettlePorts {
  readonly compression: Compression;
  readonly randomness: Randomness;
}

/**
 * Completes the newest attempt of a running build whose run has ended: reads what it handed over, decides, stores
 * the scrubbed log, and either sets the one retry or ends the build. May be called twice, late and by several at
 * once: the decision is committed first, and all that follows from it are the same bytes, whoever writes them.
 *
 * @param record what the build service knows of the run; undefined where it knows nothing.
 */
export async function completeAttempt(
  ports: CompletePorts,
  config: Config,
  build: Build,
  builder: BuilderRecord,
  record: RunRecord | undefined,
): Promise<void> {
  const attempt = newestAttempt(build);
  if (build.state !== 'running' || attempt === undefined) return;
  const handed = await readHandover(ports, build, attempt);
  // What a run handed over goes only after a commit: at an unchanged version it was read whole.
  if ((await ports.records.readBuild(build.build_id))?.version !== build.version) return;

  const key = build.decision?.redaction_key ?? Buffer.from(ports.randomness.bytes(32)).toString('hex');
  const received = receive(handed, build, attempt.attempt, Buffer.from(key, 'hex'));
  const judgement = judge(received.handed, received.lines, build, attempt, record);
  const decided = build.decision === null ? await decide(ports, build, endOf(build, attempt, judgement.verdict), key) : build;
  if (decided?.decision === undefined || decided.decision === null) return;

  const outcome = await storeAttempt(ports, decided, attempt, received, judgement);
  const times = {
    started_at: judgement.report?.started_at ?? record?.started_at ?? attempt.started_at,
    finished_at: judgement.report?.finished_at ?? record?.finished_at ?? decided.decision.at,
  };
  const completed: Build = {
    ...decided,
    attempts: decided.attempts.map((each) => (each.token === attempt.token ? { ...attempt, ...times, outcome } : each)),
  };
  if (stateAfter(build.state, decided.decision.event, attempt.attempt) === 'retrying')
    await setRetry(ports, config, completed, attempt, decided.decision.at);
  else await finishBuild(ports, config, completed, builder, { ...judgement, stderr: stderrOf(judgement, decided.decision.verdict) });
}

/** The error lines of the attempt, unless the build ends for another reason than the attempt did. */
function stderrOf(judgement: Judgement, verdict: Verdict): string {
  return verdict.classification.rule === judgement.verdict.classification.rule ? judgement.stderr : verdictLines(verdict);
}

async function readHandover(ports: CompletePorts, build: Build, attempt: Attempt): Promise<ReadHandover> {
  if (attempt.run === null) return { state: 'absent' };
  return readHandedOver(ports.objects, ports.compression, {
    builder: build.builder,
    build: build.build_id,
    attempt: attempt.attempt,
    run: attempt.run,
    variables: build.variables,
    unless: attempt.unless?.fingerprint ?? null,
  });
}

/** What a verdict means for the build: an operator's wish keeps a transient failure from its retry, and the build ends as stopped. */
function endOf(build: Build, { unless }: Attempt, verdict: Verdict): End {
  const event = eventOf(verdict, build.stop !== null);
  const unchanged = event === 'skip' ? unless : null;
  if (event !== 'stop' || build.stop === null || verdict.exit_code === 1) return { event, verdict, unchanged };
  const { rule, reason } = verdict.classification;
  return {
    event,
    unchanged,
    verdict: verdictOf({
      rule: 'STOPPED',
      message: `stopped by ${build.stop.by}`,
      remedy: 'ask for a new build when it is wanted',
      evidence: [`the attempt had ended with ${rule}: ${reason}`],
    }),
  };
}

async function storeAttempt(
  ports: CompletePorts,
  build: Build,
  attempt: Attempt,
  received: Received,
  judgement: Judgement,
): Promise<AttemptOutcome> {
  const encoder = new TextEncoder();
  const { lines, manifest } = received;
  let log: AttemptOutcome['log'] = null;
  let scrubManifestPath: string | null = null;
  if (received.handed.state === 'read' && received.handed.value.log !== null) {
    const content = ports.compression.compress(encoder.encode(lines.map((line) => `${line}\n`).join('')));
    log = { path: keys.log(build.builder, build.build_id, attempt.attempt), size: content.length };
    await createSealed(ports, build, 'log', log.path, content);
  }
  if (manifest !== null) {
    scrubManifestPath = keys.scrubManifest(build.builder, build.build_id, attempt.attempt);
    await createSealed(ports, build, 'scrub-manifest', scrubManifestPath, encoder.encode(documentText(manifest)));
  }
  const redactions = (manifest?.files ?? []).flatMap((file) => file.actions).reduce((sum, action) => sum + action.count, 0);
  return {
    verdict: judgement.verdict,
    fingerprint: judgement.report?.fingerprint ?? null,
    artifacts: [...judgement.artifacts],
    log,
    scrub_manifest_path: scrubManifestPath,
    redactions,
  };
}

/**
 * Up to a fifth of the delay, so that what one outage has failed does not come back all at once. From the build's id:
 * evenly spread, and the same whoever carries the decision out.
 */
function jitter(id: BuildId, delay: number): number {
  const spread = Number.parseInt(digestOf(id).slice('sha256:'.length, 'sha256:'.length + 8), 16) / 2 ** 32;
  return Math.floor((spread * delay) / 5);
}

async function setRetry(ports: CompletePorts, config: Config, build: Build, attempt: Attempt, at: string): Promise<void> {
  const delay = milliseconds(builderOf(config, build.builder)?.retry.delay ?? '2m');
  const retrying: Build = {
    ...build,
    version: build.version + 1,
    state: 'retrying',
    decision: null,
    retry_at: timestamp(Date.parse(at) + delay + jitter(build.build_id, delay)),
  };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: retrying }]);
  if (commit.committed && attempt.run !== null) await endRun(ports, attempt.run);
}
