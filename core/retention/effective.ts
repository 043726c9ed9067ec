import { type Bucket, type ObjectVersion, concerns, dayMilliseconds, nextMidnight } from './lifecycle.ts';
import { type RetentionStep } from './retention-step.ts';

/** What becomes of one version. */
export interface VersionFate {
  readonly id: string;
  /** When a delete marker of the lifecycle hides it from who reads the key; null where none does. */
  readonly hidden: number | null;
  /** When its bytes are gone; null: never. */
  readonly goes: number | null;
  /** The arithmetic, in order. */
  readonly steps: readonly RetentionStep[];
}

export interface EffectiveRetention {
  /** In the order in which they were given. */
  readonly versions: readonly VersionFate[];
  /** Of the delete marker that the lifecycle adds; null where it adds none. */
  readonly marker: VersionFate | null;
  /** When nothing is left under the key, no delete marker either; null: never. */
  readonly empty: number | null;
}

/** How S3 goes about its work. */
export interface LifecycleWork {
  /** When the versions were seen, all of them: what has been due before goes at the first midnight from then on. */
  readonly seen: number;
  /**
   * How long after the midnight at which it is due a version goes, in milliseconds, below a day: S3 goes through a bucket once
   * a day, and says no hour. 0 gives the earliest times, a day without a millisecond the latest.
   */
  readonly lag: number;
}

/**
 * When each version of an object really goes, where nobody writes or deletes any more. What S3 documents, as a function:
 *
 * - What is due is rounded up to the next midnight UTC. Of several rules the one that is due first wins. Transitions delete nothing.
 * - Without versions an expiry removes. With versions it only adds a delete marker, and what it hides goes by a rule for
 *   noncurrent versions, whose days count from then; without such a rule it stays for good. Where versioning is suspended the
 *   marker takes the place of the version `null`.
 * - A version goes for `newer` only while so many newer noncurrent versions stand, locked ones among them.
 * - A lock or a legal hold keeps a version from being removed, not from being hidden.
 * - A delete marker goes once it is alone, by a rule that looks for that or by an expiry whose days it has reached.
 *
 * Where the documentation leaves it open, the earlier time is taken: a moment that is midnight is not rounded, and what one
 * pass removes still counts as standing in it. Rules are taken to be in force all the time.
 *
 * @param versions of one key, the oldest first; the last one is the current one.
 * @throws TypeError where another than the last one is current, or there is none.
 */
export function effectiveRetention(
  bucket: Bucket,
  key: string,
  versions: readonly ObjectVersion[],
  work: LifecycleWork,
): EffectiveRetention {
  assertOrder(versions);
  const current = versions.at(-1);
  if (current === undefined) throw new TypeError('an object without versions has no retention');
  const place: Place = { bucket, key, work, first: nextMidnight(work.seen) };
  const expiry = current.deleteMarker ? null : expiryOf(place, current);

  const fates: Fate[] = [];
  for (const version of versions.toReversed())
    fates.push(version.noncurrentSince === null ? fateOfCurrent(place, version, expiry) : fateOfNoncurrent(place, version, fates, expiry));
  const others = fates.filter(({ version }) => !(version === current && version.deleteMarker)).map(({ pass }) => pass);
  if (current.deleteMarker) fates[0] = fateOfMarker(place, current, others);
  const marker = expiry === null || bucket.versioning === 'off' ? null : fateOfMarker(place, markerAt(expiry.due + work.lag), others);
  const all = marker === null ? fates : [...fates, marker];
  return {
    versions: fates.toReversed().map((fate) => told(place, fate)),
    marker: marker === null ? null : told(place, marker),
    empty: all.some(({ pass }) => pass === null) ? null : Math.max(...all.map(({ pass }) => (pass ?? 0) + work.lag)),
  };
}

interface Place {
  readonly bucket: Bucket;
  readonly key: string;
  readonly work: LifecycleWork;
  /** The first midnight at which anything can go. */
  readonly first: number;
}

/** What becomes of a version, in passes: the midnights of S3's daily work. */
interface Fate {
  readonly version: ObjectVersion;
  /** In which pass it goes; null: never. */
  readonly pass: number | null;
  /** From which pass on it counts as noncurrent; null: never. */
  readonly counts: number | null;
  readonly hidden: number | null;
  readonly steps: readonly RetentionStep[];
}

/** The pass in which the current version expires, and by which rule. */
interface Expiry {
  readonly due: number;
  readonly step: RetentionStep;
}

function told({ work }: Place, { version, pass, hidden, steps }: Fate): VersionFate {
  return { id: version.id, hidden: hidden === null ? null : hidden + work.lag, goes: pass === null ? null : pass + work.lag, steps };
}

/** The expiry that is due first; null where no rule has one. */
function expiryOf(place: Place, version: ObjectVersion): Expiry | null {
  const effect = place.bucket.versioning === 'off' || replaced(place.bucket, version) ? 'removed' : 'hidden';
  const all = place.bucket.rules.flatMap((rule): Expiry[] => {
    const { expiration } = rule;
    if (!concerns(rule, place.key, version) || expiration === null || expiration.by === 'lone-marker') return [];
    const [from, days] = expiration.by === 'days' ? [version.created, expiration.days] : [expiration.date, 0];
    const due = nextMidnight(from + days * dayMilliseconds);
    return [{ due: Math.max(due, place.first), step: { step: 'expires', rule: rule.id, by: expiration.by, from, days, due, effect } }];
  });
  return all.reduce<Expiry | null>((first, each) => (first === null || each.due < first.due ? each : first), null);
}

/** Whether the delete marker of an expiry takes the place of this version. */
function replaced(bucket: Bucket, version: ObjectVersion): boolean {
  return bucket.versioning === 'suspended' && version.id === 'null';
}

function fateOfCurrent(place: Place, version: ObjectVersion, expiry: Expiry | null): Fate {
  const fate = { version, pass: null, counts: null, hidden: null, steps: [] };
  if (version.deleteMarker) return fate;
  if (expiry === null) return { ...fate, steps: [{ step: 'stays', why: 'no-expiry' }] };
  if (place.bucket.versioning === 'off' || replaced(place.bucket, version)) return { ...fate, pass: expiry.due, steps: [expiry.step] };
  const hiddenAt = expiry.due + place.work.lag;
  const removal = removalOf(place, version, hiddenAt, []);
  return { ...fate, ...removal, counts: expiry.due + dayMilliseconds, hidden: expiry.due, steps: [expiry.step, ...removal.steps] };
}

function fateOfNoncurrent(place: Place, version: ObjectVersion, newer: readonly Fate[], expiry: Expiry | null): Fate {
  const since = version.noncurrentSince ?? 0;
  const removal = removalOf(place, version, since, newer);
  const fate = { version, counts: nextMidnight(since), hidden: null, ...removal };
  if (expiry === null || !replaced(place.bucket, version) || (removal.pass !== null && removal.pass <= expiry.due)) return fate;
  return { ...fate, pass: expiry.due, steps: [{ step: 'replaced', due: expiry.due }] };
}

/** When a rule for noncurrent versions removes a version, with the lock that it waits for. */
function removalOf(
  place: Place,
  version: ObjectVersion,
  since: number,
  newer: readonly Fate[],
): { readonly pass: number | null; readonly steps: readonly RetentionStep[] } {
  const rules = place.bucket.rules.filter((rule) => rule.noncurrent !== null && concerns(rule, place.key, version));
  if (rules.length === 0) return { pass: null, steps: [{ step: 'stays', why: 'no-noncurrent-rule' }] };
  const { until, mode } = lockOf(place.bucket, version);
  if (mode === 'LEGAL_HOLD') return { pass: null, steps: [{ step: 'locked', mode, until: null }] };
  const unlocked = nextMidnight(until - place.work.lag);
  let first: { readonly pass: number; readonly steps: readonly RetentionStep[] } | null = null;
  for (const { id, noncurrent } of rules) {
    if (noncurrent === null) continue;
    const due = Math.max(nextMidnight(since + noncurrent.days * dayMilliseconds), place.first);
    const pass = passWithEnough(Math.max(due, unlocked), noncurrent.newer, newer);
    if (pass === null || (first !== null && first.pass <= pass)) continue;
    const step: RetentionStep = { step: 'noncurrent', rule: id, from: since, days: noncurrent.days, due };
    const locked: RetentionStep[] = mode !== null && unlocked > due ? [{ step: 'locked', mode, until }] : [];
    const waited: RetentionStep[] = pass > Math.max(due, unlocked) ? [{ step: 'outnumbered', newer: noncurrent.newer, due: pass }] : [];
    first = { pass, steps: [step, ...locked, ...waited] };
  }
  return first ?? { pass: null, steps: [{ step: 'stays', why: 'too-few-newer' }] };
}

/** The first pass from one on in which at least so many newer noncurrent versions stand; null where that never is. */
function passWithEnough(from: number, wanted: number, newer: readonly Fate[]): number | null {
  const comings = newer.flatMap(({ counts }) => (counts === null ? [] : [counts])).filter((pass) => pass > from);
  const passes = [from, ...comings.toSorted((a, b) => a - b)];
  const standing = (at: number) => newer.filter(({ counts, pass }) => counts !== null && counts <= at && (pass === null || pass >= at));
  return passes.find((at) => standing(at).length >= wanted) ?? null;
}

function lockOf(
  bucket: Bucket,
  version: ObjectVersion,
): { readonly until: number; readonly mode: 'LEGAL_HOLD' | 'GOVERNANCE' | 'COMPLIANCE' | null } {
  if (version.deleteMarker) return { until: 0, mode: null };
  if (version.legalHold) return { until: 0, mode: 'LEGAL_HOLD' };
  if (version.lock !== 'of-bucket') return version.lock ?? { until: 0, mode: null };
  const { defaultLock } = bucket;
  if (defaultLock === null) return { until: 0, mode: null };
  return { mode: defaultLock.mode, until: version.created + defaultLock.days * dayMilliseconds };
}

/** The fate of a delete marker that is the current version: it goes once nothing else is left. */
function fateOfMarker(place: Place, marker: ObjectVersion, others: readonly (number | null)[]): Fate {
  const fate = { version: marker, counts: null, hidden: null };
  if (others.includes(null)) return { ...fate, pass: null, steps: [{ step: 'stays', why: 'not-alone' }] };
  const alone = Math.max(place.first, nextMidnight(marker.created), ...others.map((pass) => (pass ?? 0) + dayMilliseconds));
  let first: { readonly pass: number; readonly steps: readonly RetentionStep[] } | null = null;
  for (const rule of place.bucket.rules) {
    const { expiration } = rule;
    if (expiration === null || !concerns(rule, place.key, marker)) continue;
    const aged = { days: marker.created + (expiration.by === 'days' ? expiration.days : 0) * dayMilliseconds, date: 0, 'lone-marker': 0 };
    const due = Math.max(alone, nextMidnight(expiration.by === 'date' ? expiration.date : aged[expiration.by]));
    if (first === null || due < first.pass) first = { pass: due, steps: [{ step: 'alone', rule: rule.id, due }] };
  }
  return { ...fate, ...(first ?? { pass: null, steps: [{ step: 'stays', why: 'no-marker-rule' }] }) };
}

function markerAt(created: number): ObjectVersion {
  return { id: 'delete marker', created, noncurrentSince: null, size: 0, tags: {}, deleteMarker: true, lock: null, legalHold: false };
}

function assertOrder(versions: readonly ObjectVersion[]): void {
  const wrong = versions.findIndex(({ noncurrentSince }, index) => (noncurrentSince === null) !== (index === versions.length - 1));
  if (wrong !== -1) throw new TypeError(`of the versions of a key the last one is current, and no other: see number ${wrong + 1}`);
}
