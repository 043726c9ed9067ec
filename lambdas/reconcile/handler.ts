import type { Context } from 'aws-lambda';

import { dynamoOpenBuilds } from '../../adapters/aws/dynamo-open-builds.ts';
import { systemRandomness } from '../../adapters/local/system.ts';
import { boundFunction, clientOptions } from '../bound-function.ts';
import { once } from '../on-demand.ts';
import { turnQueue } from '../turn-queue.ts';
import { sweep } from './sweep.ts';

const scrub = once(async () => (await import('../scrub-text.ts')).scrubText(systemRandomness));
const bound = boundFunction(process.env, scrub);
const sweeper = {
  ...bound,
  ports: { records: dynamoOpenBuilds(bound.dynamo, bound.environment.table) },
  turns: turnQueue(bound.environment, clientOptions),
};

/** What Lambda calls every five minutes. */
export async function handler(_event: unknown, context: Context): Promise<{ readonly open: number }> {
  sweeper.begin(context);
  return sweep(sweeper);
}
