import { type Build } from '../build.ts';
import { type BuilderRecord } from '../builder-record.ts';
import { keys } from '../contract/keys.ts';
import { BuildId, type BuilderName } from '../identity.ts';
import { allPages, pages } from '../pages.ts';
import { type KeptObject, type KeptObjects, type Records } from '../ports.ts';
import { variantIdOf } from '../variant.ts';
import { type BuildTerms, buildTerms } from './build-terms.ts';
import { isHalfChanged } from './change.ts';
import { type RetentionPolicy } from './policy.ts';

export interface SweepPorts {
  readonly records: Records;
  readonly kept: KeptObjects;
}

/** A build whose time is over, with what goes of it. */
export interface ExpiredBuild {
  readonly build: Build;
  readonly terms: BuildTerms;
  /** In order of their keys; not empty. */
  readonly going: readonly KeptObject[];
}

/** Why an object whose time is over stays. */
export type Spared = 'held' | 'newest' | 'published';

export interface SparedObject {
  readonly object: KeptObject;
  readonly why: Spared;
}

export interface SweepPlan {
  /** The oldest first. */
  readonly expired: readonly ExpiredBuild[];
  /** The builders of all that, as they were before anything else was looked at: what depends on more is committed on their version. */
  readonly builders: ReadonlyMap<BuilderName, BuilderRecord>;
  readonly spared: readonly SparedObject[];
  /** Builds whose retention was changed, and whose objects do not all have their class as a tag yet. */
  readonly halfChanged: readonly Build[];
  /** Objects of builds that no record knows: nobody can say how long they are kept, so they stay. */
  readonly unknown: readonly KeptObject[];
}

/**
 * What has expired, and what stays all the same: what is held; the newest manifest of a builder and of each set of request
 * variables, with which drift, gate and skip compare; each published one. Changes nothing.
 *
 * @param now milliseconds since 1970.
 */
export async function planSweep(ports: SweepPorts, policy: RetentionPolicy, now: number): Promise<SweepPlan> {
  const expired: ExpiredBuild[] = [];
  const spared: SparedObject[] = [];
  const halfChanged: Build[] = [];
  const unknown: KeptObject[] = [];
  const builders = new Map<BuilderName, BuilderRecord>();
  const published = new Map<BuilderName, ReadonlySet<BuildId>>();
  for (const [id, objects] of await objectsByBuild(ports.kept)) {
    const parsed = BuildId.safeParse(id);
    const build = parsed.success ? await ports.records.readBuild(parsed.data) : undefined;
    if (build === undefined) {
      unknown.push(...objects);
      continue;
    }
    if (isHalfChanged(build)) halfChanged.push(build);
    const terms = buildTerms(build, policy);
    if (terms === undefined || Date.parse(terms.expires_at) > now) continue;
    if (!published.has(build.builder)) {
      const builder = await ports.records.readBuilder(build.builder);
      if (builder !== undefined) builders.set(build.builder, builder);
      published.set(build.builder, await publishedBuilds(ports.records, build.builder));
    }
    const going: KeptObject[] = [];
    for (const object of objects) {
      const why = await sparedFor(ports.records, build, object, {
        newest: builders.get(build.builder)?.newest?.build_id,
        published: published.get(build.builder) ?? new Set(),
      });
      if (why === undefined) going.push(object);
      else spared.push({ object, why });
    }
    if (going.length > 0) expired.push({ build, terms, going });
  }
  expired.sort((a, b) => (a.build.build_id < b.build.build_id ? -1 : 1));
  return { expired, builders, spared, halfChanged, unknown };
}

async function objectsByBuild(kept: KeptObjects): Promise<ReadonlyMap<string, readonly KeptObject[]>> {
  const found = new Map<string, KeptObject[]>();
  for await (const object of pages((page) => kept.listKept(page))) {
    const { build } = object.tags;
    const known = found.get(build);
    if (known === undefined) found.set(build, [object]);
    else known.push(object);
  }
  return found;
}

async function sparedFor(
  records: Records,
  build: Build,
  { key, tags }: KeptObject,
  builder: { readonly newest: BuildId | undefined; readonly published: ReadonlySet<BuildId> },
): Promise<Spared | undefined> {
  if (build.hold !== null) return 'held';
  if (tags.kind !== 'hash-manifest') return undefined;
  if (key === keys.newestManifest(build.builder)) return 'newest';
  if (builder.published.has(build.build_id)) return 'published';
  const variant = await records.readVariant(variantIdOf(build.builder, build.variables));
  return [builder.newest, variant?.newest.build_id].includes(build.build_id) ? 'newest' : undefined;
}

async function publishedBuilds(records: Records, builder: BuilderName): Promise<ReadonlySet<BuildId>> {
  const channels = await allPages((page) => records.listChannels(builder, page));
  return new Set(channels.map(({ published }) => published.build_id));
}
