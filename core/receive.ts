import { type Artifact } from './artifact.ts';
import { type AttemptReport } from './attempt-report.ts';
import { type Build } from './build.ts';
import { type ReadHandover } from './handed-over.ts';
import { plainText } from './packer-log/plain-text.ts';
import { createRedactor } from './scrub/redactor.ts';
import { type FileScrub, createFileScrub, scrubManifest } from './scrub/file-scrub.ts';
import { type ScrubManifest } from './scrub/scrub-manifest.ts';

/** What was handed over, after the redaction on this side: nothing else of it is looked at or kept. */
export interface Received {
  readonly handed: ReadHandover;
  /** The lines of the log; none where there is no log. */
  readonly lines: readonly string[];
  /** The attempt's scrub manifest with what was redacted here; null where nothing was handed over. */
  readonly manifest: ScrubManifest | null;
}

/**
 * Logs and texts pass the hook again on this side: that the attempt scrubbed them is a claim, too. What is found here
 * is added to the scrub manifest, under its own file names.
 */
export function receive(handed: ReadHandover, build: Build, attempt: 1 | 2, key: Uint8Array): Received {
  if (handed.state !== 'read') return { handed, lines: [], manifest: null };
  const { parts, value } = handed;
  const { report, log, scrubManifest: claimed } = value;
  const redactor = createRedactor({ values: [], key });
  const logScrub = createFileScrub('packer.log, on receipt', redactor, key);
  const text = (log ?? '').replace(/\n$/, '');
  // A line at a time: an escape sequence without an end takes no more than its line.
  const plain = text.split('\n').map(plainText).join('\n');
  const lines = text === '' ? [] : scrubText(logScrub, plain).split('\n');
  const reportScrub = createFileScrub('report.json, on receipt', redactor.forAnotherFile(), key);
  const scrubbed: AttemptReport = {
    ...report,
    command: report.command === null ? null : scrubText(reportScrub, report.command),
    failure: report.failure === null ? null : scrubFailure(reportScrub, report.failure),
    recorded: report.recorded.map((artifact) => scrubArtifact(reportScrub, artifact)),
  };
  const files = [...(claimed?.files ?? []), logScrub.end(), reportScrub.end()];
  return {
    handed: { state: 'read', value: { report: scrubbed, log, scrubManifest: claimed }, parts },
    lines,
    manifest: scrubManifest({ builder: build.builder, build_id: build.build_id, attempt }, claimed?.not_searched ?? [], files),
  };
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
