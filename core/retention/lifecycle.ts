/*
 * A bucket with its lifecycle rules and what stands in it, in the words of S3. Whoever reads one (a template, a bucket)
 * brings it into this form; what follows from it is in `effective.ts`. Times are milliseconds since 1970, sizes bytes.
 */

export const dayMilliseconds = 86_400_000;

/** Which objects a rule is about: those that fit all of it. */
export interface LifecycleFilter {
  /** Empty: every key. */
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Only what is larger than so many bytes; null: whatever the size. */
  readonly largerThan: number | null;
  /** Only what is smaller than so many bytes. */
  readonly smallerThan: number | null;
}

/** What a rule does with the current version. */
export type Expiration =
  | { readonly by: 'days'; readonly days: number }
  /** From this midnight on, what comes later, too. */
  | { readonly by: 'date'; readonly date: number }
  /** Removes a delete marker that is alone, and nothing else. */
  | { readonly by: 'lone-marker' };

export interface LifecycleRule {
  readonly id: string;
  /** A disabled rule does nothing. */
  readonly enabled: boolean;
  readonly filter: LifecycleFilter;
  readonly expiration: Expiration | null;
  /** Removes versions that were noncurrent for so many days, as long as so many newer noncurrent ones stand beside them. */
  readonly noncurrent: { readonly days: number; readonly newer: number } | null;
  /** How many transitions to other storage classes it has: they delete nothing. */
  readonly transitions: number;
  /** After how many days an upload that was never completed is removed. */
  readonly abortsUploadsAfter: number | null;
}

export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';

/** Until when a version cannot be removed. The lifecycle never bypasses a lock, whatever its mode. */
export interface Lock {
  readonly mode: LockMode;
  readonly until: number;
}

export interface Bucket {
  /** `suspended`: versions that were made stay, and what comes has the version id `null`. */
  readonly versioning: 'enabled' | 'suspended' | 'off';
  /** What the bucket gives to a version that comes without a lock; null where it gives none. */
  readonly defaultLock: { readonly mode: LockMode; readonly days: number } | null;
  readonly rules: readonly LifecycleRule[];
}

export interface ObjectVersion {
  /** `null` for one that was made while versioning was off or suspended. */
  readonly id: string;
  readonly created: number;
  /** When the version after it came; null for the current one. */
  readonly noncurrentSince: number | null;
  readonly size: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly deleteMarker: boolean;
  /** `of-bucket`: the bucket's default, from when it was created. Delete markers have none. */
  readonly lock: Lock | 'of-bucket' | null;
  readonly legalHold: boolean;
}

/** Whether a rule is in force for a version. Delete markers have neither tags nor a size: a filter by these never holds one. */
export function concerns(rule: LifecycleRule, key: string, version: Pick<ObjectVersion, 'size' | 'tags' | 'deleteMarker'>): boolean {
  const { prefix, tags, largerThan, smallerThan } = rule.filter;
  if (!rule.enabled || !key.startsWith(prefix)) return false;
  if (version.deleteMarker) return Object.keys(tags).length === 0 && largerThan === null && smallerThan === null;
  return (
    Object.entries(tags).every(([name, value]) => Object.hasOwn(version.tags, name) && version.tags[name] === value) &&
    (largerThan === null || version.size > largerThan) &&
    (smallerThan === null || version.size < smallerThan)
  );
}

/** The next midnight UTC, or this moment where it is one: how S3 rounds what is due. */
export function nextMidnight(moment: number): number {
  return Math.ceil(moment / dayMilliseconds) * dayMilliseconds;
}
