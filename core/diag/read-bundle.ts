import { type Digest, digestOf } from '../digest.ts';
import { type Failure, type Outcome, failure, success } from '../failure.ts';
import { type Archive, type ArchivedEntry, type Compression } from '../ports.ts';
import * as z from '../zod.ts';
import { DiagIndex } from './bundle-documents.ts';
import { bundleLimits } from './bundle-limits.ts';

/** A bundle of which every file is what its index says. */
export interface ReadBundle {
  readonly index: DiagIndex;
  /** By path; all of the index, and nothing else. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads a bundle as what it is: untrusted. Nothing of it is written anywhere, so no name in it leads anywhere.
 *
 * @returns BUNDLE_INVALID where it is no bundle, BUNDLE_TAMPERED where it is one and a file of it is not what the index says.
 */
export async function readBundle(
  ports: { readonly compression: Compression; readonly archive: Archive },
  content: Uint8Array,
): Promise<Outcome<ReadBundle>> {
  const expanded = ports.compression.expand(content, { bytes: bundleLimits.expanded });
  if (expanded === undefined)
    return invalidBundle(
      `it is no whole gzip, or holds more than ${bundleLimits.expanded} bytes: it was cut off, damaged, or made to fill a disk`,
    );
  const entries = await ports.archive.unpack(expanded, { entries: bundleLimits.entries });
  if (entries === undefined) return invalidBundle(`it is no whole tar archive, or has more than ${bundleLimits.entries} entries`);
  const found = entries.find(({ path }) => path === 'index.json');
  if (found === undefined || found.content === null) return invalidBundle('it has no index.json');
  const index = parsed(found.content, DiagIndex);
  if (!index.ok) return invalidBundle(`its index.json ${index.why}`);
  const faults = tamperings(index.value, entries);
  if (faults.length > 0) return { ok: false, failure: tampered(faults) };
  const files = entries.flatMap(({ path, content: bytes }) => (bytes === null || path === 'index.json' ? [] : [[path, bytes] as const]));
  return success({ index: index.value, files: new Map(files) });
}

/** A document of a bundle, held against its schema. */
export function documentIn<T>(bundle: ReadBundle, path: string, schema: z.ZodMiniType<T>): Outcome<T> {
  const content = bundle.files.get(path);
  if (content === undefined) return invalidBundle(`it has no ${path}`);
  const document = parsed(content, schema);
  return document.ok ? success(document.value) : invalidBundle(`its ${path} ${document.why}`);
}

function parsed<T>(
  content: Uint8Array,
  schema: z.ZodMiniType<T>,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string } {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    return { ok: false, why: 'is no JSON' };
  }
  const read = schema.safeParse(document);
  if (read.success) return { ok: true, value: read.data };
  const [issue] = read.error.issues;
  return { ok: false, why: `does not fit its schema at ${issue?.path.join('.') || 'the top'}: ${issue?.message ?? ''}` };
}

/** Each file that is not what the index says, by the order of the archive, and then what is missing. */
function tamperings(index: DiagIndex, entries: readonly ArchivedEntry[]): string[] {
  const listed = new Map(index.files.map(({ path, ...file }) => [path, file]));
  const seen = new Set<string>();
  const faults = entries.flatMap(({ path, content }): string[] => {
    const again = seen.has(path);
    seen.add(path);
    const name = JSON.stringify(path);
    if (again) return [`${name} is in it more than once`];
    if (path === 'index.json') return [];
    const file = listed.get(path);
    if (file === undefined) return [`${name} is not in the index`];
    if (content === null) return [`${name} is no plain file`];
    const digest = digestOf(content);
    return digest === file.digest && content.length === file.size ? [] : [changed(name, digest, file.digest)];
  });
  return [...faults, ...[...listed.keys()].filter((path) => !seen.has(path)).map((path) => `${JSON.stringify(path)} is missing`)];
}

function changed(name: string, digest: Digest, expected: Digest): string {
  return `${name} was changed: its digest is ${digest}, and the index has ${expected}`;
}

/** @param why goes on from "it". */
export function invalidBundle(why: string): { readonly ok: false; readonly failure: Failure } {
  return failure(
    'BUNDLE_INVALID',
    `this is no diag bundle that can be read: ${why}`,
    'get it again from where it was made, or make it again with `hybridcore-packer diag BUILD`',
  );
}

/** @param faults at least one. */
export function tampered(faults: readonly string[]): Failure {
  return {
    rule: 'BUNDLE_TAMPERED',
    message: `the diag bundle is not what its index says: ${faults[0] ?? ''}`,
    remedy: 'believe nothing in it; make it again with `hybridcore-packer diag BUILD` and compare, and find out who changed it on its way',
    evidence: faults.slice(0, 20),
  };
}
