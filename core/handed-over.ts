import { AttemptReport } from './attempt-report.ts';
import { type HandedParts } from './build.ts';
import { canonicalJson } from './canonical-json.ts';
import { keys } from './contract/keys.ts';
import { type Failure } from './failure.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type LongObjects, type Objects, type OpenObject, type ReadObject } from './ports.ts';
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
  /** How many of them stand within each other: a template, whose options a report repeats, has at most 100. */
  depth: 128,
  /** What cannot be compressed gets a little longer. */
  log: 257 * 1024 * 1024,
  /** Of the log once expanded. It is read in pieces, so what bounds it is the time that this takes a function. */
  expandedLog: 256 * 1024 * 1024,
  /** How many lines the log has: more than an attempt writes (`logLimit`). */
  lines: 4_500_000,
  /** A line of the log, in characters: an attempt cuts longer ones at 256 Ki, and a marker may be longer than what it stands for. */
  line: 4 * 1024 * 1024,
} as const;

export interface HandedOver {
  readonly report: AttemptReport;
  /** The log as the attempt scrubbed it, compressed, to be read once; null where packer never ran. What is in it: `logLines`. */
  readonly log: AsyncIterable<Uint8Array> | null;
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
 * Reads what a run handed over as what it is: untrusted. Sizes, schema and identity are checked here, the log once it is read;
 * what the words are worth is for `judge`. An attempt writes each part whole or not at all, so a part that does
 * not parse was not written by an attempt.
 *
 * @param decided the parts that a decision rests on: just those are read, and what was not there then is not. Without it
 *   what is there now.
 */
export async function readHandedOver(
  objects: Objects & LongObjects,
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
  const log = await openPart(objects, at.log, decided === undefined ? {} : { decided: decided.log });
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

/** @returns why it is none that could be written into a document, where it is not. */
function parsedJson(content: Uint8Array): { readonly value: unknown } | { readonly wrong: string } {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
    if (!fitsDepth(value)) return { wrong: `is nested deeper than ${handoverLimits.depth} levels` };
    // JSON can spell out half a character and an endless number.
    canonicalJson(value);
    return { value };
  } catch {
    return { wrong: 'is no JSON' };
  }
}

/** Without going into it by recursion, which has no limit that one can name. */
function fitsDepth(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > handoverLimits.depth) return false;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? (Object.values(item) as readonly unknown[]) : []));
  }
  return true;
}

async function readDocument<T>(reader: PartReader, key: string, bytes: number, schema: Schema<T>): Promise<Part<T>> {
  const read = await readPart(reader, key, bytes);
  if (read.state !== 'read') return read;
  if (countOf(read.value, '{[,') > handoverLimits.values) return invalid(key, `has more than ${handoverLimits.values} values`);
  const json = parsedJson(read.value);
  if ('wrong' in json) return invalid(key, json.wrong);
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return { state: 'read', value: parsed.data, version: read.version };
  const [issue] = parsed.error.issues;
  return invalid(key, `does not fit its schema at ${issue?.path.join('.') || 'the top'}: ${issue?.message}`);
}

/** The log of a run, at its version where a decision rests on one. */
export async function openPart(
  objects: LongObjects,
  key: string,
  { decided }: { readonly decided?: HandedParts['log'] },
): Promise<Part<AsyncIterable<Uint8Array>>> {
  if (decided === null) return { state: 'absent' };
  const version = decided?.version ?? null;
  const bytes = handoverLimits.log;
  const opened = await objects.open(key, version === null ? { bytes } : { bytes, version });
  return opened.state === 'open' ? { state: 'read', value: opened.content, version: opened.version } : unread(opened, key, bytes);
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
  return read.state === 'read' ? { state: 'read', value: read.content, version: read.version } : unread(read, key, bytes);
}

function unread(
  read: Exclude<OpenObject, { readonly state: 'open' }>,
  key: string,
  bytes: number,
): Exclude<Part<never>, { readonly state: 'read' }> {
  switch (read.state) {
    case 'absent':
      return { state: 'absent' };
    case 'too-large':
      return invalid(key, `has ${read.size} bytes; at most ${bytes} are taken`);
    case 'not-a-file':
      return invalid(key, 'is not a plain file');
  }
}

function invalid(key: string, what: string): { readonly state: 'invalid'; readonly failure: Failure } {
  return { state: 'invalid', failure: handoverInvalid(key, what) };
}

/** What no attempt writes. */
export function handoverInvalid(key: string, what: string): Failure {
  return {
    rule: 'HANDOVER_INVALID',
    message: `${key} ${what}`,
    remedy: 'find out who else can write there; then release the builder with `hybridcore-packer quarantine release`',
    evidence: [`${key} ${what}`],
  };
}
