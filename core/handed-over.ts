import { AttemptReport } from './attempt-report.ts';
import { keys } from './contract/keys.ts';
import { type Failure } from './failure.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type Compression, type Objects } from './ports.ts';
import { type AttemptRequest } from './request.ts';
import { ScrubManifest } from './scrub/scrub-manifest.ts';

/** What a run may hand over at most, in bytes. */
export const handoverLimits = {
  report: 64 * 1024 * 1024,
  scrubManifest: 16 * 1024 * 1024,
  log: 32 * 1024 * 1024,
  /** Of the log once expanded. */
  expandedLog: 64 * 1024 * 1024,
} as const;

export interface HandedOver {
  readonly report: AttemptReport;
  /** The log as the attempt scrubbed it; null where packer never ran. */
  readonly log: string | null;
  readonly scrubManifest: ScrubManifest | null;
}

/** `absent`: the run left no report, so the build service's own record decides. `invalid`: something is there that no attempt writes. */
export type ReadHandover =
  | { readonly state: 'read'; readonly value: HandedOver }
  | { readonly state: 'absent' }
  | { readonly state: 'invalid'; readonly failure: Failure };

type Part<T> =
  | { readonly state: 'read'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'invalid'; readonly failure: Failure };

/**
 * Reads what a run handed over as what it is: untrusted. Sizes, expansion, schema and identity are checked here;
 * what the words are worth is for `judge`. An attempt writes each part whole or not at all, so a part that does
 * not parse was not written by an attempt.
 */
export async function readHandedOver(objects: Objects, compression: Compression, asked: AttemptRequest): Promise<ReadHandover> {
  const at = keys.incoming(asked.run);
  const report = await readDocument(objects, at.report, handoverLimits.report, AttemptReport);
  if (report.state !== 'read') return report;
  const foreign = identityProblem(report.value, asked, at.report);
  if (foreign !== undefined) return { state: 'invalid', failure: foreign };

  const scrubManifest = await readDocument(objects, at.scrubManifest, handoverLimits.scrubManifest, ScrubManifest);
  if (scrubManifest.state === 'invalid') return scrubManifest;
  const log = await readLog(objects, compression, at.log);
  if (log.state === 'invalid') return log;
  if (report.value.packer !== null && (log.state === 'absent' || scrubManifest.state === 'absent')) {
    return invalid(log.state === 'absent' ? at.log : at.scrubManifest, 'is missing, though the report says that packer ran');
  }
  return {
    state: 'read',
    value: {
      report: report.value,
      log: log.state === 'read' ? log.value : null,
      scrubManifest: scrubManifest.state === 'read' ? scrubManifest.value : null,
    },
  };
}

function identityProblem(report: AttemptReport, asked: AttemptRequest, key: string): Failure | undefined {
  const claims = { run: report.run, builder: report.builder, build: report.build_id, attempt: report.attempt };
  for (const name of ['run', 'builder', 'build', 'attempt'] as const) {
    if (claims[name] !== asked[name]) return invalid(key, `speaks of the ${name} ${claims[name]}, but this is ${asked[name]}`).failure;
  }
  if (report.fingerprint !== null && fingerprintOf(report.inputs) !== report.fingerprint)
    return invalid(key, 'has a fingerprint that its own inputs do not give').failure;
  return undefined;
}

async function readDocument<T>(
  objects: Objects,
  key: string,
  bytes: number,
  schema: {
    safeParse(
      value: unknown,
    ): { success: true; data: T } | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
  },
): Promise<Part<T>> {
  const read = await readPart(objects, key, bytes);
  if (read.state !== 'read') return read;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(read.value));
  } catch {
    return invalid(key, 'is no JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { state: 'read', value: parsed.data };
  const [issue] = parsed.error.issues;
  return invalid(key, `does not fit its schema at ${issue?.path.join('.') || 'the top'}: ${issue?.message}`);
}

async function readLog(objects: Objects, compression: Compression, key: string): Promise<Part<string>> {
  const read = await readPart(objects, key, handoverLimits.log);
  if (read.state !== 'read') return read;
  const expanded = compression.expand(read.value, { bytes: handoverLimits.expandedLog });
  if (expanded === undefined) return invalid(key, `is no gzip, or holds more than ${handoverLimits.expandedLog} bytes`);
  return { state: 'read', value: new TextDecoder().decode(expanded) };
}

async function readPart(objects: Objects, key: string, bytes: number): Promise<Part<Uint8Array>> {
  const read = await objects.read(key, { bytes });
  switch (read.state) {
    case 'read':
      return { state: 'read', value: read.content };
    case 'absent':
      return { state: 'absent' };
    case 'too-large':
      return invalid(key, `has ${read.size} bytes; at most ${bytes} are taken`);
    case 'not-a-file':
      return invalid(key, 'is not a plain file');
  }
}

function invalid(key: string, what: string): { readonly state: 'invalid'; readonly failure: Failure } {
  return {
    state: 'invalid',
    failure: {
      rule: 'HANDOVER_INVALID',
      message: `${key} ${what}`,
      remedy: 'find out who else can write there; then release the builder with `hybridcore-packer quarantine release`',
      evidence: [`${key} ${what}`],
    },
  };
}
