import { functionMemory, sweepInterval } from '../../core/contract/deployment.ts';
import { stopPoll } from '../../core/run-limit.ts';
import { type Priced } from './prices.ts';

/** How much of what has a price. */
export type Usage = Readonly<Partial<Record<Priced, number>>>;

/**
 * What each part of a successful build of one AMI uses in calls of this program. test/lambdas/usage-of-a-build.test.ts counts
 * it over the functions and adapters, and fails where it is another.
 */
export const usageOfBuild = {
  /** Its turn is received and deleted by Lambda; what it then costs is `start`. */
  dispatch: { queueRequest: 1, readUnit: 2, writeUnit: 9 },
  /** `complete`, which takes that turn. */
  start: { objectRead: 3, objectWrite: 1, readUnit: 2, writeUnit: 10 },
  /** Without its looks for a word to stop, which depend on how long it runs. */
  attempt: { objectRead: 1, objectWrite: 3 },
  complete: { event: 1, objectRead: 13, objectWrite: 9, readUnit: 8, writeUnit: 25 },
  /** A sweep that finds this one build under way, and `complete`, which takes its turn. */
  sweepBeside: { objectWrite: 1, queueRequest: 1, readUnit: 4.5 },
  /** A sweep that finds nothing open. */
  idleSweep: { readUnit: 0.5 },
} as const satisfies Readonly<Record<string, Usage>>;

/** What a stack has all the time, whatever is built. test/scripts/cost.test.ts counts it in the synthesized example. */
export const standing = { alarm: 21, dashboard: 1, key: 1 } as const satisfies Usage;

/**
 * What nobody has measured in an account: put your own in. Minutes and seconds of a function are billed as they pass, so they
 * are the numbers that matter.
 */
export const assumed = {
  /** How long CodeBuild runs, from the provisioning to the end. */
  buildMinutes: 30,
  /** Seconds of the functions, with a cold start of `dispatch` and two of `complete`. */
  dispatchSeconds: 1,
  startSeconds: 2,
  completeSeconds: 6,
  /** Of a sweep, and of `complete` with a turn of it. */
  sweepSeconds: 0.5,
  sweptSeconds: 0.5,
  /** Of `api` for a request that reads, and what the two logs keep of it, in MB. */
  apiSeconds: 0.1,
  apiLog: 0.001,
  /** What packer prints, and what a sweep leaves in its log, in MB. */
  buildLog: 1,
  sweepLog: 0.0015,
  /** Metrics that each sweep counts: builds open, and problems. */
  metrics: 2,
} as const;

const gigabytes = {
  dispatch: functionMemory.dispatch / 1024,
  complete: functionMemory.complete / 1024,
  sweep: functionMemory.reconcile / 1024,
  api: functionMemory.api / 1024,
};

/** The source of the project, and the head and body of the command line's file. */
const fetches = 3;
/** The event of CodeBuild is sent to the queue; who sends a turn has been counted. Each is received, and deleted. */
const requestsOf = { event: 3, turn: 2 } as const;
/** Lambda polls a queue with five connections, each for 20 seconds: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html. */
const pollsAMinute = 15;
const sweepMinutes = sweepInterval / 60_000;
const minutesOfMonth = 30 * 24 * 60;

/** All that one build uses, in a stack that is there anyway. */
export function usageOfWholeBuild(): Usage {
  const { dispatch, start, attempt, complete, sweepBeside } = usageOfBuild;
  const sweeps = Math.ceil(assumed.buildMinutes / sweepMinutes);
  return added(
    dispatch,
    start,
    attempt,
    complete,
    times(sweepBeside, sweeps),
    // The sweeps themselves come anyway.
    times(usageOfBuild.idleSweep, -sweeps),
    {
      buildMinute: assumed.buildMinutes,
      functionSecond:
        assumed.dispatchSeconds * gigabytes.dispatch +
        (assumed.startSeconds + assumed.completeSeconds + sweeps * assumed.sweptSeconds) * gigabytes.complete,
      invocation: 3 + sweeps,
      objectRead: (assumed.buildMinutes * 60_000) / stopPoll.bucket + fetches,
      queueRequest: requestsOf.event + (1 + sweeps) * requestsOf.turn,
      logGigabyte: assumed.buildLog / 1000,
    },
  );
}

/** All that a month of 30 days without a build uses. */
export function usageOfIdleMonth(): Usage {
  const sweeps = minutesOfMonth / sweepMinutes;
  return added(standing, times(usageOfBuild.idleSweep, sweeps), {
    metric: assumed.metrics,
    schedule: sweeps,
    invocation: sweeps,
    functionSecond: sweeps * assumed.sweepSeconds * gigabytes.sweep,
    queueRequest: minutesOfMonth * pollsAMinute,
    logGigabyte: (sweeps * assumed.sweepLog) / 1000,
  });
}

/** Requests of the API in the bill. */
export const apiRequests = 1000;

/** All that so many requests for the state of a build use: one that follows a build asks for nothing else. */
export function usageOfApiRequests(): Usage {
  return times(
    {
      apiRequest: 1,
      invocation: 1,
      functionSecond: assumed.apiSeconds * gigabytes.api,
      // The build, and while it waits its builder.
      readUnit: 2,
      logGigabyte: assumed.apiLog / 1000,
    },
    apiRequests,
  );
}

function times(usage: Usage, factor: number): Usage {
  return Object.fromEntries(Object.entries(usage).map(([name, count]) => [name, count * factor]));
}

function added(...usages: readonly Usage[]): Usage {
  const sum = new Map<string, number>();
  for (const usage of usages) for (const [name, count] of Object.entries(usage)) sum.set(name, (sum.get(name) ?? 0) + count);
  return Object.fromEntries(sum);
}
