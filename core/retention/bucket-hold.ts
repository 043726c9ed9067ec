import { type Build } from '../build.ts';
import { type Outcome, failure, success } from '../failure.ts';
import { findBuild } from '../find-build.ts';
import { type BuildId } from '../identity.ts';
import { type KeptBucket } from '../ports.ts';
import { isInBucket, notInBucket, versionsOfBuild } from './build-versions.ts';
import { type HoldPorts, holdBuild, releaseHold } from './hold.ts';

export interface BucketHoldPorts extends HoldPorts {
  readonly bucket: KeptBucket;
}

/** A build whose hold changed in a bucket, and how many versions of objects that reached. */
export interface BucketHold {
  readonly build: Build;
  readonly versions: number;
}

/**
 * Puts a build whose objects a bucket expires by itself under a legal hold: in the records first, then each version of all that it
 * left. Asking again for the same reason holds what is not held yet: what a crash left out, or a diag bundle that came later.
 *
 * @returns as `holdBuild`; HOLD_REFUSED too where the build has not ended, since what it is still to write would not be held, where
 *   nothing of it is in the bucket, and where somebody released it meanwhile.
 */
export async function holdInBucket(ports: BucketHoldPorts, id: BuildId, by: string, reason: string): Promise<Outcome<BucketHold>> {
  const found = await findBuild(ports.records, id);
  if (!found.ok) return found;
  if (found.value.settled_at === null)
    return failure(
      'HOLD_REFUSED',
      `the build ${id} has not ended, and what it is still to write would not be held`,
      'ask again when it has',
    );
  if (!(await isInBucket(ports.bucket, found.value))) return { ok: false, failure: notInBucket('HOLD_REFUSED', id) };
  return inBucket(ports, await holdBuild(ports, id, by, reason), true);
}

/**
 * Ends a legal hold in a bucket: in the records first, then of each version; what has been due since goes as the bucket's rules
 * say. Asking again for the same reason releases what a crash left held.
 *
 * @returns as `releaseHold`; HOLD_REFUSED too where nothing of it is in the bucket, and where somebody held it meanwhile.
 */
export async function releaseInBucket(ports: BucketHoldPorts, id: BuildId, by: string, reason: string): Promise<Outcome<BucketHold>> {
  const found = await findBuild(ports.records, id);
  if (!found.ok) return found;
  if (!(await isInBucket(ports.bucket, found.value))) return { ok: false, failure: notInBucket('HOLD_REFUSED', id) };
  return inBucket(ports, await releaseHold(ports, id, by, reason), false);
}

async function inBucket({ bucket, records }: BucketHoldPorts, recorded: Outcome<Build>, on: boolean): Promise<Outcome<BucketHold>> {
  if (!recorded.ok) return recorded;
  let versions = 0;
  for await (const version of versionsOfBuild(bucket, recorded.value)) {
    await bucket.setLegalHold(version, on);
    versions += 1;
  }
  const now = await records.readBuild(recorded.value.build_id);
  if (now?.hold?.at === recorded.value.hold?.at) return success({ build: recorded.value, versions });
  return failure(
    'HOLD_REFUSED',
    `somebody else ${on ? 'released' : 'held'} the build ${recorded.value.build_id} at the same time, and its objects may be held or not`,
    'ask again for what is to be',
  );
}
