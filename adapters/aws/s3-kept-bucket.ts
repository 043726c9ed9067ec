import {
  type DeleteMarkerEntry,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

import { type KeptBucket, type ListedVersion, type VersionKeeping } from '../../core/ports.ts';
import { type Lock } from '../../core/retention/lifecycle.ts';
import { bucketSettings } from './s3-bucket-settings.ts';
import { type Called, explained, explainedIfThere } from './service-failure.ts';

/**
 * A bucket of S3 as an audit reads it, and as what stands in it is kept otherwise. Where S3 refuses, FailureError STORAGE names the bucket and the action.
 *
 * @param page how many versions one listing call gives, 1000 at most.
 */
export function s3KeptBucket(client: S3Client, bucket: string, page = 1000): KeptBucket {
  const what = `the bucket ${bucket}`;
  return {
    settings: () => bucketSettings(client, bucket),
    versions: (prefix) => versionsBelow(client, bucket, prefix, page),
    look: ({ key, id }) => look(client, bucket, key, id),
    async tag({ key, id }, tags) {
      const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await unlessGone({ what, action: 's3:PutObjectVersionTagging', subject: `the object ${key}` }, () =>
        client.send(new PutObjectTaggingCommand({ Bucket: bucket, Key: key, VersionId: id, Tagging: { TagSet } })),
      );
    },
    async lock({ key, id }, { mode, until }) {
      const Retention = { Mode: mode, RetainUntilDate: new Date(until) };
      await unlessGone({ what, action: 's3:PutObjectRetention', subject: `the object ${key}` }, () =>
        client.send(new PutObjectRetentionCommand({ Bucket: bucket, Key: key, VersionId: id, Retention })),
      );
    },
    async setLegalHold({ key, id }, on) {
      // One that its lifecycle has removed meanwhile is gone.
      await unlessGone({ what, action: 's3:PutObjectLegalHold', subject: `the object ${key}` }, () =>
        client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key: key, VersionId: id, LegalHold: { Status: on ? 'ON' : 'OFF' } })),
      );
    },
  };
}

async function* versionsBelow(client: S3Client, bucket: string, prefix: string, page: number): AsyncGenerator<ListedVersion> {
  const subject = prefix === '' ? 'all versions' : `the versions below ${prefix}`;
  const called = { what: `the bucket ${bucket}`, action: 's3:ListBucketVersions', subject };
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

/** How S3 says that an object, or a version of it, is not there. */
const absences = ['NotFound', 'NoSuchKey', 'NoSuchVersion'] as const;

function unlessGone<T>(called: Called, call: () => Promise<T>): Promise<T | undefined> {
  return explainedIfThere(called, absences, call);
}
