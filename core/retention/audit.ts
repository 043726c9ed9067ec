import { type Build } from '../build.ts';
import { isSealedKey, isTaggedKey, lastingPrefixes } from '../contract/key-patterns.ts';
import { type BuildId, timestamp } from '../identity.ts';
import { LogSummary } from '../log-summary.ts';
import { allPages, pages } from '../pages.ts';
import { type Clock, type KeptObject, type KeptObjects, type Objects, type Records } from '../ports.ts';
import { type AuditFinding, type AuditFindingName } from './audit-finding.ts';
import { buildTerms, namedKeys, sealedTerms, termsText } from './build-terms.ts';
import { dayMilliseconds } from './lifecycle.ts';
import { type RetentionPolicy } from './policy.ts';
import { defaultLateDays } from './proof.ts';
import { planSweep } from './sweep-plan.ts';

export interface AuditPorts {
  readonly records: Records;
  readonly objects: Objects;
  readonly kept: KeptObjects;
  readonly clock: Clock;
}

export interface Audit {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How many objects with tags there are, and of how many the bytes were read. */
  readonly objects: number;
  readonly inspected: number;
  /** By name, with how much is in each. */
  readonly classes: readonly { readonly class: string; readonly objects: number; readonly bytes: number }[];
  readonly held: readonly BuildId[];
  readonly findings: readonly AuditFinding[];
}

/** Of how many objects the bytes are read where not all are asked for. */
const sampled = 100;

/** What a log summary has at most, in bytes: more than any. */
const longestSummary = 16 * 1024 * 1024;

/**
 * Holds what lies in a home against the records and the policy: every object by its tags, every build by what it is recorded to
 * have left; and of a sample, or of all, the bytes, which nothing but reading shows. Each day's sample is another one. Changes nothing.
 *
 * @param deep reads all objects.
 */
export async function auditHome(ports: AuditPorts, policy: RetentionPolicy, { deep }: { readonly deep: boolean }): Promise<Audit> {
  const at = ports.clock.now();
  const kept = await allPages((page) => ports.kept.listKept(page));
  const builds = await allBuilds(ports.records);
  const standing = await standingKeys(ports.objects);
  const every = deep ? 1 : Math.max(1, Math.ceil(kept.length / sampled));
  const turn = Math.floor(at / dayMilliseconds) % every;
  const sample = kept.filter((_, index) => index % every === turn);
  const auditing: Auditing = { ports, policy, at, builds };
  const findings = [
    ...untagged(standing, kept),
    ...kept.flatMap((object) => tagFindings(auditing, object)),
    ...(await outlived(auditing)),
    ...[...builds.values()].flatMap((build) => goneFindings(auditing, build, standing)),
    ...vanished(auditing, kept, standing),
    ...(await inspections(auditing, sample)),
  ];
  return {
    at,
    objects: kept.length,
    inspected: sample.length,
    classes: tally(kept),
    held: [...builds.values()].filter(({ hold }) => hold !== null).map(({ build_id: id }) => id),
    findings: findings.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
  };
}

interface Auditing {
  readonly ports: AuditPorts;
  readonly policy: RetentionPolicy;
  readonly at: number;
  readonly builds: ReadonlyMap<string, Build>;
}

async function allBuilds(records: Records): Promise<ReadonlyMap<string, Build>> {
  const builds = new Map<string, Build>();
  for await (const { builder } of pages((page) => records.listBuilders(page)))
    for await (const build of pages((page) => records.listBuilds(builder, page))) builds.set(build.build_id, build);
  return builds;
}

async function standingKeys(objects: Objects): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const prefix of lastingPrefixes)
    for await (const key of pages((page) => objects.list(prefix, page), 1000)) if (isTaggedKey(key)) found.add(key);
  return found;
}

function tally(kept: readonly KeptObject[]): Audit['classes'] {
  return [...Map.groupBy(kept, ({ tags }) => tags.retention)]
    .map(([name, objects]) => ({ class: name, objects: objects.length, bytes: objects.reduce((sum, { size }) => sum + size, 0) }))
    .toSorted((a, b) => (a.class < b.class ? -1 : 1));
}

// ---- what tags and records show --------------------------------------------------------------------------

function untagged(standing: ReadonlySet<string>, kept: readonly KeptObject[]): readonly AuditFinding[] {
  const tagged = new Set(kept.map(({ key }) => key));
  return [...standing]
    .filter((key) => !tagged.has(key))
    .map((key) => ({ finding: 'no-class', key, build_id: null, class: null, message: `${key} has no tags: who wrote it?` }));
}

function tagFindings({ policy, builds }: Auditing, { key, tags }: KeptObject): readonly AuditFinding[] {
  const build = builds.get(tags.build);
  const finding = (name: AuditFindingName, message: string): AuditFinding[] => [
    { finding: name, key, build_id: build?.build_id ?? null, class: tags.retention, message: `${key} ${message}` },
  ];
  if (build === undefined) return finding('unknown-build', `is of the build ${tags.build}, which no record knows`);
  if (tags.retention !== build.retention)
    return finding('class-differs', `is of the class ${tags.retention}, and its build of the class ${build.retention}`);
  if (build.retention_terms === null && !Object.hasOwn(policy.classes, tags.retention))
    return finding('unknown-class', `is of the class ${tags.retention}, which the policy does not have`);
  return [];
}

async function outlived({ ports, policy, at }: Auditing): Promise<readonly AuditFinding[]> {
  const late = policy.late_days ?? defaultLateDays;
  const { expired } = await planSweep(ports, policy, at - late * dayMilliseconds);
  return expired.flatMap(({ build, terms, going }) =>
    going.map(({ key, tags }) => ({
      finding: 'outlived',
      key,
      build_id: build.build_id,
      class: tags.retention,
      message: `${key} is still there: ${termsText(build, terms)}, and ${late} days more were over at ${timestamp(Date.parse(terms.expires_at) + late * dayMilliseconds)}`,
    })),
  );
}

/** What the record of a build names and is not there, though it is to be. */
function goneFindings({ policy, at }: Auditing, build: Build, standing: ReadonlySet<string>): readonly AuditFinding[] {
  const terms = buildTerms(build, policy);
  if (terms === undefined) return [];
  return namedKeys(build)
    .filter((key) => !standing.has(key))
    .flatMap((key): AuditFinding[] => {
      const about = { key, build_id: build.build_id, class: build.retention };
      const recorded = key === build.manifest?.path ? build.expired?.manifest_at : build.expired?.at;
      const early = Date.parse(terms.expires_at) > at;
      if (typeof recorded === 'string' && !early) return [];
      if (early || build.hold !== null)
        return [
          {
            ...about,
            finding: 'gone-early',
            message: `${key} is gone${build.hold === null ? '' : ' though the build is held'}: ${termsText(build, terms)}`,
          },
        ];
      return [{ ...about, finding: 'unrecorded', message: `${key} is gone, and no deletion is recorded: ${termsText(build, terms)}` }];
    });
}

/** What has tags and is not there, of what no record names: copies of the newest, bundles. */
function vanished({ builds }: Auditing, kept: readonly KeptObject[], standing: ReadonlySet<string>): readonly AuditFinding[] {
  return kept.flatMap(({ key, tags }): AuditFinding[] => {
    const build = builds.get(tags.build);
    if (standing.has(key) || (build !== undefined && namedKeys(build).includes(key))) return [];
    const message = `${key} is gone, and no deletion is recorded`;
    return [{ finding: 'gone-early', key, build_id: build?.build_id ?? null, class: tags.retention, message }];
  });
}

// ---- what only reading shows -------------------------------------------------------------------------------

async function inspections(auditing: Auditing, sample: readonly KeptObject[]): Promise<readonly AuditFinding[]> {
  const findings: AuditFinding[] = [];
  for (const object of sample) {
    const { key, tags } = object;
    const build = auditing.builds.get(tags.build);
    const found = (finding: AuditFindingName, message: string) =>
      findings.push({ finding, key, build_id: build?.build_id ?? null, class: tags.retention, message: `${key} ${message}` });
    const state = await auditing.ports.kept.inspect(object);
    // What shows the newest is replaced, and so is a bundle: those may be written to.
    const sealed = isSealedKey(key);
    if (state === 'altered') found('altered', `is not what was written: its digest is not ${object.digest}`);
    if (state === 'writable' && sealed) found('unlocked', 'is sealed, and can be written to all the same');
    if (state === 'altered' || state === 'absent' || build === undefined || tags.kind !== 'log-summary' || !sealed) continue;
    const other = await summaryDifference(auditing, build, key);
    if (other !== undefined) found('summary-differs', other);
  }
  return findings;
}

/** A log summary is what others enforce retention by: it says what its build was accepted with. */
async function summaryDifference({ ports, policy }: Auditing, build: Build, key: string): Promise<string | undefined> {
  const read = await ports.objects.read(key, { bytes: longestSummary });
  const terms = sealedTerms(build, policy);
  if (read.state !== 'read' || terms === undefined) return undefined;
  const summary = LogSummary.safeParse(JSON.parse(new TextDecoder().decode(read.content)));
  if (!summary.success) return 'is no log summary';
  const { retention } = summary.data;
  const same = retention.class === terms.class && retention.days === terms.days && retention.lock === terms.lock;
  return same && retention.expires_at === terms.expires_at
    ? undefined
    : `says that it is of the class ${retention.class} and may go at ${retention.expires_at}; its build was accepted with the class ${terms.class}: ${termsText(build, terms)}`;
}
