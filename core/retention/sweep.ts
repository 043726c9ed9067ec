import { type Build } from '../build.ts';
import { type BuilderRecord } from '../builder-record.ts';
import { type ChainLink } from '../chain-link.ts';
import { callerNamed, timestamp } from '../identity.ts';
import { readChain } from '../manifest-chain.ts';
import { type Clock, type Deletion, type KeptObject, type Objects, type RecordWrite } from '../ports.ts';
import { type RetentionPolicy } from './policy.ts';
import { changePortsOf, finishChange } from './change.ts';
import { type ExpiredBuild, type SweepPlan, type SweepPorts, planSweep } from './sweep-plan.ts';

export interface SweepingPorts extends SweepPorts {
  readonly objects: Objects;
  readonly clock: Clock;
}

/** Why something whose time is over could not go. */
export interface SweepProblem {
  /** `altered`: it is not what was written. `chain`: the chain of its builder does not hold. `unknown-build`: no record knows its build. */
  readonly problem: 'altered' | 'chain' | 'unknown-build';
  readonly key: string;
  readonly message: string;
}

export interface SweepReport {
  readonly deleted: readonly Deletion[];
  /** Keys at which nothing stood any more, though nobody here had deleted it. */
  readonly absent: readonly string[];
  readonly problems: readonly SweepProblem[];
}

/** How many builds are written in one commit, beside their builder. */
const batch = 50;

/**
 * Deletes what has expired (`planSweep`). First the records say so: of each build that its objects go, and of its builder
 * where the chain then begins; a build that was put under a hold, or a channel that moved, in between has its way. Then the
 * objects go, each with a record of its own. What a crash leaves is taken up by the next sweep, the tags
 * of a build whose retention was changed among it.
 *
 * @param by who asks for it.
 */
export async function sweep(ports: SweepingPorts, policy: RetentionPolicy, by: string): Promise<SweepReport> {
  const plan = await planSweep(ports, policy, ports.clock.now());
  for (const build of plan.halfChanged) await finishChange(changePortsOf(ports), build);
  const report: Report = { deleted: [], absent: [], problems: unknownProblems(plan) };
  for (const [name, expired] of Map.groupBy(plan.expired, ({ build }) => build.builder)) {
    const sweeping: Sweep = { by: callerNamed(by), report, builder: plan.builders.get(name) };
    for (let at = 0; at < expired.length; at += batch) await sweepBuilds(ports, sweeping, expired.slice(at, at + batch));
  }
  return report;
}

interface Report {
  readonly deleted: Deletion[];
  readonly absent: string[];
  readonly problems: SweepProblem[];
}

interface Sweep {
  readonly by: string;
  readonly report: Report;
  /** As it was before the plan was made, and then as this sweep wrote it; undefined where there is no record of it. */
  builder: BuilderRecord | undefined;
}

export function unknownProblems({ unknown }: SweepPlan): SweepProblem[] {
  return unknown.map(({ key, tags }) => ({
    problem: 'unknown-build',
    key,
    message: `${key} is of the build ${tags.build}, which no record knows: nobody can say how long it is kept, so it stays`,
  }));
}

async function sweepBuilds(ports: SweepingPorts, sweeping: Sweep, expired: readonly ExpiredBuild[]): Promise<void> {
  const { builder, report } = sweeping;
  const manifests = expired.flatMap(({ going }) => going.filter((object) => isManifest(object)));
  const chain = manifests.length === 0 || builder === undefined ? null : await readChain(ports, builder);
  const holds = chain === null ? manifests.length === 0 : chain.ok;
  if (!holds) {
    const why = chain?.ok === false ? chain.failure.message : 'its builder has no record';
    for (const { key } of manifests) report.problems.push({ problem: 'chain', key, message: `${key} stays: ${why}` });
  }
  const going = holds ? expired : expired.map((each) => withoutManifest(each)).filter((each) => each.going.length > 0);

  const now = timestamp(ports.clock.now());
  const writes: RecordWrite[] = going.flatMap((each) => {
    const document = recorded(each, now, sweeping.by);
    return document === each.build ? [] : [{ type: 'build', expected: each.build.version, document }];
  });
  const after = chain?.ok === true && builder !== undefined ? beginningAfter(builder, chain.value.links, going) : undefined;
  if (after !== undefined && builder !== undefined) writes.push({ type: 'builder', expected: builder.version, document: after });
  // Somebody wrote meanwhile: the next sweep looks at it anew.
  if (writes.length > 0 && !(await ports.records.commit(writes)).committed) return;
  sweeping.builder = after ?? builder;
  for (const each of going) for (const object of each.going) await remove(ports, sweeping, each, object);
}

/** What goes is said before it goes; the record as it is where all is said. */
function recorded({ build, terms, going }: ExpiredBuild, at: string, by: string): Build {
  const manifest = going.some((object) => isManifest(object));
  const before = build.expired;
  if (before !== null && (before.manifest_at !== null || !manifest)) return build;
  return {
    ...build,
    version: build.version + 1,
    expired: { ...(before ?? { at, by, policy_digest: terms.policy_digest }), manifest_at: manifest ? at : null },
  };
}

/** The chain begins with the first manifest after which none is missing. */
function beginningAfter(builder: BuilderRecord, links: readonly ChainLink[], going: readonly ExpiredBuild[]): BuilderRecord {
  const gone = new Set(going.filter((each) => each.going.some((object) => isManifest(object))).map(({ build }) => build.build_id));
  const left = links.filter(({ build_id: id }) => !gone.has(id));
  const first = left[left.findLastIndex((link, index) => left[index - 1]?.sequence !== link.sequence - 1)];
  const begins =
    first === undefined || first.sequence === 1
      ? null
      : { build_id: first.build_id, sequence: first.sequence, digest: first.digest, previous: first.previous };
  return { ...builder, version: builder.version + 1, chain_begins: begins };
}

/** A hold may have come since: it is asked for again before each object. */
async function remove(ports: SweepingPorts, { by, report }: Sweep, { build, terms }: ExpiredBuild, object: KeptObject): Promise<void> {
  if ((await ports.records.readBuild(build.build_id))?.hold !== null) return;
  const deletion: Deletion = { ...object, at: timestamp(ports.clock.now()), by, policy_digest: terms.policy_digest };
  switch (await ports.kept.remove(deletion)) {
    case 'removed':
      report.deleted.push(deletion);
      return;
    case 'absent':
      report.absent.push(object.key);
      return;
    case 'altered':
      report.problems.push({
        problem: 'altered',
        key: object.key,
        message: `${object.key} is not what was written (${object.digest}), so it stays as evidence, though its time is over`,
      });
  }
}

function isManifest({ tags }: KeptObject): boolean {
  return tags.kind === 'hash-manifest';
}

function withoutManifest(each: ExpiredBuild): ExpiredBuild {
  return { ...each, going: each.going.filter((object) => !isManifest(object)) };
}
