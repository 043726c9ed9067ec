import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

import { s3Links } from '../../adapters/aws/s3-links.ts';
import { s3Objects } from '../../adapters/aws/s3-objects.ts';
import { type Links } from '../../core/api/dispatcher.ts';
import { type Clock, type LongObjects, type Objects } from '../../core/ports.ts';
import { type RetentionPolicy } from '../../core/retention/policy.ts';
import { type FunctionEnvironment } from '../environment.ts';

/** What builds left, and links to it. */
export interface Bucket {
  readonly objects: Objects & LongObjects;
  readonly links: Links;
}

/** @param options for the client. */
export function bucket(
  { bucket: name }: FunctionEnvironment,
  rules: { readonly policy: RetentionPolicy; readonly clock: Clock },
  options: Pick<S3ClientConfig, 'requestHandler'>,
): Bucket {
  const client = new S3Client(options);
  return { objects: s3Objects(client, { bucket: name, ...rules }), links: s3Links(client, { bucket: name, clock: rules.clock }) };
}
