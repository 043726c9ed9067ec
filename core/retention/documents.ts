import { Digest } from '../digest.ts';
import { BuildId, BuilderName, Timestamp } from '../identity.ts';
import { namesOf } from '../names-of.ts';
import * as z from '../zod.ts';
import { auditFindings } from './audit-finding.ts';
import { buildRetention } from './build-retention.ts';

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

/** `retention hold` and `retention release` */
export const RetentionHoldDocument = z.strictObject({
  build_id: BuildId,
  builder: BuilderName,
  hold: buildRetention.hold,
  hold_released: buildRetention.hold_released,
});
export type RetentionHoldDocument = z.infer<typeof RetentionHoldDocument>;
