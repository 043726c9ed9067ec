import { BuilderRecord, SealedManifest } from '../builder-record.ts';
import { Digest } from '../digest.ts';
import { ExitCode } from '../exit-code.ts';
import { BuildId, BuilderName, RunId, Timestamp } from '../identity.ts';
import { BuildState } from '../states.ts';
import * as z from '../zod.ts';

/*
 * What the API answers where it is not what a command prints anyway (`documents.ts`).
 */

/** A build as it is now. */
export const BuildDocument = z.strictObject({
  build_id: BuildId,
  builder: BuilderName,
  state: BuildState,
  /** Null while it is not decided. */
  exit_code: z.nullable(ExitCode),
  /** Of the verdict on the build, or on the attempt before the retry; null where there is none yet. */
  rule: z.nullable(z.string()),
  reason: z.nullable(z.string()),
  hint: z.nullable(z.string()),
  attempts: z.int().check(z.gte(0), z.lte(2)),
  runs: z.array(
    z.strictObject({
      attempt: z.literal([1, 2]),
      run: z.nullable(RunId),
      started_at: z.nullable(Timestamp),
      finished_at: z.nullable(Timestamp),
      exit_code: z.nullable(ExitCode),
      rule: z.nullable(z.string()),
      reason: z.nullable(z.string()),
    }),
  ),
  requested_at: Timestamp,
  requested_by: z.string(),
  finished_at: z.nullable(Timestamp),
  variables: z.record(z.string(), z.string()),
  retention: z.string(),
  /** How many builds come before it; null where it does not wait. */
  waits_behind: z.nullable(z.int()),
  retry_at: z.nullable(Timestamp),
  /** Since when the bucket's rules were seen to differ from the retention policy while its attempt was to start or to be completed; null where they were not. */
  unkept_since: z.nullable(Timestamp),
  stop: z.nullable(z.strictObject({ at: Timestamp, by: z.string() })),
  result_path: z.nullable(z.string()),
  summary_path: z.nullable(z.string()),
  manifest: z.nullable(z.strictObject({ path: z.string(), digest: Digest, fingerprint: Digest })),
});
export type BuildDocument = z.infer<typeof BuildDocument>;

/** Where a large object can be had for a while, by whoever has this. */
export const Link = z.strictObject({ url: z.string(), expires_at: Timestamp, /** Bytes. */ size: z.int().check(z.nonnegative()) });
export type Link = z.infer<typeof Link>;

/** The logs of a build. */
export const LogLinksDocument = z.strictObject({
  build_id: BuildId,
  state: BuildState,
  attempts: z.array(
    z.strictObject({
      attempt: z.literal([1, 2]),
      log_path: z.nullable(z.string()),
      /** The scrubbed log, as gzip; null while the attempt is under way, and where it has none. */
      link: z.nullable(Link),
      /** Of an attempt under way: what its console says from the place that was asked for, and the place to go on from. */
      live: z.nullable(z.strictObject({ text: z.string(), next: z.string() })),
    }),
  ),
});
export type LogLinksDocument = z.infer<typeof LogLinksDocument>;

/** The diag bundle of a build. */
export const DiagLinkDocument = z.strictObject({
  build_id: BuildId,
  path: z.string(),
  digest: Digest,
  /** As in the document of `diag`. */
  newer: z.withDefault(z.nullable(Digest), null),
  link: Link,
});
export type DiagLinkDocument = z.infer<typeof DiagLinkDocument>;

/** The builders, a page of them. */
export const BuildersDocument = z.strictObject({
  builders: z.array(
    z.strictObject({
      builder: BuilderName,
      current: z.nullable(BuildId),
      waiting: z.int().check(z.nonnegative()),
      last: z.nullable(BuildId),
      newest_manifest: z.nullable(SealedManifest),
      quarantine: z.made(BuilderRecord).shape.quarantine,
      /** The last release from quarantine. */
      released: z.made(BuilderRecord).shape.released,
    }),
  ),
  /** Null on the last page. */
  cursor: z.nullable(z.string()),
});
export type BuildersDocument = z.infer<typeof BuildersDocument>;
