import { createHash } from 'node:crypto';

import { type Artifact } from './artifact.ts';
import { type AttemptReport } from './attempt-report.ts';
import { type Attempt, type Build } from './build.ts';
import { keys } from './contract/keys.ts';
import { type Digest, toDigest } from './digest.ts';
import { FailureError } from './failure-error.ts';
import { logLines } from './handed-log.ts';
import { type ReadHandover } from './handed-over.ts';
import { type PackerRun } from './packer-log/packer-run.ts';
import { packerRunReader } from './packer-log/packer-run-reader.ts';
import { plainLines, plainText } from './packer-log/plain-text.ts';
import { type Compression, GoneError } from './ports.ts';
import { type RunRecord } from './run-record.ts';
import { createRedactor, redactText } from './scrub/redactor.ts';
import { type FileScrub, createFileScrub, scrubManifest } from './scrub/file-scrub.ts';
import { lineScrub } from './scrub/scrub-lines.ts';
import { receivedLogFile } from './scrub/received-log.ts';
import { type ScrubManifest } from './scrub/scrub-manifest.ts';

/** What was handed over, after the redaction on this side: nothing else of it is looked at or kept. */
export interface Received {
  readonly handed: ReadHandover;
  /** Packer's log, read; null where there is none. */
  readonly run: PackerRun | null;
  /** The attempt's scrub manifest with what was redacted here; null where nothing was handed over. */
  readonly manifest: ScrubManifest | null;
  /** Null where there is none. */
  readonly log: ReceivedLog | null;
}

/** The log as it is to be kept. */
export interface ReceivedLog {
  /** Of its text. */
  readonly digest: Digest;
  /** Whether the hook on this side found anything in it. */
  readonly redacted: boolean;
}

/**
 * Logs and texts pass the hook again on this side: that the attempt scrubbed them is a claim, too. What is found here
 * is added to the scrub manifest, under its own file names. A log that no attempt writes makes the whole handover invalid.
 */
export async function receive(
  handed: ReadHandover,
  build: Build,
  attempt: Attempt,
  key: Uint8Array,
  compression: Compression,
): Promise<Received> {
  if (handed.state !== 'read') return { handed, run: null, manifest: null, log: null };
  const { parts, value } = handed;
  const { report, log, scrubManifest: claimed } = value;
  const redactor = createRedactor({ values: [], key });
  const logScrub = createFileScrub(receivedLogFile, redactor, key);
  let run: PackerRun | null = null;
  try {
    run = log === null ? null : await readLog(logLines(log, compression, keys.incoming(report.run).log), logScrub);
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.rule !== 'HANDOVER_INVALID') throw error;
    return { handed: { state: 'invalid', failure: error.failure }, run: null, manifest: null, log: null };
  }
  const reportScrub = createFileScrub('report.json, on receipt', redactor.forAnotherFile(), key);
  const scrubbed: AttemptReport = {
    ...report,
    command: report.command === null ? null : scrubText(reportScrub, report.command),
    failure: report.failure === null ? null : scrubFailure(reportScrub, report.failure),
    recorded: report.recorded.map((artifact) => scrubArtifact(reportScrub, artifact)),
  };
  const received = logScrub.end();
  const files = [...(claimed?.files ?? []), received, reportScrub.end()];
  const of = { builder: build.builder, build_id: build.build_id, attempt: attempt.attempt };
  return {
    handed: { state: 'read', value: { report: scrubbed, log, scrubManifest: claimed }, parts },
    run,
    manifest: scrubManifest(of, claimed?.not_searched ?? [], files),
    log: log === null ? null : { digest: received.digest_after, redacted: received.actions.length > 0 },
  };
}

async function readLog(lines: AsyncIterable<readonly string[]>, scrub: FileScrub): Promise<PackerRun> {
  const reader = packerRunReader();
  for await (const scrubbed of scrubbedLines(lines, scrub)) for (const line of scrubbed) reader.line(line);
  return reader.end();
}

/**
 * The bytes of a received log as it is to be kept: read once more, since memory does not hold it. It passes the hook again, with
 * the same key, where that found something the first time; else the digest alone says that this is the text in which it found nothing.
 *
 * @param lines of the log as it was handed over.
 * @param log what `receive` gave. Where the text is another one now, GoneError is thrown after it.
 */
export async function* keptLog(
  lines: AsyncIterable<readonly string[]>,
  key: Uint8Array,
  { digest, redacted }: ReceivedLog,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const hash = createHash('sha256');
  for await (const text of redacted ? redactedTexts(lines, key) : plainTexts(lines)) {
    if (text === '') continue;
    const content = encoder.encode(text);
    hash.update(content);
    yield content;
  }
  if (toDigest(hash.digest('hex')) !== digest) throw new GoneError('the log of a run is another one than was received');
}

async function* plainTexts(lines: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  for await (const some of lines) yield plainLines(some);
}

async function* redactedTexts(lines: AsyncIterable<readonly string[]>, key: Uint8Array): AsyncGenerator<string> {
  const scrub = createFileScrub(receivedLogFile, createRedactor({ values: [], key }), key);
  for await (const scrubbed of scrubbedLines(lines, scrub)) if (scrubbed.length > 0) yield `${scrubbed.join('\n')}\n`;
}

async function* scrubbedLines(lines: AsyncIterable<readonly string[]>, scrub: FileScrub): AsyncGenerator<string[]> {
  const scrubbed = lineScrub(scrub);
  for await (const some of lines) yield scrubbed.push(some);
  yield scrubbed.rest();
}

/** A text of any number of lines, through the hook, without terminal escapes. */
export function scrubText(scrub: FileScrub, text: string): string {
  return (scrub.push(`${plainText(text)}\n`) + scrub.rest()).slice(0, -1);
}

/** What an own check said, through the hook. */
export function scrubFailure(scrub: FileScrub, failure: NonNullable<AttemptReport['failure']>): NonNullable<AttemptReport['failure']> {
  const { rule, message, remedy, evidence } = failure;
  const texts = { rule, message: scrubText(scrub, message), remedy: scrubText(scrub, remedy) };
  return evidence === undefined ? texts : { ...texts, evidence: evidence.map((line) => scrubText(scrub, line)) };
}

/** An artifact, through the hook: its names may be made of variables. */
export function scrubArtifact(scrub: FileScrub, artifact: Artifact): Artifact {
  return {
    id: scrubText(scrub, artifact.id),
    type: artifact.type === null ? null : scrubText(scrub, artifact.type),
    builder_id: artifact.builder_id === null ? null : scrubText(scrub, artifact.builder_id),
    name: scrubText(scrub, artifact.name),
    files: artifact.files.map((file) => scrubText(scrub, file)),
  };
}

/** What the build service says of a run, through the hook: on AWS it tells commands and their errors as they were. */
export function scrubRecord(record: RunRecord, key: Uint8Array): RunRecord {
  const redactor = createRedactor({ values: [], key });
  const scrubbed = (text: string) => redactText(redactor.forAnotherFile(), plainText(text));
  return {
    ...record,
    phases: record.phases.map((phase) => ({
      ...phase,
      contexts: phase.contexts.map(({ status_code, message }) => ({ status_code: scrubbed(status_code), message: scrubbed(message) })),
    })),
  };
}
