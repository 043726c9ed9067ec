import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type LifecycleRule as S3Rule,
  type S3Client,
} from '@aws-sdk/client-s3';

import { type Bucket, type LifecycleRule } from '../../core/retention/lifecycle.ts';
import { explained, explainedIfThere } from './service-failure.ts';

/** A year of Object Lock, in days. */
const yearDays = 365;

/** What a bucket of S3 does with what stands in it: its rules, versioning and default lock. Costs three calls. */
export async function bucketSettings(client: S3Client, bucket: string): Promise<Bucket> {
  const what = `the bucket ${bucket}`;
  const [versioning, rules, lock] = await Promise.all([
    explained({ what, action: 's3:GetBucketVersioning' }, () => client.send(new GetBucketVersioningCommand({ Bucket: bucket }))),
    explainedIfThere({ what, action: 's3:GetLifecycleConfiguration' }, ['NoSuchLifecycleConfiguration'], () =>
      client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket })),
    ),
    explainedIfThere({ what, action: 's3:GetBucketObjectLockConfiguration' }, ['ObjectLockConfigurationNotFoundError'], () =>
      client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket })),
    ),
  ]);
  const given = lock?.ObjectLockConfiguration?.Rule?.DefaultRetention;
  const days = given?.Days ?? (given?.Years ?? 0) * yearDays;
  return {
    versioning: versionings[versioning.Status ?? ''] ?? 'off',
    defaultLock: given?.Mode === undefined ? null : { mode: given.Mode, days },
    rules: (rules?.Rules ?? []).map((rule) => ruleOf(rule)),
  };
}

const versionings: Readonly<Record<string, Bucket['versioning']>> = { Enabled: 'enabled', Suspended: 'suspended' };

/** Two prefixes and two kinds of tags: S3 has them in the filter of a rule, and in what the filter joins. */
function ruleOf(rule: S3Rule): LifecycleRule {
  const { Filter, Expiration, NoncurrentVersionExpiration } = rule;
  const tags = [...(Filter?.Tag === undefined ? [] : [Filter.Tag]), ...(Filter?.And?.Tags ?? [])];
  return {
    id: rule.ID ?? '',
    enabled: rule.Status === 'Enabled',
    filter: {
      prefix: Filter?.And?.Prefix ?? Filter?.Prefix ?? olderPrefix(rule),
      tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
      largerThan: Filter?.And?.ObjectSizeGreaterThan ?? Filter?.ObjectSizeGreaterThan ?? null,
      smallerThan: Filter?.And?.ObjectSizeLessThan ?? Filter?.ObjectSizeLessThan ?? null,
    },
    expiration:
      Expiration?.Days !== undefined && Expiration.Days > 0
        ? { by: 'days', days: Expiration.Days }
        : Expiration?.Date !== undefined
          ? { by: 'date', date: Expiration.Date.getTime() }
          : Expiration?.ExpiredObjectDeleteMarker === true
            ? { by: 'lone-marker' }
            : null,
    noncurrent:
      NoncurrentVersionExpiration?.NoncurrentDays === undefined
        ? null
        : { days: NoncurrentVersionExpiration.NoncurrentDays, newer: NoncurrentVersionExpiration.NewerNoncurrentVersions ?? 0 },
    transitions: (rule.Transitions?.length ?? 0) + (rule.NoncurrentVersionTransitions?.length ?? 0),
    abortsUploadsAfter: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? null,
  };
}

/** Where a rule was set with the older API it has its prefix itself. */
function olderPrefix(rule: object): string {
  return 'Prefix' in rule && typeof rule.Prefix === 'string' ? rule.Prefix : '';
}
