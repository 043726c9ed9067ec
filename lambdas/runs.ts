import { CodeBuildClient, type CodeBuildClientConfig } from '@aws-sdk/client-codebuild';
import { S3Client } from '@aws-sdk/client-s3';

import { codebuildService } from '../adapters/aws/codebuild-service.ts';
import { bucketSettings } from '../adapters/aws/s3-bucket-settings.ts';
import { s3Objects } from '../adapters/aws/s3-objects.ts';
import { type BuildService, type Clock, type LongObjects, type Objects, type RetentionCheck } from '../core/ports.ts';
import { bucketRetentionCheck } from '../core/retention/bucket-check.ts';
import { type RetentionPolicy } from '../core/retention/policy.ts';
import { type FunctionEnvironment } from './environment.ts';

/** Where runs are started and looked up, what they hand over and builds leave, and whether that is kept as the policy says. */
export interface Runs {
  readonly buildService: BuildService;
  readonly objects: Objects & LongObjects;
  readonly retentionCheck: RetentionCheck;
}

/** @param options for each client. */
export function runs(
  { bucket, projectPrefix }: FunctionEnvironment,
  rules: { readonly policy: RetentionPolicy; readonly clock: Clock },
  options: Pick<CodeBuildClientConfig, 'requestHandler'>,
): Runs {
  const s3 = new S3Client(options);
  return {
    buildService: codebuildService(new CodeBuildClient(options), { projectPrefix }),
    objects: s3Objects(s3, { bucket, ...rules }),
    retentionCheck: bucketRetentionCheck({ settings: () => bucketSettings(s3, bucket) }, rules.policy),
  };
}
