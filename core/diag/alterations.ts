import { type Build } from '../build.ts';
import { Digest, digestOf } from '../digest.ts';
import { LogSummary } from '../log-summary.ts';
import { type KeptObjects } from '../ports.ts';
import { type Result } from '../result.ts';
import { expiresAt } from '../retention/policy.ts';
import { receivedLogDigest } from '../scrub/received-log.ts';
import { type ScrubManifest } from '../scrub/scrub-manifest.ts';
import * as z from '../zod.ts';

/** What a build left, as it was found. */
export interface FoundFile {
  /** A log unpacked. */
  readonly content: Uint8Array;
  readonly key: string;
  /** Of the bytes of the object, a log packed. */
  readonly stored: Digest;
}

interface Altered {
  readonly path: string;
  readonly why: string;
}

/**
 * What a build left that is not what was recorded, but for its manifests: documents are held against the record of the build,
 * a log against its scrub manifest, and all against the digests of what was written, where the home records them.
 *
 * @param kept of a home on one machine; null where nothing but the bucket's locks keeps objects as they were.
 */
export async function alterations(
  kept: Pick<KeptObjects, 'findKept'> | null,
  build: Build,
  files: ReadonlyMap<string, FoundFile>,
): Promise<readonly Altered[]> {
  const altered = new Map<string, string>();
  const written = async ({ key, stored }: FoundFile) => {
    const recorded = (await kept?.findKept(key))?.digest;
    return recorded === undefined || recorded === stored
      ? undefined
      : `the digest of ${key} is ${stored}, and ${recorded} was recorded when it was written`;
  };
  for (const [path, file] of files) {
    if (path.endsWith('.log')) continue;
    const why = unlikeRecord(build, path, file.content) ?? (await written(file));
    if (why !== undefined) altered.set(path, why);
  }
  for (const [path, file] of files) {
    if (!path.endsWith('.log')) continue;
    const scrubManifest = path.replace('packer.log', 'scrub-manifest.json');
    const manifest = altered.has(scrubManifest) ? undefined : documentOf(files.get(scrubManifest)?.content, ScrubClaims);
    const scrubbed = manifest === undefined ? undefined : receivedLogDigest(manifest);
    const digest = digestOf(file.content);
    const why =
      scrubbed === undefined
        ? await written(file)
        : scrubbed === digest
          ? undefined
          : `its digest is ${digest}, and its scrub manifest has ${scrubbed}`;
    if (why !== undefined) altered.set(path, why);
  }
  return [...altered].map(([path, why]) => ({ path, why }));
}

/** What in a document is not as the record of the build has it. */
function unlikeRecord(build: Build, path: string, content: Uint8Array): string | undefined {
  switch (path) {
    case 'summary.json': {
      const summary = documentOf(content, LogSummary);
      return summary?.build_id === build.build_id ? firstDifference(summaryClaims(build, summary)) : 'it is no log summary of this build';
    }
    case 'result.json': {
      const result = documentOf(content, ResultClaims);
      return result?.build_id === build.build_id ? firstDifference(resultClaims(build, result)) : 'it is no result of this build';
    }
    case 'attempt-1/scrub-manifest.json':
    case 'attempt-2/scrub-manifest.json': {
      const manifest = documentOf(content, ScrubClaims);
      const same = manifest?.build_id === build.build_id && path.startsWith(`attempt-${String(manifest.attempt)}/`);
      return same ? undefined : 'it is no scrub manifest of this attempt';
    }
    default:
      return undefined;
  }
}

/** What a document says, and what is recorded. Who wrote it may have been another version: no more is compared than all of them write. */
type Claim = readonly [what: string, said: unknown, recorded: unknown];

function firstDifference(claims: readonly Claim[]): string | undefined {
  const different = claims.find(([, said, recorded]) => said !== recorded);
  return different === undefined
    ? undefined
    : `it has the ${different[0]} ${String(different[1])}, and ${String(different[2])} is recorded`;
}

/* What of these is looked at: who makes bundles and nothing else, the function behind the API, does without their whole schemas. */

const ScrubClaims = z.object({
  build_id: z.unknown(),
  attempt: z.unknown(),
  files: z.array(z.object({ file: z.string(), digest_after: Digest })),
} satisfies Partial<Record<keyof ScrubManifest, z.ZodMiniType>>);

const ResultClaims = z.object({
  builder: z.unknown(),
  build_id: z.unknown(),
  state: z.unknown(),
  exit_code: z.unknown(),
  finished_at: z.unknown(),
  manifest_path: z.unknown(),
  classification: z.object({ rule: z.unknown() }),
} satisfies Partial<Record<keyof Result, z.ZodMiniType>>);

function resultClaims(build: Build, result: z.infer<typeof ResultClaims>): readonly Claim[] {
  return [
    ['builder', result.builder, build.builder],
    ['state', result.state, build.state],
    ['exit code', result.exit_code, build.decision?.verdict.exit_code],
    ['rule', result.classification.rule, build.decision?.verdict.classification.rule],
    ['end', result.finished_at, build.finished_at],
    ['manifest', result.manifest_path, build.manifest?.path ?? build.decision?.unchanged?.path ?? null],
  ];
}

function summaryClaims(build: Build, { retention, ...summary }: LogSummary): readonly Claim[] {
  const [first] = build.retention_changes;
  const terms = first === undefined ? build.retention_terms : first.from_terms;
  return [
    ['builder', summary.builder, build.builder],
    ['state', summary.state, build.state],
    ['exit code', summary.exit_code, build.decision?.verdict.exit_code],
    ['request', summary.requested_at, build.requested_at],
    ['end', summary.finished_at, build.finished_at],
    ['manifest', summary.manifest?.digest, build.manifest?.digest],
    ['attempts', attemptsText(summary.attempts), attemptsText(build.attempts.map((each) => ({ ...each, ...each.outcome })))],
    ['retention class', retention.class, first?.from ?? build.retention],
    ...(terms === null || build.finished_at === null
      ? []
      : ([
          ['days', retention.days, terms.days],
          ['lock', retention.lock, terms.lock],
          ['expiry', retention.expires_at, expiresAt(terms, Date.parse(build.finished_at))],
        ] as const)),
  ];
}

function attemptsText(
  attempts: readonly { readonly run: string | null; readonly verdict?: LogSummary['attempts'][number]['verdict'] }[],
): string {
  return attempts
    .map(({ run, verdict }) => `${run ?? 'none'} ${verdict?.classification.rule ?? 'none'} ${verdict?.exit_code ?? ''}`)
    .join(', ');
}

/** A document that a build left; undefined where there is none, or it does not fit the schema. */
export function documentOf<T>(content: Uint8Array | undefined, schema: z.ZodMiniType<T>): T | undefined {
  if (content === undefined) return undefined;
  try {
    const read = schema.safeParse(JSON.parse(new TextDecoder().decode(content)));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
