import { objectKinds } from '../contract/tags.ts';
import { Digest } from '../digest.ts';
import { BuildId, BuilderName, Timestamp } from '../identity.ts';
import { namesOf } from '../names-of.ts';
import * as z from '../zod.ts';
import { auditFindings } from './audit-finding.ts';
import { bucketFindings } from './bucket-findings.ts';
import { PastHold, RetentionChange, buildRetention } from './build-retention.ts';
import { policyEffects } from './policy-plan.ts';
import { RetentionClassName, RetentionPolicy, RetentionTerms } from './policy.ts';

/* What the commands of `retention` print with `--json`. */

const Count = z.int().check(z.nonnegative());

/** `retention audit` */
export const RetentionAuditDocument = z.strictObject({
  /** 0 where nothing was found, else 3. */
  exit_code: z.literal([0, 3]),
  at: Timestamp,
  /** Of the policy as it is now. */
  policy_digest: Digest,
  /** Whether the bytes of all objects were read, or those of a sample. */
  deep: z.boolean(),
  objects: Count,
  inspected: Count,
  /** By name. */
  classes: z.array(z.strictObject({ class: z.string(), objects: Count, bytes: Count })),
  /** Builds under a legal hold. */
  held: z.array(BuildId),
  /** By key. */
  findings: z.array(
    z.strictObject({
      finding: z.literal(namesOf(auditFindings)),
      key: z.string(),
      /** Null where no record knows its build. */
      build_id: z.nullable(BuildId),
      class: z.nullable(z.string()),
      message: z.string(),
    }),
  ),
});
export type RetentionAuditDocument = z.infer<typeof RetentionAuditDocument>;

/** `retention audit --bucket` */
export const RetentionBucketAuditDocument = z.strictObject({
  /** 0 where nothing was found, else 3. */
  exit_code: z.literal([0, 3]),
  at: Timestamp,
  /** Of the policy as it is now. */
  policy_digest: Digest,
  /** Whether the tags and locks of all versions were looked at, or those of a sample. */
  deep: z.boolean(),
  bucket: z.string(),
  /** With the delete markers, without what passes. */
  versions: Count,
  looked: Count,
  /** By key. */
  findings: z.array(
    z.strictObject({
      finding: z.literal(namesOf(bucketFindings)),
      /** Empty where it is about the rules. */
      key: z.string(),
      /** Null where it is about no version of its own. */
      version: z.nullable(z.string()),
      /** Null where no record knows its build. */
      build_id: z.nullable(BuildId),
      class: z.nullable(z.string()),
      message: z.string(),
    }),
  ),
});
export type RetentionBucketAuditDocument = z.infer<typeof RetentionBucketAuditDocument>;

const SweptObject = z.strictObject({
  key: z.string(),
  builder: z.string(),
  build_id: z.string(),
  class: z.string(),
  digest: Digest,
  size: Count,
});

/** `retention sweep` */
export const RetentionSweepDocument = z.strictObject({
  /** 3 where something could not go as it should. */
  exit_code: z.literal([0, 3]),
  /** When it was looked at, or done. */
  at: Timestamp,
  /** False: this is what would be deleted. */
  deleted: z.boolean(),
  objects: z.array(
    z.strictObject({
      ...SweptObject.shape,
      /** Of the policy under which its time was over. */
      policy_digest: Digest,
    }),
  ),
  /** What stays though its time is over. */
  spared: z.array(z.strictObject({ ...SweptObject.shape, why: z.literal(['held', 'newest', 'published']) })),
  problems: z.array(z.strictObject({ problem: z.literal(['altered', 'chain', 'unknown-build']), key: z.string(), message: z.string() })),
});
export type RetentionSweepDocument = z.infer<typeof RetentionSweepDocument>;

/** What an auditor takes along of either home. */
const reported = {
  /** 0 where nothing was found, else 3. */
  exit_code: z.literal([0, 3]),
  at: Timestamp,
  /** From when on deletions and releases are told. */
  since: Timestamp,
  policy: RetentionPolicy,
  policy_digest: Digest,
  /** Builds that are held, or were released since. */
  holds: z.array(
    z.strictObject({
      build_id: BuildId,
      builder: BuilderName,
      hold: buildRetention.hold,
      hold_released: buildRetention.hold_released,
      /** Holds that ended since, the first first. */
      past_holds: z.array(PastHold),
      /** Of its manifest; null where it sealed none. */
      manifest_digest: z.nullable(Digest),
    }),
  ),
  /** Builds that are kept otherwise since: by build, in order. */
  changes: z.array(z.strictObject({ build_id: BuildId, builder: BuilderName, ...RetentionChange.shape })),
  /** Of which of these builds so many holds and changes were noted that their records hold some no more: neither the first nor the last. */
  left_out: z.array(z.strictObject({ build_id: BuildId, builder: BuilderName, holds: Count, changes: Count })),
} as const;

/** `retention report`: for an auditor. */
export const RetentionReportDocument = z.strictObject({
  schema: z.literal('hybridcore-packer/retention-report/1'),
  ...reported,
  /** The digest is over the canonical JSON of the keys with the digests of their objects, by key. */
  classes: z.array(z.strictObject({ class: z.string(), objects: Count, bytes: Count, digest: Digest })),
  /** In the order in which they happened. */
  deletions: z.array(
    z.strictObject({ ...SweptObject.shape, kind: z.literal(objectKinds), at: Timestamp, by: z.string(), policy_digest: Digest }),
  ),
  findings: RetentionAuditDocument.shape.findings,
});
export type RetentionReportDocument = z.infer<typeof RetentionReportDocument>;

/** `retention report --bucket` */
export const RetentionBucketReportDocument = z.strictObject({
  schema: z.literal('hybridcore-packer/retention-bucket-report/1'),
  ...reported,
  bucket: z.string(),
  /** As S3 tells them, in the words of this program. */
  rules: z.array(z.looseObject({ id: z.string() })),
  versioning: z.literal(['enabled', 'suspended', 'off']),
  /**
   * The digest is over a line for each version in the order of their keys: the canonical JSON of key, version id and size, and
   * LF. Null: of no build that a record knows, under no key of ours, or the newest of a builder.
   */
  classes: z.array(z.strictObject({ class: z.nullable(z.string()), versions: Count, bytes: Count, digest: Digest })),
  /** What the bucket's rules have let go since, by build, and from when on they could: S3 does not say when they did. */
  expired: z.array(z.strictObject({ key: z.string(), build_id: BuildId, class: z.string(), from: Timestamp })),
  findings: RetentionBucketAuditDocument.shape.findings,
});
export type RetentionBucketReportDocument = z.infer<typeof RetentionBucketReportDocument>;

/** `retention hold` and `retention release` */
export const RetentionHoldDocument = z.strictObject({
  build_id: BuildId,
  builder: BuilderName,
  hold: buildRetention.hold,
  hold_released: buildRetention.hold_released,
  /** How many versions of objects in a bucket have or lost the hold; null on one machine, where the record is all there is. */
  versions: z.nullable(Count),
});
export type RetentionHoldDocument = z.infer<typeof RetentionHoldDocument>;

const planned = {
  at: Timestamp,
  /** Of the policy as it is now. */
  policy_digest: Digest,
  /** What it would keep otherwise than promised. */
  changes: z.array(
    z.strictObject({
      class: z.string(),
      effect: z.literal(policyEffects),
      from_days: Count,
      to_days: z.nullable(Count),
      builds: Count,
      objects: Count,
      bytes: Count,
      /** When the first of them may go as promised. */
      first_from: Timestamp,
      first_to: z.nullable(Timestamp),
    }),
  ),
  /** How many objects it keeps as promised. */
  unchanged: Count,
} as const;

/** `retention plan` */
export const RetentionPlanDocument = z.strictObject(planned);
export type RetentionPlanDocument = z.infer<typeof RetentionPlanDocument>;

/** `retention apply` */
export const RetentionApplyDocument = z.strictObject({
  /** As it was before. */
  ...planned,
  /** How many builds are kept by the policy as it is now from now on. */
  applied: Count,
  /**
   * How many stay as promised though it would keep them otherwise: locked, of a class that is gone, or with a raise that was
   * cut off and is to be asked for again.
   */
  left: Count,
});
export type RetentionApplyDocument = z.infer<typeof RetentionApplyDocument>;

/** `retention raise` */
export const RetentionRaiseDocument = z.strictObject({
  build_id: BuildId,
  builder: BuilderName,
  class: RetentionClassName,
  terms: RetentionTerms,
  /** From when on what it left may go. */
  expires_at: Timestamp,
  /** The first time first. */
  changes: z.array(RetentionChange),
});
export type RetentionRaiseDocument = z.infer<typeof RetentionRaiseDocument>;
