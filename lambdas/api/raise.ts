import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

import { s3KeptBucket } from '../../adapters/aws/s3-kept-bucket.ts';
import { type ApiDispatcher } from '../../core/api/dispatcher.ts';
import { type Clock, type Records } from '../../core/ports.ts';
import { raiseInBucket } from '../../core/retention/bucket-change.ts';
import { type RetentionPolicy } from '../../core/retention/policy.ts';
import { type FunctionEnvironment } from '../environment.ts';

/** Raises the class of builds in the bucket of a deployment. @param options for the client. */
export function raising(
  { bucket: name }: FunctionEnvironment,
  { records, policy, clock }: { readonly records: Records; readonly policy: RetentionPolicy; readonly clock: Clock },
  options: Pick<S3ClientConfig, 'requestHandler'>,
): ApiDispatcher['raise'] {
  const bucket = s3KeptBucket(new S3Client(options), name);
  return (id, wanted) => raiseInBucket({ records, clock, bucket }, policy, id, wanted);
}
