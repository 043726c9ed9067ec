import { type Build } from '../build.ts';
import { isSealedKey, isTaggedKey, passingDays } from '../contract/key-patterns.ts';
import { tagKeys } from '../contract/deployment.ts';
import { type ObjectKind } from '../contract/tags.ts';
import { type BuildId, timestamp } from '../identity.ts';
import { type ListedVersion, type VersionKeeping } from '../ports.ts';
import { buildTerms, namedKeys, termsText } from './build-terms.ts';
import { type EffectiveRetention, effectiveRetention } from './effective.ts';
import { type Bucket, type Lock, type LockMode, type ObjectVersion, dayMilliseconds } from './lifecycle.ts';
import { type RetentionPolicy } from './policy.ts';
import { defaultLateDays, work } from './proof.ts';
import { stepSentence } from './retention-step.ts';

/** What an audit of a bucket can find. */
export const bucketFindings = {
  rules: 'rules that keep a class shorter or longer than the policy says',
  'no-class': 'an object without our tags, or under no key of ours',
  'unknown-build': 'an object of a build that no record knows',
  'tags-differ': 'an object whose tags are not those of its key and its build',
  overwritten: 'a sealed object that was written over or removed and written again',
  'kept-shorter': 'an object that will go before the days of its class are over',
  'kept-longer': 'an object that will still be there later than its class and the bound of the policy allow',
  outlived: 'an object that is still there later than that, or what a run left later than its days',
  'gone-early': 'an object that is gone though its time is not over, or though it is held',
  'lock-missing': 'an object of a class with a lock that is not locked, or not so firmly',
  'lock-shorter': 'an object whose lock ends before the days of its class',
  unheld: 'an object of a held build without a legal hold',
} as const;
export type BucketFindingName = keyof typeof bucketFindings;

export interface BucketFinding {
  readonly finding: BucketFindingName;
  readonly key: string;
  /** Null where it is about no version of its own. */
  readonly version: string | null;
  readonly build_id: BuildId | null;
  readonly class: string | null;
  /** With the arithmetic, where there is some. */
  readonly message: string;
}

/** All versions of one key, the oldest first. */
export interface Group {
  readonly key: string;
  readonly versions: readonly ListedVersion[];
}

/** What objects are held against beside their builds. */
export interface Held {
  readonly policy: RetentionPolicy;
  readonly settings: Bucket;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What of a build's record its objects are held against. */
export interface KeptBuild {
  readonly id: BuildId;
  readonly builder: string;
  readonly retention: string;
  readonly held: boolean;
  /** Undefined while something is still to be done for it. */
  readonly terms: { readonly days: number; readonly lock: LockMode | undefined; readonly text: string } | undefined;
  /** `until`, in milliseconds since 1970: the bucket counts from when an object was made, and what an earlier attempt left was made before the build ended. */
  readonly names: readonly { readonly key: string; readonly expires: boolean; readonly until: number }[];
}

export function keptBuild(build: Build, policy: RetentionPolicy): KeptBuild {
  const terms = buildTerms(build, policy);
  return {
    id: build.build_id,
    builder: build.builder,
    retention: build.retention,
    held: build.hold !== null,
    terms: terms === undefined ? undefined : { days: terms.days, lock: terms.lock, text: termsText(build, terms) },
    names:
      terms === undefined
        ? []
        : namedKeys(build).map((key) => ({
            key,
            expires: !key.startsWith('artifacts/'),
            until: Math.min(Date.parse(terms.expires_at), (madeByAttempt(build, key) ?? Infinity) + terms.days * dayMilliseconds),
          })),
  };
}

/** From when on what an attempt left can have been sealed; undefined for what the build left as a whole, and where no record says it. */
function madeByAttempt({ attempts }: Build, key: string): number | undefined {
  const attempt = attempts.find(({ outcome }) => outcome?.log?.path === key || outcome?.scrub_manifest_path === key);
  const at = attempt?.outcome?.decided_at ?? attempt?.finished_at;
  return typeof at === 'string' ? Date.parse(at) : undefined;
}

// ---- what a listing shows ----------------------------------------------------------------------------------

/** What is wrong with an object were it tagged and locked as its build is recorded. */
export function groupFindings(auditing: Held, group: Group, build: KeptBuild | undefined): readonly BucketFinding[] {
  const { key, versions } = group;
  const about = { key, version: null, build_id: build?.id ?? null, class: build?.retention ?? null };
  // What a delete marker alone is left of is gone.
  if (!isTaggedKey(key) && versions.every(({ deleteMarker }) => deleteMarker)) return [];
  if (!isTaggedKey(key)) return [{ ...about, finding: 'no-class', message: `${key} is no key of ours: who wrote it?` }];
  if (build === undefined) {
    // The newest-of keys name no build; their tags do.
    return isSealedKey(key) ? [{ ...about, finding: 'unknown-build', message: `${key} is of a build that no record knows` }] : [];
  }
  const written = versions.filter(({ deleteMarker }) => !deleteMarker);
  const rewritten: BucketFinding[] =
    isSealedKey(key) && written.length > 1
      ? [
          {
            ...about,
            finding: 'overwritten',
            message: `${key} is sealed, and has ${written.length} versions: ${written.map(({ id, created }) => `${id} of ${timestamp(created)}`).join(', ')}`,
          },
        ]
      : [];
  return [...rewritten, ...fateFindings(auditing, group, build, assumed(key, build))];
}

/** What runs handed over or were told, and is there longer than such things may be. */
export function passingFindings({ now }: Held, { key, versions }: Group): readonly BucketFinding[] {
  return versions.flatMap((version, index): BucketFinding[] => {
    const replaced = versions[index + 1]?.created;
    const [what, from, days] =
      replaced === undefined ? ['made', version.created, passingDays.current] : ['replaced or removed', replaced, passingDays.noncurrent];
    const over = from + (days + work.once) * dayMilliseconds;
    if (version.deleteMarker || now <= over) return [];
    const message = `${key} is still there: it was ${what} at ${timestamp(from)}, and ${days} days and ${work.once} for S3's work were over at ${timestamp(over)}`;
    return [{ finding: 'outlived', key, version: version.id, build_id: null, class: null, message }];
  });
}

/** What a dispatcher gives to the objects of a build. */
function assumed(key: string, build: KeptBuild): (version: ListedVersion) => VersionKeeping {
  const tags = expectedTags(key, build);
  const { terms } = build;
  return ({ created }) => ({
    tags,
    lock: terms?.lock === undefined ? null : { mode: terms.lock, until: created + terms.days * dayMilliseconds },
    legalHold: build.held,
  });
}

function fateFindings(
  { settings, policy, now }: Held,
  { key, versions }: Group,
  build: KeptBuild,
  keeping: (version: ListedVersion) => VersionKeeping,
): readonly BucketFinding[] {
  const current = versions.at(-1);
  const { terms } = build;
  if (current === undefined || terms === undefined || build.held) return [];
  const stack = versions.map((version, index) => versionOf(version, versions[index + 1], keeping(version)));
  const fates = (lag: number): EffectiveRetention => effectiveRetention(settings, key, stack, { seen: current.created, lag });
  const [soonest, latest] = [fates(0), fates(dayMilliseconds - 1)];
  const late = (policy.late_days ?? defaultLateDays) * dayMilliseconds;
  const lasts = key.startsWith('artifacts/');
  return versions.flatMap((version, index): BucketFinding[] => {
    const [soon, last] = [soonest.versions[index], latest.versions[index]];
    if (version.deleteMarker || soon === undefined || last === undefined) return [];
    const about = { key, version: version.id, build_id: build.id, class: build.retention };
    const why = (steps: typeof soon.steps) => steps.map((step) => stepSentence(step)).join('; ');
    const readable = Math.min(soon.hidden ?? Infinity, soon.goes ?? Infinity);
    const promised = lasts ? Infinity : version.created + terms.days * dayMilliseconds;
    const found: BucketFinding[] = [];
    if (version.latest && readable < promised)
      found.push({ ...about, finding: 'kept-shorter', message: `${key} can be read until ${timestamp(readable)}: ${why(soon.steps)}` });
    if (lasts) return found;
    if (last.goes === null) found.push({ ...about, finding: 'kept-longer', message: `${key} never goes: ${why(last.steps)}` });
    else if (last.goes > promised + late)
      found.push({ ...about, finding: 'kept-longer', message: `${key} is there until ${timestamp(last.goes)}: ${why(last.steps)}` });
    if (now > promised + late)
      found.push({
        ...about,
        finding: 'outlived',
        message: `${key} is still there: it was made at ${timestamp(version.created)}, and ${terms.days} days and the bound were over at ${timestamp(promised + late)}`,
      });
    return found;
  });
}

function versionOf(version: ListedVersion, next: ListedVersion | undefined, { tags, lock, legalHold }: VersionKeeping): ObjectVersion {
  const { id, created, size, deleteMarker } = version;
  return { id, created, size, deleteMarker, noncurrentSince: next?.created ?? null, tags, lock, legalHold };
}

// ---- what a look shows -------------------------------------------------------------------------------------

/** What is wrong with the tags and locks that are there. */
export function lookFindings(
  auditing: Held,
  group: Group,
  build: KeptBuild | undefined,
  keeping: ReadonlyMap<string, VersionKeeping>,
): readonly BucketFinding[] {
  const { key, versions } = group;
  return versions.flatMap((version): BucketFinding[] => {
    const seen = keeping.get(version.id);
    if (seen === undefined) return [];
    const about = { key, version: version.id, build_id: build?.id ?? null, class: build?.retention ?? null };
    const missing = Object.values(tagKeys).filter((name) => !Object.hasOwn(seen.tags, name));
    if (missing.length > 0) return [{ ...about, finding: 'no-class', message: `${key} lacks ${missing.join(', ')}` }];
    if (build === undefined) return [];
    const others = Object.entries(expectedTags(key, build)).filter(([name, value]) => seen.tags[name] !== value);
    const lock = lockFinding(version, build, seen.lock);
    return [
      ...(others.length === 0
        ? []
        : [
            {
              ...about,
              finding: 'tags-differ' as const,
              message: `${key} has ${others.map(([name, value]) => `${name}=${seen.tags[name]}, not ${value}`).join('; ')}`,
            },
          ]),
      ...(lock === undefined ? [] : [{ ...about, ...lock }]),
      ...(build.held && !seen.legalHold
        ? [{ ...about, finding: 'unheld' as const, message: `${key} has no legal hold, and its build is held` }]
        : []),
      ...fateFindings(auditing, group, build, (each) => keeping.get(each.id) ?? seen).filter((each) => each.version === version.id),
    ];
  });
}

function lockFinding(
  { key, created }: ListedVersion,
  { terms }: KeptBuild,
  lock: Lock | null,
): Pick<BucketFinding, 'finding' | 'message'> | undefined {
  if (terms?.lock === undefined) return undefined;
  if (lock === null || (terms.lock === 'COMPLIANCE' && lock.mode !== 'COMPLIANCE'))
    return {
      finding: 'lock-missing',
      message: `${key} is ${lock === null ? 'not locked' : `locked as ${lock.mode}`}, and its class has the lock ${terms.lock}`,
    };
  // The date is set before S3 says when the object was made.
  const promised = created + terms.days * dayMilliseconds - clockPatience;
  return lock.until < promised
    ? {
        finding: 'lock-shorter',
        message: `${key} is locked until ${timestamp(lock.until)}, and the days of its class are over at ${timestamp(promised + clockPatience)}`,
      }
    : undefined;
}

/** How far the clock that sets a lock may be behind S3's. Milliseconds. */
const clockPatience = 15 * 60_000;

function expectedTags(key: string, build: KeptBuild): Readonly<Record<string, string>> {
  return { [tagKeys.kind]: kindOf(key), [tagKeys.builder]: build.builder, [tagKeys.build]: build.id, [tagKeys.retention]: build.retention };
}

const kinds: readonly (readonly [RegExp, ObjectKind])[] = [
  [/^artifacts\//, 'hash-manifest'],
  [/^diag\//, 'diag'],
  [/^state\/packer\/results\//, 'result'],
  [/^state\/packer\/scrub\//, 'scrub-manifest'],
  [/\.log\.gz$/, 'log'],
];

function kindOf(key: string): ObjectKind {
  return kinds.find(([pattern]) => pattern.test(key))?.[1] ?? 'log-summary';
}
