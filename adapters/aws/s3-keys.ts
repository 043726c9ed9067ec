import { DeleteObjectCommand, DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

import { keyProblem } from '../../core/contract/object-key.ts';
import { type Page } from '../../core/ports.ts';
import { assertLimit, cursorAfter, placeOf } from '../../core/cursor.ts';
import { explained, partFailure } from './service-failure.ts';

/** S3 lists and removes so many keys in one request at most. */
const mostKeys = 1000;

/** The keys of a prefix in order of code units, a page of them. What is in the bucket and is no key of ours is passed over. */
export async function listS3Keys(
  client: S3Client,
  bucket: string,
  prefix: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<string>> {
  assertLimit(page.limit, mostKeys);
  const listing = `keys ${JSON.stringify(prefix)}`;
  const items: string[] = [];
  for await (const key of keysAfter(client, bucket, prefix, placeOf(listing, page.cursor), page.limit + 1)) {
    if (keyProblem(key) !== undefined) continue;
    const last = items.at(-1);
    if (items.length === page.limit && last !== undefined) return { items, cursor: cursorAfter(listing, last) };
    items.push(key);
  }
  return { items };
}

/** Removes whatever stands below some prefixes, keys that are none of ours too: an attempt may write any below its own. */
export async function removeS3Keys(client: S3Client, bucket: string, prefixes: readonly string[]): Promise<void> {
  for (const prefix of prefixes) {
    let batch: string[] = [];
    for await (const key of keysAfter(client, bucket, prefix, '', mostKeys)) {
      batch.push(key);
      if (batch.length < mostKeys) continue;
      await remove(client, bucket, batch);
      batch = [];
    }
    if (batch.length > 0) await remove(client, bucket, batch);
  }
}

/** All keys of a prefix that come after the given one, fetched `step` at a time. S3 sorts by UTF-8 bytes, which for our keys is by code units. */
async function* keysAfter(client: S3Client, bucket: string, prefix: string, after: string, step: number): AsyncGenerator<string> {
  for (let last = after; ;) {
    const request = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      MaxKeys: Math.min(step, mostKeys),
      // A key may hold what XML cannot.
      EncodingType: 'url',
      ...(last === '' ? {} : { StartAfter: last }),
    });
    const called = { what: `the bucket ${bucket}`, action: 's3:ListBucket', subject: `the keys below ${prefix}` };
    const { Contents = [], IsTruncated } = await explained(called, () => client.send(request));
    for (const { Key } of Contents) {
      if (Key === undefined) continue;
      last = decodeURIComponent(Key.replaceAll('+', ' '));
      yield last;
    }
    if (IsTruncated !== true || Contents.length === 0) return;
  }
}

/** What the XML of a request for many keys cannot carry; such a key is removed by a request of its own. */
const unwritable = /[\p{Cc}\uFFFE\uFFFF]/u;

async function remove(client: S3Client, bucket: string, keys: readonly string[]): Promise<void> {
  const called = (subject: string) => ({ what: `the bucket ${bucket}`, action: 's3:DeleteObject', subject });
  for (const key of keys.filter((each) => unwritable.test(each)))
    await explained(called(`the object ${key}`), () => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })));
  const plain = keys.filter((each) => !unwritable.test(each));
  if (plain.length === 0) return;
  const request = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: plain.map((key) => ({ Key: key })), Quiet: true } });
  const { Errors = [] } = await explained(called(`the object ${plain[0]} (and ${plain.length - 1} more)`), () => client.send(request));
  const [first] = Errors;
  if (first !== undefined)
    throw partFailure(called(`the object ${first.Key} (and ${Errors.length - 1} more)`), {
      name: first.Code ?? 'an error without a code',
      message: first.Message ?? '',
    });
}
