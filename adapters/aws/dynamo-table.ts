import { type DynamoDBClient } from '@aws-sdk/client-dynamodb';

import { functionVariables } from '../../core/contract/deployment.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type Pause } from './backoff.ts';
import { type Explanations, explained } from './service-failure.ts';

interface NamedTable {
  readonly client: DynamoDBClient;
  readonly name: string;
}

/** A table, how to reach it, and how to wait for it. */
export interface DynamoTable extends NamedTable {
  readonly pause: Pause;
}

/** How often something is tried that others are in the way of, or that DynamoDB puts off; the SDK's own retries not counted. */
const mostTrials = 10;

const explanations: Explanations = {
  ResourceNotFoundException: {
    problem: 'does not exist',
    remedy: `deploy the stack, or name its table with ${functionVariables.table} and its region with AWS_REGION`,
  },
  ValidationException: {
    problem: 'refused a request',
    remedy: 'deploy the stack of this version: its keys and indexes have to be those that this program knows',
  },
};

/**
 * The answer to one request.
 *
 * @param action as IAM names it, without the service.
 * @param subject what it is about, where a failure is to say more than the table.
 * @throws FailureError STORAGE where the service failed it for good.
 */
export async function answerOf<T>(table: NamedTable, action: string, request: () => Promise<T>, subject?: string): Promise<T> {
  const called = { what: await named(table), action: `dynamodb:${action}`, ...(subject === undefined ? {} : { subject }) };
  return explained(called, request, explanations);
}

/** Waits before the next trial. @throws FailureError STORAGE where there were enough. */
export async function pauseAfter(table: DynamoTable, trial: number, problem: string): Promise<void> {
  if (trial >= mostTrials) {
    throw new FailureError({
      rule: 'STORAGE',
      message: `${await named(table)} ${problem}, also after ${mostTrials} trials`,
      remedy: 'try again in a minute; where it stays so, look at the table for throttled requests and conflicts',
    });
  }
  await table.pause(trial);
}

/** The table as failures name it. */
export async function named({ client, name }: NamedTable): Promise<string> {
  const region = await client.config.region().catch(() => 'an unknown region');
  return `the DynamoDB table ${name} in ${region}`;
}
