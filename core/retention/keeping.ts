import { type Build } from '../build.ts';
import { type Failure } from '../failure.ts';
import { type Timestamp, timestamp } from '../identity.ts';
import { type Clock, type RetentionCheck } from '../ports.ts';

/** Whether a build may go on where its objects will be kept. */
export type Keeping =
  | { readonly state: 'kept' }
  /** It has been so for too short a time: to be looked at again at `again`, in milliseconds since 1970. */
  | { readonly state: 'doubtful'; readonly since: Timestamp; readonly again: number }
  | { readonly state: 'unkept'; readonly failure: Failure };

/**
 * How long rules have to differ from the policy before that is a violation. A deployment that changes the policy changes the
 * bucket some minutes before the functions that hold the policy, and S3 some minutes later than it says. Milliseconds.
 */
export const unkeptPatience = 15 * 60_000;

/** When rules that differ are looked at again. Milliseconds. */
const unkeptPause = 3 * 60_000;

/** Whether what a build leaves would be kept as the policy says, looked at now. */
export async function keepingOf(
  { retentionCheck, clock }: { readonly retentionCheck: RetentionCheck; readonly clock: Clock },
  { unkept_since: known }: Build,
): Promise<Keeping> {
  const failure = await retentionCheck.look();
  if (failure === undefined) return { state: 'kept' };
  const now = clock.now();
  const since = known ?? timestamp(now);
  const due = Date.parse(since) + unkeptPatience;
  return now < due ? { state: 'doubtful', since, again: Math.min(now + unkeptPause, due) } : { state: 'unkept', failure };
}
