import type { Context } from 'aws-lambda';

import { boundDispatcher } from '../dispatcher.ts';
import { sweep } from './sweep.ts';

const dispatcher = await boundDispatcher(process.env, import.meta.dirname);

/** What Lambda calls every five minutes. */
export async function handler(_event: unknown, context: Context): Promise<{ readonly open: number }> {
  dispatcher.begin(context);
  return sweep(dispatcher);
}
