import { type Build } from '../build.ts';
import { type Outcome, failure, success } from '../failure.ts';
import { findBuild } from '../find-build.ts';
import { type BuildId, callerNamed, timestamp } from '../identity.ts';
import { visibleText } from '../packer-log/plain-text.ts';
import { type Clock, type Records } from '../ports.ts';
import { longestPastHolds } from './build-retention.ts';
import { withNote } from './folded-notes.ts';
import { noteFault } from './note-reason.ts';

export interface HoldPorts {
  readonly records: Records;
  readonly clock: Clock;
}

/** How a person is asked to go on where the same was asked for before, and may have been cut off. */
const resume = 'nothing is to be done; where it was cut off, asking again with that same reason goes on from there';

/**
 * Puts a build under a legal hold: nothing of it expires until it is released, whatever its class. Who did it and why stays in
 * the records. Asking again for the same reason changes nothing.
 *
 * @returns the build; HOLD_REFUSED where it is held for another reason, or its objects are going, BUILD_UNKNOWN or REQUEST_INVALID.
 */
export async function holdBuild(ports: HoldPorts, id: BuildId, by: string, reason: string): Promise<Outcome<Build>> {
  return changed(ports, id, { by, reason }, (build, note) => {
    if (build.hold?.reason === reason) return success(build);
    if (build.hold !== null) return failure('HOLD_REFUSED', `the build ${id} is held since ${noteText(build.hold)}`, resume);
    if (build.expired !== null && build.expired.manifest_at !== null)
      return failure(
        'HOLD_REFUSED',
        `what the build ${id} left has expired, and goes since ${build.expired.at}`,
        'see what is left of it: hybridcore-packer retention audit',
      );
    return success({ ...build, hold: note });
  });
}

/**
 * Ends a legal hold: what has been due since goes with the next sweep. Asking again for the same reason changes nothing.
 *
 * @returns as `holdBuild`; HOLD_REFUSED where it is not held.
 */
export async function releaseHold(ports: HoldPorts, id: BuildId, by: string, reason: string): Promise<Outcome<Build>> {
  return changed(ports, id, { by, reason }, (build, note) => {
    const { hold, hold_released: released } = build;
    if (hold !== null) {
      const { notes, leftOut } = withNote(build.past_holds, { ...hold, released: note }, longestPastHolds);
      const left = build.past_holds_left_out + leftOut;
      return success({ ...build, hold: null, hold_released: note, past_holds: [...notes], past_holds_left_out: left });
    }
    if (released?.reason === reason) return success(build);
    return released === null
      ? failure('HOLD_REFUSED', `the build ${id} is not held`, 'nothing is to be done')
      : failure('HOLD_REFUSED', `the build ${id} is not held: it was released at ${noteText(released)}`, resume);
  });
}

type Note = NonNullable<Build['hold']>;

function noteText({ at, by, reason }: Note): string {
  return `${at} by ${visibleText(by)}: ${visibleText(reason)}`;
}

/** @param change gives the build as it is where nothing is to be written. */
async function changed(
  { records, clock }: HoldPorts,
  id: BuildId,
  { by, reason }: Pick<Note, 'by' | 'reason'>,
  change: (build: Build, note: Note) => Outcome<Build>,
): Promise<Outcome<Build>> {
  const fault = noteFault(reason);
  for (;;) {
    const found = await findBuild(records, id);
    if (!found.ok) return found;
    const before = found.value;
    // What was recorded once may be asked for again, whatever may be recorded now.
    const isRecorded = [before.hold, before.hold_released].some((note) => note?.reason === reason);
    if (fault !== undefined && !isRecorded) return { ok: false, failure: fault };
    const after = change(before, { at: timestamp(clock.now()), by: callerNamed(by), reason });
    if (!after.ok || after.value === before) return after;
    const document: Build = { ...after.value, version: before.version + 1 };
    if ((await records.commit([{ type: 'build', expected: before.version, document }])).committed) return success(document);
  }
}
