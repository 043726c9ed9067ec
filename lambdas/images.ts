import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';

import { ec2Images } from '../adapters/aws/ec2-images.ts';
import { type ArtifactCheck } from '../core/ports.ts';
import { type FunctionEnvironment } from './environment.ts';

/** The account's own images, in whichever region they are. @param options for each client. */
export function accountImages({ account, region }: FunctionEnvironment, options: Pick<EC2ClientConfig, 'requestHandler'>): ArtifactCheck {
  return ec2Images((where) => new EC2Client({ ...options, region: where }), { account, region });
}
