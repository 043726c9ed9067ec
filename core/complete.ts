import { recordedArtifacts } from './artifact.ts';
import { type AttemptReport } from './attempt-report.ts';
import { type Attempt, type AttemptOutcome, type Build, type Decision, type VerdictBasis, newestAttempt } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { ruleDigest } from './classification/rule-table.ts';
import { rowsOf } from './classification/users-rows.ts';
import { type Verdict, verdictLines, verdictOf } from './classification/verdict.ts';
import { builderOf } from './builder-of.ts';
import { type Config } from './config.ts';
import { keys } from './contract/keys.ts';
import { type End, decide } from './decide.ts';
import { digestOf } from './digest.ts';
import { milliseconds } from './duration.ts';
import { finishBuild } from './finish.ts';
import { logLines } from './handed-log.ts';
import { type ReadHandover, openPart, readHandedOver } from './handed-over.ts';
import { documentText } from './document-text.ts';
import { type BuildId, timestamp } from './identity.ts';
import { type Judgement, judge, tellsOf } from './judge.ts';
import { type PackerRun } from './packer-log/packer-run.ts';
import {
  type ArtifactCheck,
  type Compression,
  type DeployedSource,
  GoneError,
  type LongObjects,
  type Objects,
  type Randomness,
  type RetentionCheck,
} from './ports.ts';
import { type Received, keptLog, receive, scrubRecord } from './receive.ts';
import { keepingOf } from './retention/keeping.ts';
import { type RunRecord } from './run-record.ts';
import { createSealed, createSealedFrom } from './sealing.ts';
import { type SettlePorts, endRun } from './settle.ts';
import { eventOf, stateAfter } from './transitions.ts';

export interface CompletePorts extends SettlePorts {
  readonly objects: Objects & LongObjects;
  readonly artifactCheck: ArtifactCheck;
  readonly retentionCheck: RetentionCheck;
  readonly deployedSource: DeployedSource;
  readonly compression: Compression;
  readonly randomness: Randomness;
}

/**
 * Completes the newest attempt of a running build whose run has ended: reads what it handed over, decides, stores
 * the scrubbed log, and either sets the one retry or ends the build. May be called twice, late and by several at
 * once: the decision is committed first, and all that follows from it are the same bytes, whoever writes them.
 *
 * @param record what the build service knows of the run; undefined where it knows nothing.
 * @returns when to come again, in milliseconds since 1970, where an image that is claimed does not show yet: nothing is decided
 *   then. Else undefined.
 */
export async function completeAttempt(
  ports: CompletePorts,
  config: Config,
  build: Build,
  builder: BuilderRecord,
  record: RunRecord | undefined,
): Promise<number | undefined> {
  const attempt = newestAttempt(build);
  if (build.state !== 'running' || attempt === undefined) return undefined;
  const handed = await readHandover(ports, build, attempt);

  const key = build.decision?.redaction_key ?? Buffer.from(ports.randomness.bytes(32)).toString('hex');
  const received = await unlessGone(() => receive(handed, build, attempt, Buffer.from(key, 'hex'), ports.compression));
  if (received === undefined) return undefined;
  const { run } = received;
  const decided =
    build.decision === null
      ? await decideAttempt(
          ports,
          config,
          build,
          attempt,
          { handed: received.handed, run, record: record === undefined ? undefined : scrubRecord(record, Buffer.from(key, 'hex')) },
          key,
        )
      : await heldDecision(ports, build, build.decision, received.handed, key);
  if (typeof decided === 'number') return decided;
  if (decided?.decision === undefined || decided.decision === null) return undefined;

  const { decision } = decided;
  const tells = tellsOf(received.handed, run, decision.judged ?? decision.verdict);
  const outcome = await unlessGone(() => storeAttempt(ports, decided, attempt, received, tells, Buffer.from(key, 'hex')));
  if (outcome === undefined) return undefined;
  const completed = withAttempt(decided, attempt, { outcome });
  if (stateAfter(build.state, decision.event, attempt.attempt) === 'retrying')
    await setRetry(ports, config, completed, attempt, decision.at);
  else await finishBuild(ports, config, completed, builder, { ...tells, stderr: stderrOf(tells, decision) });
  return undefined;
}

/** Undefined where the log is gone: somebody else has gone on meanwhile, or the next one to come here finds that it is missing. */
async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GoneError) return undefined;
    throw error;
  }
}

interface Evidence {
  readonly handed: ReadHandover;
  /** Packer's log, read; null where there is none. */
  readonly run: PackerRun | null;
  readonly record: RunRecord | undefined;
}

/**
 * Judges an attempt and commits what follows from it, with the versions that it rests on.
 *
 * @returns the decided build; undefined where somebody else wrote meanwhile; or when to come again, where it is too early.
 */
async function decideAttempt(
  ports: CompletePorts,
  config: Config,
  build: Build,
  attempt: Attempt,
  { handed, run, record }: Evidence,
  key: string,
): Promise<Build | number | undefined> {
  const judgement = judge(handed, run, build, attempt, record, rowsOf(config.rules));
  const confirmed = await confirm(ports, config, judgement, build, attempt, record);
  if (typeof confirmed === 'number') return confirmed;
  const { report } = tellsOf(handed, run, confirmed);
  const times = {
    started_at: report?.started_at ?? record?.started_at ?? attempt.started_at,
    finished_at: report?.finished_at ?? record?.finished_at ?? timestamp(ports.clock.now()),
  };
  const restsOn = handed.state === 'read' ? handed.parts : null;
  return decide(
    ports,
    withAttempt(build, attempt, times),
    { ...endOf(build, attempt, confirmed), rests_on: restsOn, rules: ruleDigest(config.rules) },
    key,
  );
}

/**
 * For how long an image may stay out of sight after its run has ended, before that it is not there is a verdict. EC2 has its
 * callers wait for up to five minutes until what was made shows everywhere
 * (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html); this is twice that, since a builder that is closed
 * for nothing costs more than a liar who waits. Milliseconds.
 */
export const absencePatience = 10 * 60_000;

/** The first look for an image comes again after this; each next one when it has been missed twice as long. Milliseconds. */
const firstPause = 15_000;

/**
 * Holds a success against the world: what it claims to have made is there, or it is none, and what it leaves is kept as the
 * policy says. Asked before the decision, which then stands.
 *
 * @returns the verdict; or when to ask again, where something does not show and might yet.
 */
async function confirm(
  ports: CompletePorts,
  config: Config,
  { verdict, artifacts }: Judgement,
  build: Build,
  attempt: Attempt,
  record: RunRecord | undefined,
): Promise<Verdict | number> {
  if (eventOf(verdict, false) !== 'succeed') return verdict;
  const accounts = builderOf(config, build.builder)?.aws?.image_accounts ?? [];
  const found = await ports.artifactCheck.look(artifacts, { after: Date.parse(attempt.intended_at), accounts });
  if (found.state === 'there') return confirmKeeping(ports, verdict, build);
  if (found.state === 'absent') {
    const now = ports.clock.now();
    const ended = endedAt(attempt, record);
    const verdictDue = ended + absencePatience;
    if (now < verdictDue) return Math.min(now + Math.max(now - ended, firstPause), verdictDue);
  }
  return verdictOf(found.failure);
}

/** Nothing is sealed where it would not be kept as the policy says. @returns as `confirm`. */
async function confirmKeeping(ports: CompletePorts, verdict: Verdict, build: Build): Promise<Verdict | number> {
  const keeping = await keepingOf(ports, build);
  switch (keeping.state) {
    case 'kept':
      return verdict;
    case 'doubtful': {
      const doubting: Build = { ...build, version: build.version + 1, unkept_since: keeping.since };
      if (build.unkept_since === null) await ports.records.commit([{ type: 'build', expected: build.version, document: doubting }]);
      return keeping.again;
    }
    case 'unkept':
      return verdictOf(keeping.failure);
  }
}

/** When a run has ended, as the build service says; where it does not, the latest time at which it can have. Milliseconds since 1970. */
function endedAt({ started_at: started, intended_at: intended, time_limit: limit }: Attempt, record: RunRecord | undefined): number {
  const ended = record?.finished_at ?? null;
  return ended === null ? Date.parse(started ?? intended) + limit : Date.parse(ended);
}

/** A decision as it stands, unless it is a success of which the inputs cannot be read any more: then somebody has removed them. */
async function heldDecision(
  ports: CompletePorts,
  build: Build,
  { event, judged, verdict, at }: Decision,
  handed: ReadHandover,
  key: string,
): Promise<Build | undefined> {
  if (event !== 'succeed' || (handed.state === 'read' && handed.value.report.fingerprint !== null)) return build;
  const gone = verdictOf({
    rule: 'HANDOVER_INVALID',
    message: `what the run handed over, and its success of ${at} rests on, is not there any more`,
    remedy: 'find out who removed or replaced it; then release the builder with `hybridcore-packer quarantine release`',
  });
  return decide(ports, build, { event: 'violate', verdict: gone, judged: judged ?? verdict, rests_on: null, unchanged: null }, key);
}

function withAttempt(build: Build, attempt: Attempt, changes: Partial<Attempt>): Build {
  return { ...build, attempts: build.attempts.map((each) => (each.token === attempt.token ? { ...each, ...changes } : each)) };
}

/** The error lines of the attempt, unless the build ends for another reason than the attempt did. */
function stderrOf(tells: Judgement, { judged, verdict }: Decision): string {
  return judged === null ? tells.stderr : verdictLines(verdict);
}

/** What the run handed over: what a decision rests on, where there is one. */
async function readHandover(
  ports: CompletePorts,
  { build_id, builder, decision }: Build,
  { run, attempt }: Attempt,
): Promise<ReadHandover> {
  if (run === null || (decision !== null && decision.rests_on === null)) return { state: 'absent' };
  const asked = { builder, build: build_id, attempt, run };
  return readHandedOver(ports.objects, asked, decision?.rests_on ?? undefined);
}

/** What a verdict means for the build: an operator's wish keeps a transient failure from its retry, and the build ends as stopped. */
function endOf(build: Build, { unless }: Attempt, verdict: Verdict): Omit<End, 'rests_on'> {
  const event = eventOf(verdict, build.stop !== null);
  const unchanged = event === 'skip' ? unless : null;
  if (event !== 'stop' || build.stop === null || verdict.exit_code === 1) return { event, verdict, judged: null, unchanged };
  const { rule, reason } = verdict.classification;
  return {
    event,
    unchanged,
    judged: verdict,
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
  tells: Judgement,
  key: Uint8Array,
): Promise<AttemptOutcome> {
  const encoder = new TextEncoder();
  const { manifest } = received;
  const log = await storeLog(ports, build, attempt, received, key);
  let scrubManifestPath: string | null = null;
  if (manifest !== null) {
    scrubManifestPath = keys.scrubManifest(build.builder, build.build_id, attempt.attempt);
    await createSealed(ports, build, 'scrub-manifest', scrubManifestPath, encoder.encode(documentText(manifest)));
  }
  const counted = (manifest?.files ?? []).flatMap((file) => file.actions).reduce((sum, action) => sum + action.count, 0);
  // The attempt's own counts are claims, too: together they may be more than a record can hold.
  const redactions = Math.min(counted, Number.MAX_SAFE_INTEGER);
  const { artifacts, shortened } = recordedArtifacts(tells.artifacts);
  return {
    verdict: tells.verdict,
    fingerprint: tells.report?.fingerprint ?? null,
    artifacts,
    artifacts_shortened: shortened,
    log,
    scrub_manifest_path: scrubManifestPath,
    redactions,
    // A chain that turns out broken is decided anew; the verdict on the attempt is from before.
    decided_at: attempt.outcome?.decided_at ?? build.decision?.at ?? null,
    rules: build.decision?.rules ?? null,
    basis: tells.report === null ? null : basisOf(tells.report),
  };
}

function basisOf({ packer, interrupted, failure, unchanged, recorded }: AttemptReport): VerdictBasis {
  return { packer, interrupted, own_rule: failure?.rule ?? null, unchanged, recorded: recorded.length > 0 };
}

/** Seals the log that was received; null where there is none. @throws GoneError where it does not stand there any more. */
async function storeLog(
  ports: CompletePorts,
  build: Build,
  { attempt, run }: Attempt,
  { handed, log }: Received,
  key: Uint8Array,
): Promise<AttemptOutcome['log']> {
  if (handed.state !== 'read' || log === null || run === null) return null;
  const from = keys.incoming(run).log;
  const opened = await openPart(ports.objects, from, { decided: handed.parts.log });
  if (opened.state !== 'read') throw new GoneError(`${from} was received, and is ${opened.state} now`);
  const path = keys.log(build.builder, build.build_id, attempt);
  const content = keptLog(logLines(opened.value, ports.compression, from), key, log);
  return { path, size: await createSealedFrom(ports, build, 'log', path, ports.compression.compressing(content)) };
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

/**
 * Up to a fifth of the delay, so that what one outage has failed does not come back all at once. From the build's id:
 * evenly spread, and the same whoever carries the decision out.
 */
function jitter(id: BuildId, delay: number): number {
  const spread = Number.parseInt(digestOf(id).slice('sha256:'.length, 'sha256:'.length + 8), 16) / 2 ** 32;
  return Math.floor((spread * delay) / 5);
}
