import { CodeBuildClient, type CodeBuildClientConfig } from '@aws-sdk/client-codebuild';
import { S3Client } from '@aws-sdk/client-s3';

import { codebuildService } from '../adapters/aws/codebuild-service.ts';
import { s3Objects } from '../adapters/aws/s3-objects.ts';
import { type BuildService, type Clock, type LongObjects, type Objects } from '../core/ports.ts';
import { type RetentionPolicy } from '../core/retention/policy.ts';
import { type FunctionEnvironment } from './environment.ts';

/** Where runs are started and looked up, and what they hand over and builds leave. */
export interface Runs {
  readonly buildService: BuildService;
  readonly objects: Objects & LongObjects;
}

/** @param options for each client. */
export function runs(
  { bucket, projectPrefix }: FunctionEnvironment,
  rules: { readonly policy: RetentionPolicy; readonly clock: Clock },
  options: Pick<CodeBuildClientConfig, 'requestHandler'>,
): Runs {
  return {
    buildService: codebuildService(new CodeBuildClient(options), { projectPrefix }),
    objects: s3Objects(new S3Client(options), { bucket, ...rules }),
  };
}
