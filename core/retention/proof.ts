import { expiringExamples, lastingExamples, passingDays, passingPrefixes } from '../contract/key-patterns.ts';
import { tagKeys } from '../contract/deployment.ts';
import { type LockMode, type Bucket, type ObjectVersion, dayMilliseconds, nextMidnight } from './lifecycle.ts';
import { type VersionFate, effectiveRetention } from './effective.ts';
import { stepSentence } from './retention-step.ts';
import { type Witness, witnessesOf } from './witnesses.ts';

/** How many days later than its class an object may go where the policy names no other number: what S3's work comes to. */
export const defaultLateDays = 4;

/** After how many days a delete marker goes that something was written over. It holds nothing; a later one would be a leak. */
export const coveredMarkerDays = 14;

/** How many days an upload may stay that was never completed. */
export const uploadDays = 7;

/** What of a retention policy a bucket can keep to, or not. */
export interface BucketPolicy {
  readonly classes: Readonly<Record<string, { readonly days: number; readonly lock?: LockMode | undefined }>>;
  readonly late_days?: number | undefined;
}

/** What the rules of a bucket keep shorter or longer than the policy says. */
export interface RetentionProblem {
  /** The retention classes that it befalls. */
  readonly classes: readonly string[];
  /** With the arithmetic. */
  readonly message: string;
}

/**
 * Whether the rules of a bucket keep what the policy promises: each object of a class can be read for all its days and is gone
 * at most `late_days` after them, whatever its size and its other tags, and at whatever hour it was made and S3 does its work;
 * manifests stay; what was replaced, what passes, delete markers and broken uploads go. Tried on examples of every key and on
 * one that fits each rule.
 *
 * @returns one problem a class and kind of breach, none where all holds.
 */
export function retentionProblems(policy: BucketPolicy, bucket: Bucket): readonly RetentionProblem[] {
  const late = policy.late_days ?? defaultLateDays;
  const classes = Object.keys(policy.classes);
  return [
    ...versioningProblems(bucket, classes),
    ...classes.flatMap((name) => classProblems(policy, bucket, name, late)),
    ...classes.flatMap((name) => manifestProblems(policy, bucket, name, late)),
    ...passingProblems(bucket, classes),
    ...uploadProblems(bucket, classes),
  ];
}

// ---- what is promised --------------------------------------------------------------------------------------

/** How long something is to be kept, from a moment on. Days. */
interface Term {
  /** Before it may be hidden, where it is the current version, or gone. */
  readonly days: number;
  /** After which it must be gone. */
  readonly most: number;
}

function classProblems(policy: BucketPolicy, bucket: Bucket, name: string, late: number): readonly RetentionProblem[] {
  const { days, lock } = policy.classes[name] ?? { days: 0 };
  const label = `the retention class ${name} (${daysText(days)}, and at most ${late} more)`;
  const tags = { [tagKeys.retention]: name };
  const witnesses = witnessesOf(bucket.rules, expiringExamples, tags);
  const replaced = witnesses.filter(({ key }) => key === expiringExamples[0]?.key);
  const plain = witnesses[0];
  return [
    ...first([name], label, broken(bucket, witnesses, { days, most: days + late }, { days, mode: lock })),
    ...first(
      [name],
      `${label}, a version that was replaced`,
      brokenNoncurrent(bucket, replaced, replacedTerm(days, lock, late), { days, mode: lock }),
    ),
    ...(plain === undefined ? [] : first([name], label, brokenMarkers(bucket, plain))),
  ];
}

/** Manifests stay: the newest and the published ones for good, and nothing tells the lifecycle which those are. */
function manifestProblems(policy: BucketPolicy, bucket: Bucket, name: string, late: number): readonly RetentionProblem[] {
  const { days, lock } = policy.classes[name] ?? { days: 0 };
  const label = `hash manifests of the retention class ${name}, which do not expire`;
  const witnesses = witnessesOf(bucket.rules, lastingExamples, { [tagKeys.retention]: name });
  const replaced = witnesses.filter(({ key }) => key === lastingExamples[0]?.key);
  return [
    ...first([name], label, broken(bucket, witnesses, { days: Infinity, most: Infinity }, { days, mode: lock })),
    ...first(
      [name],
      `${label}, a version that was replaced`,
      brokenNoncurrent(bucket, replaced, replacedTerm(days, lock, late), { days, mode: lock }),
    ),
  ];
}

/** A replaced version's bytes are sealed under a key of their own, so it may go at once; a lock keeps it all the same. No expiry is rounded before. */
function replacedTerm(days: number, lock: LockMode | undefined, late: number): Term {
  return { days: 0, most: lock === undefined ? late - 1 : days + late - 1 };
}

/** What S3's work adds, in days: it rounds up, and comes once a day, for the expiry and again for what that hid. */
export const work = { once: 2, twice: 3 } as const;

function passingProblems(bucket: Bucket, classes: readonly string[]): readonly RetentionProblem[] {
  const { current, noncurrent } = passingDays;
  return passingPrefixes.flatMap((prefix) => {
    const label = `what passes below ${prefix} (${daysText(current)}, then ${noncurrent} hidden), of whatever class its build is: ${classes.join(', ')}`;
    const witnesses = witnessesOf(bucket.rules, [{ kind: null, key: `${prefix}any-run/any` }], {});
    return first(
      classes,
      label,
      broken(bucket, witnesses, { days: current, most: current + noncurrent + work.twice }) ??
        brokenNoncurrent(bucket, witnesses, { days: noncurrent, most: noncurrent + work.once }),
    );
  });
}

function uploadProblems({ rules }: Bucket, classes: readonly string[]): readonly RetentionProblem[] {
  const holds = rules.some(
    ({ enabled, filter, abortsUploadsAfter }) =>
      enabled &&
      abortsUploadsAfter !== null &&
      abortsUploadsAfter <= uploadDays &&
      filter.prefix === '' &&
      Object.keys(filter.tags).length === 0 &&
      filter.largerThan === null &&
      filter.smallerThan === null,
  );
  const message = `an upload that was never completed, of whatever class it was to be (${classes.join(', ')}), is not removed after ${daysText(uploadDays)}: no enabled rule without a filter does it`;
  return holds ? [] : [{ classes, message }];
}

function versioningProblems({ versioning }: Bucket, classes: readonly string[]): readonly RetentionProblem[] {
  const message = `the versioning of the bucket is ${versioning}: what is written or removed destroys what stood there, of whatever class it is (${classes.join(', ')})`;
  return versioning === 'enabled' ? [] : [{ classes, message }];
}

function first(classes: readonly string[], label: string, breach: string | undefined): readonly RetentionProblem[] {
  return breach === undefined ? [] : [{ classes, message: `${label}: ${breach}` }];
}

// ---- what is kept ------------------------------------------------------------------------------------------

interface GivenLock {
  readonly days: number;
  readonly mode: LockMode | undefined;
}

/** S3 may do its work right after midnight or right before the next. */
const lags = [0, dayMilliseconds - 1] as const;

/** The first breach of a term among objects that nobody writes again. */
function broken(bucket: Bucket, witnesses: readonly Witness[], term: Term, lock?: GivenLock): string | undefined {
  for (const witness of witnesses)
    for (const created of momentsOf(bucket))
      for (const lag of lags) {
        const { versions } = effectiveRetention(bucket, witness.key, [versionOf(witness, created, null, lock)], { seen: created, lag });
        const breach = breachOf(witness, versions[0], created, term);
        if (breach !== undefined) return breach;
      }
  return undefined;
}

/** The first breach among versions that were replaced when they were made; the days of a term count from then. */
function brokenNoncurrent(bucket: Bucket, witnesses: readonly Witness[], term: Term, lock?: GivenLock): string | undefined {
  for (const witness of witnesses)
    for (const created of momentsOf(bucket))
      for (const lag of lags) {
        const stack = [versionOf(witness, created, created, lock), versionOf(witness, created, null, lock)];
        const breach = breachOf(witness, effectiveRetention(bucket, witness.key, stack, { seen: created, lag }).versions[0], created, term);
        if (breach !== undefined) return breach;
      }
  return undefined;
}

/** Whether delete markers stay: the lifecycle's own, once it is alone, and one that something was written over. */
function brokenMarkers(bucket: Bucket, witness: Witness): string | undefined {
  const [, created] = momentsOf(bucket);
  const plain = versionOf(witness, created, null);
  const marker: ObjectVersion = { ...versionOf(witness, created, created), deleteMarker: true, size: 0, tags: {}, lock: null };
  const late = { seen: created, lag: dayMilliseconds - 1 };
  const alone = effectiveRetention(bucket, witness.key, [plain], late);
  if (alone.marker !== null && alone.marker.goes === null && alone.versions[0]?.goes !== null)
    return `the delete marker over ${witness.key} stays: ${sentences(alone.marker)}`;
  const [covered] = effectiveRetention(bucket, witness.key, [marker, plain], late).versions;
  const most = created + (coveredMarkerDays + work.once) * dayMilliseconds;
  return covered !== undefined && (covered.goes === null || covered.goes > most)
    ? `a delete marker over ${witness.key} that something was written over is still there after ${daysText(coveredMarkerDays + work.once)}: ${sentences(covered)}`
    : undefined;
}

function breachOf(witness: Witness, fate: VersionFate | undefined, created: number, term: Term): string | undefined {
  if (fate === undefined) throw new TypeError('unreachable: a version without its fate');
  const about = `${witness.text}: ${sentences(fate)}`;
  const readable = Math.min(fate.hidden ?? Infinity, fate.goes ?? Infinity);
  if (readable < created + term.days * dayMilliseconds) return `is kept too short: ${span(created, readable)}, ${about}`;
  if (fate.goes === null) return term.most === Infinity ? undefined : `is kept for good: ${about}`;
  return fate.goes > created + term.most * dayMilliseconds ? `is kept too long: ${span(created, fate.goes)}, ${about}` : undefined;
}

/** Right at midnight, where nothing is rounded, and right after it, where nearly a day is. What a date of some rule removes is made after it. */
function momentsOf({ rules }: Bucket): readonly [number, number] {
  const dates = rules.flatMap(({ expiration }) => (expiration?.by === 'date' ? [expiration.date] : []));
  const midnight = nextMidnight(Math.max(Date.UTC(2026, 0, 1), ...dates));
  return [midnight, midnight + 1];
}

function versionOf({ size, tags }: Witness, created: number, noncurrentSince: number | null, lock?: GivenLock): ObjectVersion {
  const given = lock?.mode === undefined ? 'of-bucket' : ({ mode: lock.mode, until: created + lock.days * dayMilliseconds } as const);
  const id = noncurrentSince === null ? 'current' : 'replaced';
  return { id, created, noncurrentSince, size, tags, deleteMarker: false, lock: given, legalHold: false };
}

function span(from: number, to: number): string {
  return `for ${((to - from) / dayMilliseconds).toFixed(2)} days`;
}

function sentences({ steps }: VersionFate): string {
  return steps.map((step) => stepSentence(step)).join('; ');
}

function daysText(days: number): string {
  return `${days} ${days === 1 ? 'day' : 'days'}`;
}
