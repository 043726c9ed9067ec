import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

import { bucketSettings } from '../adapters/aws/s3-bucket-settings.ts';
import { type RetentionCheck } from '../core/ports.ts';
import { bucketRetentionCheck } from '../core/retention/bucket-check.ts';
import { type RetentionPolicy } from '../core/retention/policy.ts';
import { type FunctionEnvironment } from './environment.ts';

/** Whether the bucket of a deployment keeps what the policy promises. @param options for the client. */
export function bucketRules(
  { bucket }: FunctionEnvironment,
  policy: RetentionPolicy,
  options: Pick<S3ClientConfig, 'requestHandler'>,
): RetentionCheck {
  const s3 = new S3Client(options);
  return bucketRetentionCheck({ settings: () => bucketSettings(s3, bucket) }, policy);
}
