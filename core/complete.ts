import { type Attempt, type AttemptOutcome, type Build, newestAttempt } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { verdictOf } from './classification/verdict.ts';
import { type Config } from './config.ts';
import { keys } from './contract/keys.ts';
import { milliseconds } from './duration.ts';
import { finishBuild, tagsOf } from './finish.ts';
import { type SettlePorts, endRun } from './settle.ts';
import { type ReadHandover, readHandedOver } from './handed-over.ts';
import { documentText } from './hash-manifest.ts';
import { timestamp } from './identity.ts';
import { type Judgement, judge } from './judge.ts';
import { plainText } from './packer-log/plain-text.ts';
import { type Compression, type Randomness } from './ports.ts';
import { type RunRecord } from './run-record.ts';
import { createRedactor } from './scrub/redactor.ts';
import { type ScrubManifest, createFileScrub, scrubManifest } from './scrub/scrub-manifest.ts';
import { type BuildEvent, eventOf, stateAfter } from './transitions.ts';

export interface CompletePorts extends SettlePorts {
  readonly compression: Compression;
  readonly randomness: Randomness;
}

/**
 * Completes the newest attempt of a running build whose run has ended: reads what it handed over, decides, stores
 * the scrubbed log, and either sets the one retry or ends the build. May be called twice, late and by several at
 * once: every write is conditional or gives the same bytes.
 *
 * @param record what the build service knows of the run; undefined where it knows nothing.
 * @returns the build as it stands then.
 */
export async function completeAttempt(
  ports: CompletePorts,
  config: Config,
  running: Build,
  builder: BuilderRecord,
  record: RunRecord | undefined,
): Promise<Build> {
  const begun = await beginCompleting(ports, running);
  const attempt = newestAttempt(begun);
  if (begun.completing === null || begun.state !== 'running' || attempt === undefined) return begun;

  const { run } = attempt;
  const handed: ReadHandover =
    run === null
      ? { state: 'absent' }
      : await readHandedOver(ports.objects, ports.compression, {
          builder: begun.builder,
          build: begun.build_id,
          attempt: attempt.attempt,
          run,
          variables: begun.variables,
        });
  const scrubbed = scrubAgain(begun, attempt, handed, begun.completing.redaction_key);
  const judgement = judge(handed, scrubbed.lines, begun, attempt, record);
  const outcome = await storeAttempt(ports, begun, attempt, handed, scrubbed, judgement);
  const judged: Build = {
    ...begun,
    attempts: begun.attempts.map((each) =>
      each === attempt
        ? {
            ...attempt,
            outcome,
            started_at: judgement.report?.started_at ?? record?.started_at ?? attempt.started_at,
            finished_at: judgement.report?.finished_at ?? record?.finished_at ?? timestamp(ports.clock.now()),
          }
        : each,
    ),
  };

  const event = eventOf(judgement.verdict, begun.stop !== null);
  const after = await applyEvent(ports, config, judged, builder, event === 'stop' ? stopped(begun, judgement) : judgement, event);
  if (run !== null && after.state === 'retrying') await endRun(ports, run);
  return after;
}

/** Says in the record that completing begins, with the time and the key that all it writes will derive from. */
async function beginCompleting(ports: CompletePorts, build: Build): Promise<Build> {
  if (build.completing !== null) return build;
  const begun: Build = {
    ...build,
    version: build.version + 1,
    completing: { at: timestamp(ports.clock.now()), redaction_key: Buffer.from(ports.randomness.bytes(32)).toString('hex') },
  };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: begun }]);
  return commit.committed ? begun : build;
}

interface Scrubbed {
  readonly lines: readonly string[];
  readonly manifest: ScrubManifest | null;
}

/** Logs pass the hook again on this side: that the attempt scrubbed its log is a claim, too. */
function scrubAgain(build: Build, attempt: Attempt, handed: ReadHandover, key: string): Scrubbed {
  if (handed.state !== 'read' || handed.value.log === null) return { lines: [], manifest: null };
  const bytes = Buffer.from(key, 'hex');
  const redactor = createRedactor({ values: [], key: bytes });
  const scrub = createFileScrub('packer.log, on receipt', redactor, bytes);
  const lines = handed.value.log
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => scrub.line(plainText(line)));
  const own = scrub.end();
  const claimed = handed.value.scrubManifest;
  const of = { builder: build.builder, build_id: build.build_id, attempt: attempt.attempt };
  return { lines, manifest: scrubManifest(of, claimed?.not_searched ?? [], [...(claimed?.files ?? []), own]) };
}

async function storeAttempt(
  ports: CompletePorts,
  build: Build,
  attempt: Attempt,
  handed: ReadHandover,
  scrubbed: Scrubbed,
  judgement: Judgement,
): Promise<AttemptOutcome> {
  const encoder = new TextEncoder();
  let log: AttemptOutcome['log'] = null;
  let scrubManifestPath: string | null = null;
  if (handed.state === 'read' && handed.value.log !== null && scrubbed.manifest !== null) {
    const content = ports.compression.compress(encoder.encode(`${scrubbed.lines.join('\n')}\n`));
    log = { path: keys.log(build.builder, build.build_id, attempt.attempt), size: content.length };
    await ports.objects.create(log.path, content, tagsOf(build, 'log'));
    scrubManifestPath = keys.scrubManifest(build.builder, build.build_id, attempt.attempt);
    await ports.objects.create(scrubManifestPath, encoder.encode(documentText(scrubbed.manifest)), tagsOf(build, 'scrub-manifest'));
  }
  return {
    verdict: judgement.verdict,
    fingerprint: judgement.report?.fingerprint ?? null,
    artifacts: [...judgement.artifacts],
    log,
    scrub_manifest_path: scrubManifestPath,
    redactions: (scrubbed.manifest?.files ?? []).reduce(
      (sum, file) => sum + file.actions.reduce((count, action) => count + action.count, 0),
      0,
    ),
  };
}

/** An operator's wish kept a transient failure from its retry: the build ends as stopped, with what had happened as the evidence. */
function stopped(build: Build, judgement: Judgement): Judgement {
  const { rule, reason } = judgement.verdict.classification;
  if (rule === 'STOPPED' || build.stop === null) return judgement;
  const failure = {
    rule: 'STOPPED',
    message: `stopped by ${build.stop.by}`,
    remedy: 'ask for a new build when it is wanted',
    evidence: [`the attempt had ended with ${rule}: ${reason}`],
  } as const;
  return { ...judgement, verdict: verdictOf(failure) };
}

async function applyEvent(
  ports: CompletePorts,
  config: Config,
  build: Build,
  builder: BuilderRecord,
  judgement: Judgement,
  event: BuildEvent,
): Promise<Build> {
  const attempt = newestAttempt(build)?.attempt ?? 0;
  const state = stateAfter(build.state, event, attempt);
  const at = build.completing === null ? ports.clock.now() : Date.parse(build.completing.at);
  if (state === undefined) throw new TypeError(`no transition leads from ${build.state} by ${event} at attempt ${attempt}`);
  if (state !== 'retrying') return finishBuild(ports, config, build, builder, { state, at, ...judgement });

  const delay = milliseconds(config.builders[build.builder]?.retry.delay ?? '2m');
  const retrying: Build = { ...build, version: build.version + 1, state, completing: null, retry_at: timestamp(at + delay) };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: retrying }]);
  return commit.committed ? retrying : build;
}
