import { type Tag } from '@aws-sdk/client-s3';

import { tagKeys } from '../../core/contract/deployment.ts';
import { type Tags, objectKinds } from '../../core/contract/tags.ts';
import { namesOf } from '../../core/names-of.ts';
import * as z from '../../core/zod.ts';

const S3Tags = z.object({ kind: z.literal(objectKinds), builder: z.string(), build: z.string(), retention: z.string() });

/** Tags as a header of S3 takes them: URL-encoded pairs, a blank as `%20`. */
export function taggingHeader(tags: Tags): string {
  return namesOf(tagKeys)
    .map((name) => `${encodeURIComponent(tagKeys[name])}=${encodeURIComponent(tags[name])}`)
    .join('&');
}

/** Tags from those that S3 has; undefined where ours are not among them, as on what an attempt handed over. */
export function tagsFrom(found: readonly Tag[]): Tags | undefined {
  const valueOf = (key: string) => found.find((tag) => tag.Key === key)?.Value;
  return S3Tags.safeParse(Object.fromEntries(namesOf(tagKeys).map((name) => [name, valueOf(tagKeys[name])]))).data;
}
