import { type Failure } from '../failure.ts';
import { type KeptBucket, type RetentionCheck } from '../ports.ts';
import { type RetentionPolicy } from './policy.ts';
import { retentionProblems } from './proof.ts';

/** Holds the rules of a bucket against the policy; costs three calls. */
export function bucketRetentionCheck(bucket: Pick<KeptBucket, 'settings'>, policy: RetentionPolicy): RetentionCheck {
  return {
    async look() {
      const breaches = retentionProblems(policy, await bucket.settings()).map(({ message }) => message);
      return unkept(
        breaches,
        'find out who changed the rules, and put them back as they were deployed (npx cdk deploy --revert-drift, since without it nothing of what was changed by hand is put back); then release the builder with `hybridcore-packer quarantine release`',
      );
    },
  };
}

/** RETENTION_UNKEPT with each breach and its arithmetic; undefined where there is none. */
export function unkept(breaches: readonly string[], remedy: string): Failure | undefined {
  const [head] = breaches;
  if (head === undefined) return undefined;
  return {
    rule: 'RETENTION_UNKEPT',
    message: `the lifecycle rules of the bucket do not keep what the retention policy says (${breaches.length} ${breaches.length === 1 ? 'breach' : 'breaches'}): ${head}`,
    remedy,
    evidence: breaches,
  };
}
