import { dynamoRecords } from '../adapters/aws/dynamo-records.ts';
import { gzip } from '../adapters/local/gzip.ts';
import { systemClock, systemIds, systemRandomness } from '../adapters/local/system.ts';
import { type CompletePorts } from '../core/complete.ts';
import { type Config } from '../core/config.ts';
import { deployedFingerprint } from '../core/deployed-fingerprint.ts';
import { type BuilderName } from '../core/identity.ts';
import { type Turns } from '../core/turn.ts';
import { type BoundFunction, boundFunction, clientOptions } from './bound-function.ts';
import { readDeployment } from './deployment-file.ts';
import { artifactCheckOnDemand, once, outgoingOnDemand, retentionCheckOnDemand, runsOnDemand } from './on-demand.ts';
import { scrubText } from './scrub-text.ts';
import { turnQueue } from './turn-queue.ts';

/** What a function works with that goes on with builds: the domain's ports over AWS. */
export interface BoundDispatcher extends BoundFunction {
  readonly ports: CompletePorts;
  readonly config: Config;
  readonly turns: Turns;
  /** Runs will be dealt with: what that takes is loaded while the records are read. */
  readonly expectRuns: () => void;
}

/**
 * Binds all ports to the deployment that a function belongs to. The records and the queue are there at once; the rest is loaded
 * when it is used, and EC2's client alone takes longer than all others together.
 *
 * @param folder holds `deployment.json`.
 * @throws FailureError DEPLOYMENT_INVALID where the environment or that file does not fit, with every fault of it.
 */
export async function boundDispatcher(variables: Readonly<Record<string, string | undefined>>, folder: string): Promise<BoundDispatcher> {
  // It is loaded for what runs hand over in any case.
  const bound = boundFunction(variables, async () => scrubText(systemRandomness));
  const { environment, dynamo } = bound;
  const deployment = await readDeployment(folder);
  const { config } = deployment;
  const kept = { policy: config.retention, clock: systemClock };
  const runs = once(async () => (await import('./runs.ts')).runs(environment, kept, clientOptions));
  const outgoing = once(async () => (await import('./outgoing.ts')).outgoing(environment, dynamo, clientOptions));
  const rules = once(async () => (await import('./bucket-rules.ts')).bucketRules(environment, config.retention, clientOptions));
  const images = once(async () => (await import('./images.ts')).accountImages(environment, clientOptions));
  const ports = {
    records: dynamoRecords(dynamo, environment.table),
    clock: systemClock,
    ids: systemIds,
    ...outgoingOnDemand(outgoing),
    ...runsOnDemand(runs),
    artifactCheck: artifactCheckOnDemand(images),
    retentionCheck: retentionCheckOnDemand(rules),
    deployedSource: {
      fingerprint: async (builder: BuilderName, asked: Readonly<Record<string, string>>) => deployedFingerprint(deployment, builder, asked),
    },
    compression: gzip,
    randomness: systemRandomness,
  };
  return {
    ...bound,
    ports,
    config,
    turns: turnQueue(environment, clientOptions),
    // Where it fails, the call that needs it tries again and says so.
    expectRuns: () => void runs().catch(() => undefined),
  };
}
