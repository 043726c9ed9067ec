import { outputs } from '../core/contract/deployment.ts';
import { type Outcome, failure, success } from '../core/failure.ts';
import { unkept } from '../core/retention/bucket-check.ts';
import { type Bucket, type LifecycleRule } from '../core/retention/lifecycle.ts';
import { type BucketPolicy, retentionProblems } from '../core/retention/proof.ts';
import * as z from '../core/zod.ts';

const Count = z.int().check(z.gte(0));
const Size = z.pipe(z.union([z.string().check(z.regex(/^\d+$/)), Count]), z.transform(Number));
const Mode = z.literal(['GOVERNANCE', 'COMPLIANCE']);

/** A lifecycle rule as CloudFormation has it. What else one may have is not known here, so nothing could be said of it. */
const Rule = z.strictObject({
  Id: z.string(),
  Status: z.literal(['Enabled', 'Disabled']),
  Prefix: z.optional(z.string()),
  TagFilters: z.optional(z.array(z.strictObject({ Key: z.string(), Value: z.string() }))),
  ObjectSizeGreaterThan: z.optional(Size),
  ObjectSizeLessThan: z.optional(Size),
  ExpirationInDays: z.optional(Count),
  ExpirationDate: z.optional(z.string()),
  ExpiredObjectDeleteMarker: z.optional(z.boolean()),
  NoncurrentVersionExpiration: z.optional(z.strictObject({ NoncurrentDays: Count, NewerNoncurrentVersions: z.optional(Count) })),
  NoncurrentVersionExpirationInDays: z.optional(Count),
  Transition: z.optional(z.unknown()),
  Transitions: z.optional(z.array(z.unknown())),
  NoncurrentVersionTransition: z.optional(z.unknown()),
  NoncurrentVersionTransitions: z.optional(z.array(z.unknown())),
  AbortIncompleteMultipartUpload: z.optional(z.strictObject({ DaysAfterInitiation: Count })),
});
type Rule = z.infer<typeof Rule>;

const DefaultRetention = z.strictObject({ Mode, Days: z.optional(Count), Years: z.optional(Count) });

/** What of a bucket its retention hangs on. */
const BucketProperties = z.object({
  ObjectLockEnabled: z.optional(z.boolean()),
  ObjectLockConfiguration: z.optional(z.object({ Rule: z.optional(z.object({ DefaultRetention: z.optional(DefaultRetention) })) })),
  VersioningConfiguration: z.optional(z.object({ Status: z.literal(['Enabled', 'Suspended']) })),
  LifecycleConfiguration: z.optional(z.object({ Rules: z.array(Rule) })),
});

const Template = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.optional(z.unknown()) })),
  Outputs: z.object({ [outputs.bucket]: z.object({ Value: z.object({ Ref: z.string() }) }) }),
});

const versionings = { Enabled: 'enabled', Suspended: 'suspended' } as const;

/** A year of Object Lock, in days. */
const yearDays = 365;

/**
 * Proves that the lifecycle rules of the bucket in a synthesized template keep what the retention policy promises.
 *
 * @param template parsed JSON.
 * @returns RETENTION_UNKEPT with each breach and its arithmetic; DEPLOYMENT_INVALID where the rules cannot be read.
 */
export function proveRetention(template: unknown, policy: BucketPolicy): Outcome<Bucket> {
  const parsed = Template.safeParse(template);
  const resource = parsed.success ? parsed.data.Resources[parsed.data.Outputs[outputs.bucket].Value.Ref] : undefined;
  const read = BucketProperties.safeParse(resource?.Properties);
  if (!read.success)
    return failure(
      'DEPLOYMENT_INVALID',
      `what the template says of the bucket's retention cannot be read: ${parsed.success ? z.prettifyError(read.error).split('\n').join(' ') : 'it has no such bucket'}`,
      'use lifecycle rules that this program knows; nothing was deployed',
    );
  const bucket = bucketOf(read.data);
  const problems = retentionProblems(policy, bucket).map(({ message }) => message);
  const unlocked = read.data.ObjectLockEnabled === true ? [] : lockedClasses(policy);
  const lines = [...unlocked.map((name) => `the retention class ${name} has a lock, and the bucket has no Object Lock`), ...problems];
  const breach = unkept(
    lines,
    'mend the rules, or say in the retention part of hybridcore.yaml what they do (late_days: how much later than its class an object may go); nothing was deployed',
  );
  return breach === undefined ? success(bucket) : { ok: false, failure: breach };
}

function lockedClasses({ classes }: BucketPolicy): readonly string[] {
  return Object.entries(classes).flatMap(([name, { lock }]) => (lock === undefined ? [] : [name]));
}

function bucketOf(properties: z.infer<typeof BucketProperties>): Bucket {
  const given = properties.ObjectLockConfiguration?.Rule?.DefaultRetention;
  const status = properties.VersioningConfiguration?.Status;
  return {
    versioning: status === undefined ? 'off' : versionings[status],
    defaultLock: given === undefined ? null : { mode: given.Mode, days: given.Days ?? (given.Years ?? 0) * yearDays },
    rules: (properties.LifecycleConfiguration?.Rules ?? []).map((rule) => ruleOf(rule)),
  };
}

function ruleOf(rule: Rule): LifecycleRule {
  const noncurrent = rule.NoncurrentVersionExpiration?.NoncurrentDays ?? rule.NoncurrentVersionExpirationInDays;
  const transitions = [rule.Transition, rule.NoncurrentVersionTransition].filter((each) => each !== undefined);
  return {
    id: rule.Id,
    enabled: rule.Status === 'Enabled',
    filter: {
      prefix: rule.Prefix ?? '',
      tags: Object.fromEntries((rule.TagFilters ?? []).map(({ Key, Value }) => [Key, Value])),
      largerThan: rule.ObjectSizeGreaterThan ?? null,
      smallerThan: rule.ObjectSizeLessThan ?? null,
    },
    expiration: expirationOf(rule),
    noncurrent:
      noncurrent === undefined ? null : { days: noncurrent, newer: rule.NoncurrentVersionExpiration?.NewerNoncurrentVersions ?? 0 },
    transitions: transitions.length + (rule.Transitions?.length ?? 0) + (rule.NoncurrentVersionTransitions?.length ?? 0),
    abortsUploadsAfter: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? null,
  };
}

function expirationOf(rule: Rule): LifecycleRule['expiration'] {
  if (rule.ExpirationInDays !== undefined) return { by: 'days', days: rule.ExpirationInDays };
  if (rule.ExpirationDate !== undefined) return { by: 'date', date: Date.parse(rule.ExpirationDate) };
  return rule.ExpiredObjectDeleteMarker === true ? { by: 'lone-marker' } : null;
}
