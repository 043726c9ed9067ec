import { tagKeys } from '../contract/deployment.ts';
import { buildInKey, isPassingKey, isTaggedKey } from '../contract/key-patterns.ts';
import { digestOf } from '../digest.ts';
import { type BuildId } from '../identity.ts';
import { type Clock, type KeptBucket, type ListedVersion, type Records, type VersionKeeping } from '../ports.ts';
import {
  type BucketFinding,
  type Group,
  type Held,
  type KeptBuild,
  groupFindings,
  keptBuild,
  lookFindings,
  passingFindings,
} from './bucket-findings.ts';
import { type BucketClass, ClassTally } from './class-tally.ts';
import { type Bucket, dayMilliseconds } from './lifecycle.ts';
import { allBuilds } from './policy-plan.ts';
import { type RetentionPolicy } from './policy.ts';
import { retentionProblems } from './proof.ts';

export interface BucketAuditPorts {
  readonly records: Records;
  readonly bucket: Pick<KeptBucket, 'settings' | 'versions' | 'look'>;
  readonly clock: Clock;
}

export interface BucketAudit {
  /** Of the bucket, as they were held against the policy. */
  readonly settings: Bucket;
  /** How many versions and delete markers there are beside what passes, and at how many tags and locks were looked. */
  readonly versions: number;
  readonly looked: number;
  readonly findings: readonly BucketFinding[];
  readonly classes: readonly BucketClass[];
  /** What the bucket's rules have let go since the moment that was asked for, by build. */
  readonly expired: readonly ExpiredObject[];
}

/** An object that is gone, its time being over. */
export interface ExpiredObject {
  readonly key: string;
  readonly build_id: BuildId;
  readonly class: string;
  /** From when on it could go, in milliseconds since 1970: S3 does not say when it went. */
  readonly from: number;
}

/** At how many objects' tags and locks is looked where not at all: another choice each day. */
const sampled = 100;

/**
 * Holds a bucket against the records and the policy: its rules as at synthesis; every version of every object by when it really
 * goes, were it tagged and locked as its build is recorded; what is left of runs, and what is nobody's; every build by what it is
 * recorded to have left; and of a sample, or of all, the tags and locks that are there. Listing all that is in the bucket costs a
 * call a thousand versions, a look two. Changes nothing.
 *
 * @param how `deep` looks at all. `since`: from when on expired objects are told, in milliseconds since 1970; left out: none is.
 */
export async function auditBucket(
  ports: BucketAuditPorts,
  policy: RetentionPolicy,
  { deep, since = Infinity }: { readonly deep: boolean; readonly since?: number },
): Promise<BucketAudit> {
  const settings = await ports.bucket.settings();
  const builds = await keptBuilds(ports.records, policy);
  const auditing: Auditing = { ports, policy, settings, builds, now: ports.clock.now() };
  // A listing and a look can find the same of a version: what was looked at counts.
  const found = new Map<string, BucketFinding>();
  const add = (findings: readonly BucketFinding[]) => {
    for (const finding of findings) found.set(`${finding.finding} ${finding.key} ${finding.version}`, finding);
  };

  const sample = new Sample(auditing.now);
  const standing = new Set<string>();
  const tally = new ClassTally();
  let versions = 0;
  let looked = 0;
  const look = async (group: Group) => {
    looked += group.versions.length;
    add(await lookAt(auditing, group));
  };
  for await (const group of groupsOf(ports.bucket.versions(''))) {
    if (isPassingKey(group.key)) {
      add(passingFindings(auditing, group));
      continue;
    }
    versions += group.versions.length;
    if (group.versions.at(-1)?.deleteMarker === false) standing.add(group.key);
    const owner = await ownerOf(auditing, group.key);
    tally.add(owner?.retention ?? null, group.versions);
    add(groupFindings(auditing, group, owner));
    if (deep) await look(group);
    else sample.offer(group);
  }
  for (const group of sample.chosen) await look(group);
  for (const build of builds.values()) add(goneFindings(auditing, build, standing));
  return {
    settings,
    versions,
    looked,
    findings: [...rulesFindings(auditing), ...found.values()].toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
    classes: tally.counted(),
    expired: [...builds.values()].flatMap((build) => expiredObjects(auditing, build, standing, since)),
  };
}

interface Auditing extends Held {
  readonly ports: BucketAuditPorts;
  readonly builds: ReadonlyMap<string, KeptBuild>;
}

function rulesFindings({ policy, settings }: Auditing): readonly BucketFinding[] {
  const about = { finding: 'rules', key: '', version: null, build_id: null } as const;
  return retentionProblems(policy, settings).map(({ classes, message }) => ({ ...about, class: classes.join(', '), message }));
}

async function keptBuilds(records: Records, policy: RetentionPolicy): Promise<ReadonlyMap<string, KeptBuild>> {
  const builds = new Map<string, KeptBuild>();
  for await (const build of allBuilds(records)) builds.set(build.build_id, keptBuild(build, policy));
  return builds;
}

/** Also of a build that was accepted since the listing: nothing stands still for an audit. */
async function ownerOf({ ports, policy, builds }: Auditing, key: string): Promise<KeptBuild | undefined> {
  const id = buildInKey(key);
  if (id === undefined) return undefined;
  const known = builds.get(id);
  if (known !== undefined) return known;
  const build = await ports.records.readBuild(id);
  return build === undefined ? undefined : keptBuild(build, policy);
}

async function* groupsOf(versions: AsyncIterable<ListedVersion>): AsyncGenerator<Group> {
  let group: ListedVersion[] = [];
  for await (const version of versions) {
    const key = group[0]?.key;
    if (key !== undefined && key !== version.key) {
      yield { key, versions: group.toReversed() };
      group = [];
    }
    group.push(version);
  }
  const key = group[0]?.key;
  if (key !== undefined) yield { key, versions: group.toReversed() };
}

async function lookAt(auditing: Auditing, group: Group): Promise<readonly BucketFinding[]> {
  if (!isTaggedKey(group.key)) return [];
  const keeping = new Map<string, VersionKeeping>();
  for (const version of group.versions) {
    const seen = version.deleteMarker ? undefined : await auditing.ports.bucket.look(version);
    if (seen !== undefined) keeping.set(version.id, seen);
  }
  const owner = await ownerOf(auditing, group.key);
  if (owner !== undefined || buildInKey(group.key) !== undefined) return lookFindings(auditing, group, owner, keeping);
  // What shows the newest names its build by its tags alone, and each version another one.
  const current = group.versions.slice(-1);
  const shown = current.flatMap(({ id }) => keeping.get(id)?.tags[tagKeys.build] ?? []);
  return lookFindings(auditing, { ...group, versions: current }, auditing.builds.get(shown[0] ?? ''), keeping);
}

function goneFindings({ now }: Auditing, build: KeptBuild, standing: ReadonlySet<string>): readonly BucketFinding[] {
  const { id, terms, held, names } = build;
  if (terms === undefined) return [];
  return names
    .filter(({ key, expires, until }) => !standing.has(key) && (held || !expires || until > now))
    .map(({ key }) => ({
      finding: 'gone-early',
      key,
      version: null,
      build_id: id,
      class: build.retention,
      message: `${key} is gone${held ? ' though its build is held' : ''}: ${terms.text}`,
    }));
}

function expiredObjects(
  { now }: Auditing,
  { id, retention, held, names }: KeptBuild,
  standing: ReadonlySet<string>,
  since: number,
): readonly ExpiredObject[] {
  if (held) return [];
  return names
    .filter(({ key, expires, until }) => expires && until >= since && until <= now && !standing.has(key))
    .map(({ key, until }) => ({ key, build_id: id, class: retention, from: until }));
}

/** The objects whose digest with the day is smallest: chosen alike wherever they are, and others each day. */
class Sample {
  readonly #day: number;
  #chosen: { readonly rank: string; readonly group: Group }[] = [];

  constructor(now: number) {
    this.#day = Math.floor(now / dayMilliseconds);
  }

  offer(group: Group): void {
    const rank = digestOf(`${this.#day} ${group.key}`);
    const last = this.#chosen[sampled - 1];
    if (last !== undefined && last.rank <= rank) return;
    const at = this.#chosen.findIndex((each) => each.rank > rank);
    this.#chosen.splice(at === -1 ? this.#chosen.length : at, 0, { rank, group });
    this.#chosen = this.#chosen.slice(0, sampled);
  }

  get chosen(): readonly Group[] {
    return this.#chosen.map(({ group }) => group);
  }
}
