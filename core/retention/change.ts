import { type Build } from '../build.ts';
import { callerNamed, timestamp } from '../identity.ts';
import { type Clock, type KeptObjects, type Records } from '../ports.ts';
import { type RetentionChange, longestRetentionChanges } from './build-retention.ts';
import { withNote } from './folded-notes.ts';
import { type RetentionTerms } from './policy.ts';

export interface ChangePorts {
  readonly records: Records;
  readonly clock: Clock;
  /** Lets all that a build left be kept as its record says; doing it again changes nothing. */
  readonly keepAsRecorded: (build: Build) => Promise<void>;
  /** Why what a build left cannot be kept by other terms; undefined where it can. */
  readonly obstacle: (build: Build, to: RetentionTerms) => Obstacle | undefined;
}

/** `gone`: some of it has gone, or may have. `lock`: the store does not change its lock so. */
export interface Obstacle {
  readonly why: 'gone' | 'lock';
  readonly message: string;
  readonly remedy: string;
}

/** The ports of one machine: there the tags are all there is to change. */
export function changePortsOf({
  records,
  kept,
  clock,
}: {
  readonly records: Records;
  readonly kept: Pick<KeptObjects, 'giveClass'>;
  readonly clock: Clock;
}): ChangePorts {
  return {
    records,
    clock,
    keepAsRecorded: ({ build_id: id, retention }) => kept.giveClass(id, retention),
    obstacle: ({ build_id: id, expired }) =>
      expired === null
        ? undefined
        : {
            why: 'gone',
            message: `what the build ${id} left has expired, and goes since ${expired.at}`,
            remedy: 'see what is left of it: hybridcore-packer retention audit',
          },
  };
}

/** Who wants builds to be kept otherwise, and why. */
export interface Wish {
  readonly by: string;
  readonly reason: string;
}

/** A class that a build is to have. */
export interface WantedClass extends Wish {
  readonly class: string;
}

/** What a build is to be kept by from now on. */
export interface WantedChange extends WantedClass {
  readonly terms: RetentionTerms;
}

/**
 * The record of a build that is kept otherwise from now on; its objects are not yet (`finishChange`). A change is only made where
 * the one before was carried out to its end.
 *
 * @param from what it is kept by up to now.
 * @param now milliseconds since 1970.
 */
export function withChange(build: Build, from: RetentionTerms, wanted: WantedChange, now: number): Build {
  const { class: to, terms, by, reason } = wanted;
  const at = timestamp(now);
  const change: RetentionChange = { at, by: callerNamed(by), reason, from: build.retention, from_terms: from, to, tagged_at: null };
  // With the room for when it will have been carried out.
  const { notes, leftOut } = withNote(build.retention_changes, { ...change, tagged_at: at }, longestRetentionChanges);
  return {
    ...build,
    version: build.version + 1,
    retention: to,
    retention_terms: terms,
    retention_changes: [...notes.slice(0, -1), change],
    retention_changes_left_out: build.retention_changes_left_out + leftOut,
  };
}

/** Whether a change of a build's retention is in its record, and its objects are not all kept so yet. */
export function isHalfChanged({ retention_changes: changes }: Build): boolean {
  return changes.at(-1)?.tagged_at === null;
}

/** Carries a change of a build's retention out to its end where that was not done; else does nothing. */
export async function finishChange(ports: ChangePorts, build: Build): Promise<Build> {
  const last = build.retention_changes.at(-1);
  if (last === undefined || last.tagged_at !== null) return build;
  await ports.keepAsRecorded(build);
  const changes = [...build.retention_changes.slice(0, -1), { ...last, tagged_at: timestamp(ports.clock.now()) }];
  const document: Build = { ...build, version: build.version + 1, retention_changes: changes };
  if ((await ports.records.commit([{ type: 'build', expected: build.version, document }])).committed) return document;
  // Somebody else wrote meanwhile: a hold, or the same change.
  const current = await ports.records.readBuild(build.build_id);
  return current === undefined ? build : finishChange(ports, current);
}
