import { Digest, digestOfJson } from './digest.ts';
import { BuildId, RunId, Timestamp } from './identity.ts';
import { namesOf } from './names-of.ts';
import { RunStatus } from './run-record.ts';
import * as z from './zod.ts';

/** Why an event has no effect. */
const strayReasons = {
  'unknown-build': 'it names no build, or one that the records do not hold',
  'final-build': 'its build had ended before it came',
  'unknown-run': 'its build has no such run: a start that was asked for twice, or somebody else',
} as const;

/** An event of the build service that had no effect, recorded once however often it comes. The record of `Records`. */
export const StrayEvent = z.lazy(() =>
  z.strictObject({
    schema: z.literal('hybridcore-packer/stray-event/1'),
    version: z.int().check(z.positive()),
    event_id: Digest,
    run: RunId,
    status: RunStatus,
    /** As the event claims it. */
    build_id: z.nullable(BuildId),
    why: z.literal(namesOf(strayReasons)),
    received_at: Timestamp,
  }),
);
export type StrayEvent = z.infer<typeof StrayEvent>;

/** The id of an event: the digest over the run and its status, which a run reaches once. */
export function eventIdOf(run: RunId, status: RunStatus): Digest {
  return digestOfJson([run, status]);
}
