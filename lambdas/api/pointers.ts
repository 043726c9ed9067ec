import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';

import { ssmPointers } from '../../adapters/aws/ssm-pointers.ts';
import { type ChannelPointers } from '../../core/ports.ts';
import { type FunctionEnvironment } from '../environment.ts';

/** The parameters that show what is published. @param options for the client. */
export function pointers({ region }: FunctionEnvironment, options: Pick<SSMClientConfig, 'requestHandler'>): ChannelPointers {
  return ssmPointers(new SSMClient(options), { region });
}
