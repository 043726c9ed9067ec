import type { Context } from 'aws-lambda';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

import { dynamoRecords } from '../adapters/aws/dynamo-records.ts';
import { gzip } from '../adapters/local/gzip.ts';
import { systemClock, systemIds, systemRandomness } from '../adapters/local/system.ts';
import { type CompletePorts } from '../core/complete.ts';
import { type Config } from '../core/config.ts';
import { deployedFingerprint } from '../core/deployed-fingerprint.ts';
import { type DispatchPorts } from '../core/dispatch.ts';
import { type BuilderName } from '../core/identity.ts';
import { type Turns } from '../core/turn.ts';
import { type Count, functionCounts } from './counts.ts';
import { readDeployment } from './deployment-file.ts';
import { functionEnvironment } from './environment.ts';
import { type Log, type Output, functionLog } from './log.ts';
import { artifactCheckOnDemand, once, outgoingOnDemand, runsOnDemand, turnsOnDemand } from './on-demand.ts';
import { scrubText } from './scrub-text.ts';

/** What the functions work with: the domain's ports over AWS. */
export interface BoundDispatcher {
  readonly ports: CompletePorts & DispatchPorts;
  readonly config: Config;
  readonly turns: Turns;
  readonly log: Log;
  readonly count: Count;
  /** An invocation begins: the lines that follow name it. */
  readonly begin: (context: Context) => void;
  /** Runs will be dealt with: what that takes is loaded while the records are read. */
  readonly expectRuns: () => void;
}

/** A connection that is not made, or on which nothing comes any more, must not cost a function its time. Milliseconds. */
const options = { requestHandler: { connectionTimeout: 2_000, socketTimeout: 20_000 } } as const;

/**
 * Binds the ports to the deployment that a function belongs to. The records are there at once; the rest is loaded when it
 * is used, and EC2's client alone takes longer than all others together.
 *
 * @param folder holds `deployment.json`.
 * @throws FailureError DEPLOYMENT_INVALID where the environment or that file does not fit, with every fault of it.
 */
export async function boundDispatcher(variables: Readonly<Record<string, string | undefined>>, folder: string): Promise<BoundDispatcher> {
  const environment = functionEnvironment(variables);
  const deployment = await readDeployment(folder);
  const { config } = deployment;
  const dynamo = new DynamoDBClient(options);
  const rules = { policy: config.retention, clock: systemClock };
  const runs = once(async () => (await import('./runs.ts')).runs(environment, rules, options));
  const outgoing = once(async () => (await import('./outgoing.ts')).outgoing(environment, dynamo, options));
  const images = once(async () => (await import('./images.ts')).accountImages(environment, options));
  const queue = once(async () => (await import('./turn-queue.ts')).turnQueue(environment, options));
  const output: Output = { service: environment.service, clock: systemClock, write: (line) => void process.stdout.write(line) };
  const ports = {
    ...outgoingOnDemand(outgoing),
    ...runsOnDemand(runs),
    records: dynamoRecords(dynamo, environment.table),
    artifactCheck: artifactCheckOnDemand(images),
    deployedSource: {
      fingerprint: async (builder: BuilderName, asked: Readonly<Record<string, string>>) => deployedFingerprint(deployment, builder, asked),
    },
    compression: gzip,
    randomness: systemRandomness,
    clock: systemClock,
    ids: systemIds,
  };
  return {
    ports,
    ...functionLog(output, scrubText(systemRandomness)),
    count: functionCounts(output),
    config,
    turns: turnsOnDemand(queue),
    // Where it fails, the call that needs it tries again and says so.
    expectRuns: () => void runs().catch(() => undefined),
  };
}
