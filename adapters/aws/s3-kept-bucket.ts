import {
  type DeleteMarkerEntry,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type LifecycleRule as S3Rule,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectLegalHoldCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

import { type KeptBucket, type ListedVersion, type VersionKeeping } from '../../core/ports.ts';
import { type Bucket, type LifecycleRule, type Lock } from '../../core/retention/lifecycle.ts';
import { errorName, explained } from './service-failure.ts';

/** A year of Object Lock, in days. */
const yearDays = 365;

/**
 * A bucket of S3 as an audit reads it, and a legal hold is put on it. Where S3 refuses, FailureError STORAGE names the bucket and the action.
 *
 * @param page how many versions one listing call gives, 1000 at most.
 */
export function s3KeptBucket(client: S3Client, bucket: string, page = 1000): KeptBucket {
  const what = `the bucket ${bucket}`;
  return {
    async settings() {
      const [versioning, rules, lock] = [
        await explained({ what, action: 's3:GetBucketVersioning' }, () => client.send(new GetBucketVersioningCommand({ Bucket: bucket }))),
        await orNone({ what, action: 's3:GetLifecycleConfiguration' }, 'NoSuchLifecycleConfiguration', () =>
          client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket })),
        ),
        await orNone({ what, action: 's3:GetBucketObjectLockConfiguration' }, 'ObjectLockConfigurationNotFoundError', () =>
          client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket })),
        ),
      ];
      const given = lock?.ObjectLockConfiguration?.Rule?.DefaultRetention;
      const days = given?.Days ?? (given?.Years ?? 0) * yearDays;
      return {
        versioning: versionings[versioning.Status ?? ''] ?? 'off',
        defaultLock: given?.Mode === undefined ? null : { mode: given.Mode, days },
        rules: (rules?.Rules ?? []).map((rule) => ruleOf(rule)),
      };
    },
    versions: (prefix) => versionsBelow(client, bucket, prefix, page),
    look: ({ key, id }) => look(client, bucket, key, id),
    async setLegalHold({ key, id }, on) {
      // One that its lifecycle has removed meanwhile is gone.
      await unlessGone({ what, action: 's3:PutObjectLegalHold', subject: `the object ${key}` }, () =>
        client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key: key, VersionId: id, LegalHold: { Status: on ? 'ON' : 'OFF' } })),
      );
    },
  };
}

const versionings: Readonly<Record<string, Bucket['versioning']>> = { Enabled: 'enabled', Suspended: 'suspended' };

async function orNone<T>(called: { what: string; action: string }, absence: string, call: () => Promise<T>): Promise<T | undefined> {
  return explained(called, async () => {
    try {
      return await call();
    } catch (error) {
      if (errorName(error) === absence) return undefined;
      throw error;
    }
  });
}

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

async function* versionsBelow(client: S3Client, bucket: string, prefix: string, page: number): AsyncGenerator<ListedVersion> {
  const called = { what: `the bucket ${bucket}`, action: 's3:ListBucketVersions', subject: `the versions below ${prefix}` };
  let after: Pick<ListObjectVersionsCommandOutput, 'NextKeyMarker' | 'NextVersionIdMarker'> = {};
  for (;;) {
    const request = new ListObjectVersionsCommand({
      Bucket: bucket,
      Prefix: prefix,
      MaxKeys: page,
      // A key may hold what XML cannot.
      EncodingType: 'url',
      ...(after.NextKeyMarker === undefined ? {} : { KeyMarker: decoded(after.NextKeyMarker) }),
      ...(after.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: after.NextVersionIdMarker }),
    });
    const found = await explained(called, () => client.send(request));
    yield* inOrder([
      ...(found.Versions ?? []).map((each) => listed(each, each.Size ?? 0, false)),
      ...(found.DeleteMarkers ?? []).map((each) => listed(each, 0, true)),
    ]);
    if (found.IsTruncated !== true) return;
    after = found;
  }
}

/** S3 gives versions and delete markers apart, each by key and the newest first. */
function inOrder(versions: readonly ListedVersion[]): readonly ListedVersion[] {
  return versions.toSorted((a, b) =>
    a.key === b.key ? Number(b.latest) - Number(a.latest) || b.created - a.created : a.key < b.key ? -1 : 1,
  );
}

function listed(
  { Key = '', VersionId = 'null', LastModified, IsLatest }: Pick<DeleteMarkerEntry, 'Key' | 'VersionId' | 'LastModified' | 'IsLatest'>,
  size: number,
  deleteMarker: boolean,
): ListedVersion {
  return { key: decoded(Key), id: VersionId, created: LastModified?.getTime() ?? 0, size, deleteMarker, latest: IsLatest === true };
}

function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}

async function look(client: S3Client, bucket: string, key: string, id: string): Promise<VersionKeeping | undefined> {
  const place = { Bucket: bucket, Key: key, VersionId: id };
  const called = (action: string) => ({ what: `the bucket ${bucket}`, action, subject: `the object ${key}` });
  const head = await unlessGone(called('s3:GetObjectVersion'), () => client.send(new HeadObjectCommand(place)));
  const tagging = await unlessGone(called('s3:GetObjectVersionTagging'), () => client.send(new GetObjectTaggingCommand(place)));
  if (head === undefined || tagging === undefined) return undefined;
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = head;
  const lock: Lock | null = mode === undefined || until === undefined ? null : { mode, until: until.getTime() };
  const tags = Object.fromEntries((tagging.TagSet ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
  return { tags, lock, legalHold: hold === 'ON' };
}

async function unlessGone<T>(called: { what: string; action: string; subject: string }, call: () => Promise<T>): Promise<T | undefined> {
  return explained(called, async () => {
    try {
      return await call();
    } catch (error) {
      const name = errorName(error);
      if (name === 'NotFound' || name === 'NoSuchKey' || name === 'NoSuchVersion') return undefined;
      throw error;
    }
  });
}
