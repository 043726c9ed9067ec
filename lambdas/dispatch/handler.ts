import type { Context } from 'aws-lambda';

import { dynamoRecords } from '../../adapters/aws/dynamo-records.ts';
import { systemClock, systemIds } from '../../adapters/local/system.ts';
import { type DispatchDocument } from '../../core/documents.ts';
import { type Result } from '../../core/result.ts';
import { boundFunction, clientOptions } from '../bound-function.ts';
import { readDeployment } from '../deployment-file.ts';
import { turnQueue } from '../turn-queue.ts';
import { dispatchRequest } from './dispatch-request.ts';

const bound = boundFunction(process.env);
const { config } = await readDeployment(import.meta.dirname);
const dispatcher = {
  ...bound,
  config,
  ports: { records: dynamoRecords(bound.dynamo, bound.environment.table), clock: systemClock, ids: systemIds },
  turns: turnQueue(bound.environment, clientOptions),
};

/** What Lambda calls: a caller or a schedule asks for a build. */
export async function handler(call: unknown, context: Context): Promise<DispatchDocument | Result> {
  dispatcher.begin(context);
  return dispatchRequest(dispatcher, call, context.awsRequestId);
}
