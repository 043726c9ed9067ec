import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';

import { sqsTurns } from '../adapters/aws/sqs-turns.ts';
import { type Turns } from '../core/turn.ts';
import { type FunctionEnvironment } from './environment.ts';

/** The function's own queue. @param options for its client. */
export function turnQueue({ queue }: FunctionEnvironment, options: Pick<SQSClientConfig, 'requestHandler'>): Turns {
  return sqsTurns(new SQSClient(options), queue);
}
