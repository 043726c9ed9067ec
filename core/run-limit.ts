import { milliseconds } from './duration.ts';

/** How long an attempt has, after it was asked to stop or its time is up, before it is ended by force: packer's clean-up can need two minutes. Milliseconds. */
export const stopGrace = 150_000;

/** How often a running attempt looks whether it is asked to stop: in a folder, and in a bucket, where each look is paid for. Milliseconds. */
export const stopPoll = { folder: 500, bucket: 2000 } as const;

/** What a build service may need before the attempt begins: a machine, the source, the command line and packer. Milliseconds. */
const preparation = 15 * 60_000;

/**
 * After how many milliseconds a build service ends a run by force. The attempt watches its own time limit, which begins
 * later than the run: so that packer gets its clean-up, and the attempt can hand over, this is longer.
 *
 * @param timeout the time limit of one attempt, as `hybridcore.yaml` has it.
 */
export function runLimit(timeout: string): number {
  return preparation + milliseconds(timeout) + stopGrace;
}
