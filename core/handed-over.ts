import { AttemptReport } from './attempt-report.ts';
import { type HandedParts } from './build.ts';
import { canonicalJson } from './canonical-json.ts';
import { keys } from './contract/keys.ts';
import { type Failure } from './failure.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type Compression, type Objects, type ReadObject } from './ports.ts';
import { type AttemptRequest } from './request.ts';
import { ScrubManifest } from './scrub/scrub-manifest.ts';

/**
 * What a run may hand over at most, in bytes where nothing else is said. Lines and values are counted before anything is
 * made of them: a few bytes of gzip, or a list of empty lists, would otherwise take all memory of whoever reads it.
 */
export const handoverLimits = {
  report: 32 * 1024 * 1024,
  scrubManifest: 16 * 1024 * 1024,
  /** How many objects, lists and members of both a document has. */
  values: 2_000_000,
  log: 32 * 1024 * 1024,
  /** Of the log once expanded. */
  expandedLog: 64 * 1024 * 1024,
  /** How many lines the log has: more than an attempt writes (`logLimit`). */
  lines: 2_000_000,
} as const;

export interface HandedOver {
  readonly report: AttemptReport;
  /** The log as the attempt scrubbed it; null where packer never ran. */
  readonly log: string | null;
  readonly scrubManifest: ScrubManifest | null;
}

/** `absent`: the run left no report, so the build service's own record decides. `invalid`: something is there that no attempt writes. */
export type ReadHandover =
  | { readonly state: 'read'; readonly value: HandedOver; readonly parts: HandedParts }
  | { readonly state: 'absent' }
  | { readonly state: 'invalid'; readonly failure: Failure };

type Part<T> =
  | { readonly state: 'read'; readonly value: T; readonly version: string | null }
  | { readonly state: 'absent' }
  | { readonly state: 'invalid'; readonly failure: Failure };

/**
 * Reads what a run handed over as what it is: untrusted. Sizes, expansion, schema and identity are checked here;
 * what the words are worth is for `judge`. An attempt writes each part whole or not at all, so a part that does
 * not parse was not written by an attempt.
 *
 * @param decided the parts that a decision rests on: just those are read, and what was not there then is not. Without it
 *   what is there now.
 */
export async function readHandedOver(
  objects: Objects,
  compression: Compression,
  asked: Pick<AttemptRequest, 'run' | 'builder' | 'build' | 'attempt'>,
  decided?: HandedParts,
): Promise<ReadHandover> {
  const at = keys.incoming(asked.run);
  const reader = (part: keyof HandedParts) => partReader(objects, decided === undefined ? {} : { decided: decided[part] });
  const report = await readDocument(reader('report'), at.report, handoverLimits.report, AttemptReport);
  if (report.state !== 'read') return report;
  const foreign = identityProblem(report.value, asked, at.report);
  if (foreign !== undefined) return { state: 'invalid', failure: foreign };

  const scrubManifest = await readDocument(reader('scrub_manifest'), at.scrubManifest, handoverLimits.scrubManifest, ScrubManifest);
  if (scrubManifest.state === 'invalid') return scrubManifest;
  const log = await readLog(reader('log'), compression, at.log);
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
    parts: {
      report: { version: report.version },
      scrub_manifest: scrubManifest.state === 'read' ? { version: scrubManifest.version } : null,
      log: log.state === 'read' ? { version: log.version } : null,
    },
  };
}

function identityProblem(
  report: AttemptReport,
  asked: Pick<AttemptRequest, 'run' | 'builder' | 'build' | 'attempt'>,
  key: string,
): Failure | undefined {
  const claims = { run: report.run, builder: report.builder, build: report.build_id, attempt: report.attempt };
  for (const name of ['run', 'builder', 'build', 'attempt'] as const) {
    if (claims[name] !== asked[name]) return invalid(key, `speaks of the ${name} ${claims[name]}, but this is ${asked[name]}`).failure;
  }
  if (report.fingerprint !== null && fingerprintOf(report.inputs) !== report.fingerprint)
    return invalid(key, 'has a fingerprint that its own inputs do not give').failure;
  return undefined;
}

/** How one part is read: at its version, where a decision rests on one. */
type PartReader = (key: string, bytes: number) => Promise<ReadObject>;

function partReader(objects: Objects, { decided }: { readonly decided?: HandedParts[keyof HandedParts] }): PartReader {
  if (decided === null) return async () => ({ state: 'absent' });
  const version = decided?.version ?? null;
  return (key, bytes) => objects.read(key, version === null ? { bytes } : { bytes, version });
}

interface Schema<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
}

/** Undefined for what is no JSON, or none that could be written into a document. */
function parsedJson<T>(content: Uint8Array, schema: Schema<T>): ReturnType<Schema<T>['safeParse']> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
    // JSON can spell out half a character and an endless number, and lists so deep that nobody can go through them.
    canonicalJson(value);
    return schema.safeParse(value);
  } catch {
    return undefined;
  }
}

async function readDocument<T>(reader: PartReader, key: string, bytes: number, schema: Schema<T>): Promise<Part<T>> {
  const read = await readPart(reader, key, bytes);
  if (read.state !== 'read') return read;
  if (countOf(read.value, '{[,') > handoverLimits.values) return invalid(key, `has more than ${handoverLimits.values} values`);
  const parsed = parsedJson(read.value, schema);
  if (parsed === undefined) return invalid(key, 'is no JSON');
  if (parsed.success) return { state: 'read', value: parsed.data, version: read.version };
  const [issue] = parsed.error.issues;
  return invalid(key, `does not fit its schema at ${issue?.path.join('.') || 'the top'}: ${issue?.message}`);
}

async function readLog(reader: PartReader, compression: Compression, key: string): Promise<Part<string>> {
  const read = await readPart(reader, key, handoverLimits.log);
  if (read.state !== 'read') return read;
  const expanded = compression.expand(read.value, { bytes: handoverLimits.expandedLog });
  if (expanded === undefined) return invalid(key, `is no gzip, or holds more than ${handoverLimits.expandedLog} bytes`);
  if (countOf(expanded, '\n') > handoverLimits.lines) return invalid(key, `has more than ${handoverLimits.lines} lines`);
  return { state: 'read', value: new TextDecoder().decode(expanded), version: read.version };
}

/** Whether a report with so much in it is read, and leaves room for all the rest of it: a quarter. */
export function fitsReport(content: Uint8Array): boolean {
  const { report, values } = handoverLimits;
  return content.length <= report * 0.75 && countOf(content, '{[,') <= values * 0.75;
}

/** How many bytes are one of these ASCII characters. */
function countOf(content: Uint8Array, characters: string): number {
  const counted = new Uint8Array(256);
  for (const character of characters) counted[character.charCodeAt(0)] = 1;
  let count = 0;
  for (const byte of content) count += counted[byte] ?? 0;
  return count;
}

async function readPart(reader: PartReader, key: string, bytes: number): Promise<Part<Uint8Array>> {
  const read = await reader(key, bytes);
  switch (read.state) {
    case 'read':
      return { state: 'read', value: read.content, version: read.version };
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
