import type { Context } from 'aws-lambda';

import { type DispatchDocument } from '../../core/documents.ts';
import { type Result } from '../../core/result.ts';
import { boundDispatcher } from '../dispatcher.ts';
import { dispatchRequest } from './dispatch-request.ts';

const dispatcher = await boundDispatcher(process.env, import.meta.dirname);

/** What Lambda calls: a caller or a schedule asks for a build. */
export async function handler(call: unknown, context: Context): Promise<DispatchDocument | Result> {
  dispatcher.begin(context);
  return dispatchRequest(dispatcher, call, context.awsRequestId);
}
