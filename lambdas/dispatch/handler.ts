import type { Context } from 'aws-lambda';

import { dynamoRecords } from '../../adapters/aws/dynamo-records.ts';
import { systemClock, systemIds, systemRandomness } from '../../adapters/local/system.ts';
import { type DispatchDocument } from '../../core/documents.ts';
import { type Result } from '../../core/result.ts';
import { boundFunction, clientOptions } from '../bound-function.ts';
import { readDeployment } from '../deployment-file.ts';
import { once, turnsOnDemand } from '../on-demand.ts';
import { dispatchRequest } from './dispatch-request.ts';

const scrub = once(async () => (await import('../scrub-text.ts')).scrubText(systemRandomness));
const bound = boundFunction(process.env, scrub);
const queue = once(async () => (await import('../turn-queue.ts')).turnQueue(bound.environment, clientOptions));
const { config } = await readDeployment(import.meta.dirname);
const dispatcher = {
  ...bound,
  config,
  ports: { records: dynamoRecords(bound.dynamo, bound.environment.table), clock: systemClock, ids: systemIds },
  turns: turnsOnDemand(queue),
};

/** What Lambda calls: a caller or a schedule asks for a build. */
export async function handler(call: unknown, context: Context): Promise<DispatchDocument | Result> {
  dispatcher.begin(context);
  // While the records are read. Where it fails, the turn that is sent tries again and says so.
  void queue().catch(() => undefined);
  return dispatchRequest(dispatcher, call, context.awsRequestId);
}
