import { type Build } from '../build.ts';
import { tagKeys } from '../contract/deployment.ts';
import { buildInKey, expiringPrefixes } from '../contract/key-patterns.ts';
import { type Outcome } from '../failure.ts';
import { findBuild } from '../find-build.ts';
import { type BuildId, timestamp } from '../identity.ts';
import { type Clock, type KeptBucket, type ListedVersion, type Records, type VersionKeeping } from '../ports.ts';
import { keptBuild } from './bucket-findings.ts';
import { buildTerms } from './build-terms.ts';
import { isInBucket, notInBucket, versionsOfBuild } from './build-versions.ts';
import { type ChangePorts, type Obstacle, type WantedClass, isHalfChanged } from './change.ts';
import { type Lock, dayMilliseconds } from './lifecycle.ts';
import { type PlanPorts } from './policy-plan.ts';
import { type RetentionPolicy, type RetentionTerms } from './policy.ts';
import { raiseClass } from './raise.ts';

export interface BucketChangePorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly bucket: KeptBucket;
}

/** The ports of a home whose bucket lets objects go by their tags, and keeps them by their locks. */
export function bucketChangePorts({ records, clock, bucket }: BucketChangePorts, policy: RetentionPolicy): ChangePorts {
  return {
    records,
    clock,
    keepAsRecorded: (build) => keepInBucket(bucket, policy, build),
    obstacle: (build, to) => obstacleInBucket(build, to, policy, clock.now()),
  };
}

function obstacleInBucket(build: Build, to: RetentionTerms, policy: RetentionPolicy, now: number): Obstacle | undefined {
  const { build_id: id } = build;
  const last = build.retention_changes.at(-1);
  // Where a change was cut off, its objects may have the tags of before.
  const kept = last !== undefined && isHalfChanged(build) ? { ...build, retention_terms: last.from_terms } : build;
  const first = Math.min(...keptBuild(kept, policy).names.flatMap(({ expires, until }) => (expires ? [until] : [])));
  if (first <= now)
    return {
      why: 'gone',
      message: `what the build ${id} left expires since ${timestamp(first)}, and the bucket lets it go`,
      remedy: 'what is still there can be put under a legal hold: hybridcore-packer retention hold',
    };
  const { lock } = buildTerms(kept, policy) ?? {};
  return lock === 'GOVERNANCE' && to.lock === 'COMPLIANCE'
    ? {
        why: 'lock',
        message: `S3 turns a lock from GOVERNANCE into COMPLIANCE only for who may bypass governance, and nobody here may: the build ${id} keeps its lock`,
        remedy: 'name a class with the lock GOVERNANCE, or put it under a legal hold: hybridcore-packer retention hold',
      }
    : undefined;
}

/** What a bucket's rules let go, by its keys: the copies of the newest, whose keys name no build, are left out. */
export function bucketPlanPorts({ records, bucket }: Omit<BucketChangePorts, 'clock'>): PlanPorts {
  return {
    records,
    async *keptObjects() {
      for (const prefix of expiringPrefixes)
        for await (const { key, size, latest, deleteMarker } of bucket.versions(prefix))
          if (latest && !deleteMarker) yield { build: buildInKey(key) ?? '', size };
    },
  };
}

/**
 * Raises the class of a build whose objects a bucket expires by itself, as `raiseClass` does: every version of all that it left
 * gets the class as a tag, and its lock where it has one.
 *
 * @returns as `raiseClass`; RAISE_REFUSED too where nothing of it is in the bucket, where the first of its objects may have gone
 *   already, since what is hidden behind a delete marker goes whatever its tags say, and where S3 does not change the lock so.
 */
export async function raiseInBucket(
  ports: BucketChangePorts,
  policy: RetentionPolicy,
  id: BuildId,
  wanted: WantedClass,
): Promise<Outcome<Build>> {
  const found = await findBuild(ports.records, id);
  if (!found.ok) return found;
  if (!(await isInBucket(ports.bucket, found.value))) return { ok: false, failure: notInBucket('RAISE_REFUSED', id) };
  return raiseClass(bucketChangePorts(ports, policy), policy, id, wanted);
}

/** Gives every version of what a build left the class and the lock that its record says. Costs two to four calls a version. */
async function keepInBucket(bucket: KeptBucket, policy: RetentionPolicy, build: Build): Promise<void> {
  const terms = buildTerms(build, policy);
  const last = build.retention_changes.at(-1);
  if (terms === undefined) return;
  // Another number of days for the same class is the bucket's rules' to keep.
  if (last !== undefined && last.from === last.to && terms.lock === undefined) return;
  for await (const version of versionsOfBuild(bucket, build)) {
    const seen = await bucket.look(version);
    if (seen === undefined) continue;
    const lock = lockFor(version, terms, seen);
    if (lock !== undefined) await bucket.lock(version, lock);
    if (seen.tags[tagKeys.retention] !== build.retention) await bucket.tag(version, { ...seen.tags, [tagKeys.retention]: build.retention });
  }
}

/** The lock that a version lacks; undefined where it is kept so long already. A lock is never shortened, and keeps its mode. */
function lockFor(
  { created }: ListedVersion,
  { lock: mode, days }: { readonly lock?: Lock['mode'] | undefined; readonly days: number },
  { lock: standing }: VersionKeeping,
): Lock | undefined {
  if (mode === undefined) return undefined;
  const wanted: Lock = { mode, until: created + days * dayMilliseconds };
  if (standing === null) return wanted;
  return standing.until < wanted.until ? { mode: standing.mode, until: wanted.until } : undefined;
}
