import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

import { systemClock } from '../adapters/local/system.ts';
import { type Count, functionCounts } from './counts.ts';
import { type FunctionEnvironment, functionEnvironment } from './environment.ts';
import { type FunctionLog, type Output, functionLog } from './log.ts';
import { type ScrubText } from './scrub-text.ts';

/** What every function works with. */
export interface BoundFunction extends FunctionLog {
  readonly environment: FunctionEnvironment;
  /** Where the records are. */
  readonly dynamo: DynamoDBClient;
  readonly count: Count;
}

/** For each client. A connection that is not made, or on which nothing comes any more, must not cost a function its time. Milliseconds. */
export const clientOptions = { requestHandler: { connectionTimeout: 2_000, socketTimeout: 20_000 } } as const;

/**
 * Binds a function to its deployment, its log and its counts. What only some functions need, those bind themselves.
 *
 * @param loadScrub gives what a problem is scrubbed with before it is logged.
 * @throws FailureError DEPLOYMENT_INVALID where the environment does not fit, with every fault of it.
 */
export function boundFunction(variables: Readonly<Record<string, string | undefined>>, loadScrub: () => Promise<ScrubText>): BoundFunction {
  const environment = functionEnvironment(variables);
  const dynamo = new DynamoDBClient(clientOptions);
  const output: Output = { service: environment.service, clock: systemClock, write: (line) => void process.stdout.write(line) };
  return {
    environment,
    dynamo,
    ...functionLog(output, loadScrub),
    count: functionCounts(output),
  };
}
