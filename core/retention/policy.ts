import { Digest, digestOfJson } from '../digest.ts';
import { type Timestamp, timestamp } from '../identity.ts';
import * as z from '../zod.ts';
import { dayMilliseconds } from './lifecycle.ts';

/** How long something is kept, and whether it is locked for that time (S3 Object Lock modes). */
export const RetentionClass = z.strictObject({
  days: z.int().check(z.gte(1), z.lte(36_500), z.describe('how many days an object is kept')),
  lock: z.optional(z.literal(['GOVERNANCE', 'COMPLIANCE'])).check(z.describe('the S3 Object Lock mode; none where it is missing')),
});
export type RetentionClass = z.infer<typeof RetentionClass>;

export const RetentionClassName = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/, 'a retention class is named with a-z, 0-9 and -'));

export const RetentionPolicy = z.strictObject({
  default: RetentionClassName.check(z.describe('the class of builders that name none')),
  classes: z.record(RetentionClassName, RetentionClass),
  late_days: z
    .optional(z.int().check(z.gte(0), z.lte(365)))
    .check(z.describe('how many days after its class an object may still be there; 4 where it is missing, which is what S3 takes at most')),
});
export type RetentionPolicy = z.infer<typeof RetentionPolicy>;

/** What is used where `hybridcore.yaml` has no `retention`. */
export const defaultRetention: RetentionPolicy = { default: 'standard', classes: { standard: { days: 365 } } };

/** When something made at `from` (milliseconds since 1970) may go at the earliest. */
export function expiresAt(retention: RetentionClass, from: number): Timestamp {
  return timestamp(from + retention.days * dayMilliseconds);
}

/**
 * A class of the policy by its name; where the policy no longer has it, the default class.
 *
 * @throws TypeError for a policy without its own default class, which the schema of `hybridcore.yaml` refuses.
 */
export function retentionClass(policy: RetentionPolicy, name: string): RetentionClass {
  const found = policy.classes[Object.hasOwn(policy.classes, name) ? name : policy.default];
  if (found === undefined) throw new TypeError(`the retention policy has no class ${policy.default}`);
  return found;
}

/** A class as it was at some time. */
export const RetentionTerms = z.strictObject({
  ...RetentionClass.shape,
  /** Over the canonical JSON of the policy that it was in. */
  policy_digest: Digest,
});
export type RetentionTerms = z.infer<typeof RetentionTerms>;

/** What a class means now. */
export function retentionTerms(policy: RetentionPolicy, name: string): RetentionTerms {
  return { ...retentionClass(policy, name), policy_digest: digestOfJson(policy) };
}

const lockStrength = { none: 0, GOVERNANCE: 1, COMPLIANCE: 2 } as const;

/** Whether `asked` keeps at least as long and as firmly as `floor`: a request may raise retention, never lower it. */
export function keepsAtLeast(asked: RetentionClass, floor: RetentionClass): boolean {
  return asked.days >= floor.days && lockStrength[asked.lock ?? 'none'] >= lockStrength[floor.lock ?? 'none'];
}
