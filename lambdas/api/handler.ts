import type { APIGatewayProxyResult, Context } from 'aws-lambda';

import { dynamoRecords } from '../../adapters/aws/dynamo-records.ts';
import { gzip } from '../../adapters/local/gzip.ts';
import { systemClock, systemIds, systemRandomness } from '../../adapters/local/system.ts';
import { type ApiDispatcher } from '../../core/api/dispatcher.ts';
import { createOutgoing } from '../../core/scrub/outgoing.ts';
import { boundFunction, clientOptions } from '../bound-function.ts';
import { readDeployment } from '../deployment-file.ts';
import { objectsOnDemand, once, turnsOnDemand } from '../on-demand.ts';
import { type ApiDependencies, answerEvent } from './answer-event.ts';

const scrub = once(async () => (await import('../scrub-text.ts')).scrubText(systemRandomness));
const bound = boundFunction(process.env, scrub);
const outgoing = createOutgoing(systemRandomness.bytes(32));
const { environment } = bound;
const { config } = await readDeployment(import.meta.dirname);
const rules = { policy: config.retention, clock: systemClock };
const queue = once(async () => (await import('../turn-queue.ts')).turnQueue(environment, clientOptions));
const bucket = once(async () => (await import('./bucket.ts')).bucket(environment, rules, clientOptions));
const consoles = once(async () => (await import('./consoles.ts')).consoles(environment, outgoing, clientOptions));
const raising = once(async () => (await import('./raise.ts')).raising(environment, { records, ...rules }, clientOptions));
const pointers = once(async () => (await import('./pointers.ts')).pointers(environment, clientOptions));

const records = dynamoRecords(bound.dynamo, environment.table);
const objects = objectsOnDemand(async () => (await bucket()).objects);
const dispatcher: Omit<ApiDispatcher, 'tell'> = {
  config,
  ports: { records, clock: systemClock, ids: systemIds, objects },
  turns: turnsOnDemand(queue),
  links: { link: async (key) => (await bucket()).links.link(key) },
  pointers: { point: async (channel, image) => (await pointers()).point(channel, image) },
  consoles: { read: async (run, after) => (await consoles()).read(run, after) },
  scrub: (text) => outgoing.text(text),
  raise: async (id, wanted) => (await raising())(id, wanted),
  bundle: async (build) =>
    (await import('./bundles.ts')).bundle(
      { records, objects, compression: gzip, randomness: systemRandomness, clock: systemClock },
      config,
      build,
    ),
};
const dependencies: ApiDependencies = { ...bound, dispatcher, outgoing };

/** What Lambda calls: API Gateway hands over a request. */
export async function handler(event: unknown, context: Context): Promise<APIGatewayProxyResult> {
  bound.begin(context);
  return answerEvent(dependencies, event);
}
