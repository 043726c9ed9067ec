import { S3Client } from '@aws-sdk/client-s3';

import { type RunId } from '../../core/identity.ts';
import { type Control, type ControlWord, type Handover, type Secrets } from '../../core/ports.ts';
import { projectSecrets } from './project-secrets.ts';
import { s3Control } from './s3-control.ts';
import { s3Handover } from './s3-handover.ts';

/** What an attempt on AWS reaches the dispatcher by, and where its secrets are. */
export interface AttemptPlace {
  readonly handover: Handover;
  readonly control: Control & { isTold(run: RunId, word: ControlWord): Promise<boolean> };
  readonly secrets: Secrets;
}

/** A connection that is not made, or on which nothing comes any more, must not keep an attempt. Milliseconds. */
const options = { requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 } } as const;

/** The place of a run in the bucket of its deployment. The region and the credentials are those that CodeBuild gives it. */
export function attemptPlace(bucket: string, run: RunId, environment: Readonly<Record<string, string | undefined>>): AttemptPlace {
  const client = new S3Client(options);
  return { handover: s3Handover(client, { bucket, run }), control: s3Control(client, bucket), secrets: projectSecrets(environment) };
}
