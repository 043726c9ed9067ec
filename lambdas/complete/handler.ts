import type { Context, SQSBatchResponse } from 'aws-lambda';

import { runEventOf } from '../../adapters/aws/codebuild-event.ts';
import { boundDispatcher } from '../dispatcher.ts';
import { completeMessages } from './complete-messages.ts';

const dispatcher = { ...(await boundDispatcher(process.env, import.meta.dirname)), readRunEvent: runEventOf };

/** What Lambda calls with messages of the queue. */
export async function handler(batch: unknown, context: Context): Promise<SQSBatchResponse> {
  dispatcher.begin(context);
  dispatcher.expectRuns();
  return completeMessages(dispatcher, batch);
}
