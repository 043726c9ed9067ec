import { type Build } from '../build.ts';
import { type Outcome, failure, success } from '../failure.ts';
import { findBuild } from '../find-build.ts';
import { type BuildId, callerNamed, timestamp } from '../identity.ts';
import { type Clock, type Records } from '../ports.ts';
import { noteFault } from './note-reason.ts';

export interface HoldPorts {
  readonly records: Records;
  readonly clock: Clock;
}

/**
 * Puts a build under a legal hold: nothing of it expires until it is released, whatever its class. Who did it and why stays in
 * the records.
 *
 * @returns the build; HOLD_REFUSED where it is held already, or its objects are going, BUILD_UNKNOWN or REQUEST_INVALID.
 */
export async function holdBuild(ports: HoldPorts, id: BuildId, by: string, reason: string): Promise<Outcome<Build>> {
  return changed(ports, id, reason, (build, note) => {
    if (build.hold !== null)
      return failure(
        'HOLD_REFUSED',
        `the build ${id} is held since ${build.hold.at} by ${build.hold.by}: ${build.hold.reason}`,
        'nothing is to be done',
      );
    if (build.expired !== null && build.expired.manifest_at !== null)
      return failure(
        'HOLD_REFUSED',
        `what the build ${id} left has expired, and goes since ${build.expired.at}`,
        'see what is left of it: hybridcore-packer retention audit',
      );
    return success({ ...build, hold: { ...note, by: callerNamed(by) } });
  });
}

/** Ends a legal hold: what has been due since goes with the next sweep. @returns as `holdBuild`. */
export async function releaseHold(ports: HoldPorts, id: BuildId, by: string, reason: string): Promise<Outcome<Build>> {
  return changed(ports, id, reason, (build, note) =>
    build.hold === null
      ? failure('HOLD_REFUSED', `the build ${id} is not held`, 'nothing is to be done')
      : success({ ...build, hold: null, hold_released: { ...note, by: callerNamed(by) } }),
  );
}

async function changed(
  { records, clock }: HoldPorts,
  id: BuildId,
  reason: string,
  change: (build: Build, note: { readonly at: string; readonly reason: string }) => Outcome<Build>,
): Promise<Outcome<Build>> {
  const fault = noteFault(reason);
  if (fault !== undefined) return { ok: false, failure: fault };
  for (;;) {
    const found = await findBuild(records, id);
    if (!found.ok) return found;
    const before = found.value;
    const after = change(before, { at: timestamp(clock.now()), reason });
    if (!after.ok) return after;
    const document: Build = { ...after.value, version: before.version + 1 };
    if ((await records.commit([{ type: 'build', expected: before.version, document }])).committed) return success(document);
  }
}
