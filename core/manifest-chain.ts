import { type BuilderRecord, type SealedManifest } from './builder-record.ts';
import { type ChainLink } from './chain-link.ts';
import { type ChainProblem, chainFailure } from './chain-problem.ts';
import { channelProblems, variantProblems } from './chain-records.ts';
import { type Channel } from './channel.ts';
import { keys } from './contract/keys.ts';
import { type Digest } from './digest.ts';
import { type Outcome, success } from './failure.ts';
import { manifestDigest } from './document-text.ts';
import { BuildId, type BuilderName } from './identity.ts';
import { allPages, pages } from './pages.ts';
import { type Objects, type Records } from './ports.ts';
import { type FoundManifest, readManifest } from './read-manifest.ts';
import { isFinal } from './states.ts';
import { variantIdOf } from './variant.ts';

/** A chain that holds, and what is published of it. */
export interface ManifestChain {
  /** The first one first. */
  readonly links: readonly ChainLink[];
  readonly channels: readonly Channel[];
}

/** A chain as it is found, with all that does not hold of it. */
export interface InspectedChain extends ManifestChain {
  readonly problems: readonly ChainProblem[];
}

/** What the record of a builder says of its chain. */
export type ChainHead = Pick<BuilderRecord, 'builder' | 'newest' | 'chain_begins'>;

/** Where the records and the manifests are. */
export interface ChainPorts {
  readonly records: Records;
  readonly objects: Objects;
}

/**
 * The manifests of a builder, on the condition that they hold (`inspectChain`).
 *
 * @returns CHAIN_BROKEN with every problem where they do not.
 */
export async function readChain(ports: ChainPorts, builder: ChainHead): Promise<Outcome<ManifestChain>> {
  const { problems, ...chain } = await inspectChain(ports, builder);
  const [first, ...others] = problems;
  return first === undefined ? success(chain) : { ok: false, failure: chainFailure(builder.builder, [first, ...others]) };
}

/**
 * Reads all manifests of a builder and holds them against each other and against the records: each is the one that was
 * recorded when it was sealed, names the one before it, and the last is the one that the records call the newest; so are
 * the last one of each set of request variables, and each that a channel points to. What stands at the key of a build that
 * has not ended is no link yet; that build finds it when it seals. What has expired is none any more: the chain is whole from
 * where the record says that it begins, and of older ones there is what was kept.
 *
 * @param builder as it is recorded. Where a problem is found and the record has moved on meanwhile, two moments were
 * mixed up: look again.
 */
export async function inspectChain(ports: ChainPorts, builder: ChainHead): Promise<InspectedChain> {
  const builds = await recordedBuilds(ports.records, builder.builder);
  const seen: Seen[] = [];
  for (const [id, build] of builds) {
    if (build.sealed === null) continue;
    const found = lightened(await readManifest(ports.objects, keys.manifest(builder.builder, id)));
    if (build.expired && (found.state === 'absent' || (found.state === 'read' && found.digest === build.sealed))) continue;
    seen.push({ id, variant: build.variant, recorded: build.sealed, found });
  }
  for (const id of await placesTaken(ports.objects, builder.builder)) {
    const build = builds.get(id);
    if (build !== undefined && (build.sealed !== null || !build.ended)) continue;
    const found = lightened(await readManifest(ports.objects, keys.manifest(builder.builder, id)));
    seen.push({ id, variant: null, recorded: null, found });
  }
  seen.sort((a, b) => (a.id < b.id ? -1 : 1));
  const head = builder.newest === null ? undefined : builds.get(builder.newest.build_id);
  const pointer = await readManifest(ports.objects, keys.newestManifest(builder.builder));
  const links = linksOf(builder.builder, seen);
  const channels = await allPages((page) => ports.records.listChannels(builder.builder, page));
  const broken = chainProblems(builder, seen, links);
  const problems = [
    ...broken,
    ...pointerProblems(builder, seen, pointer, head?.settled ?? true),
    // Where a link is not what it was, the newest of its variables is another one.
    ...(broken.length > 0 ? [] : await variantProblems(ports.records, links)),
    ...(await channelProblems(ports.objects, links, channels)),
  ];
  return { links, channels, problems };
}

// ---- what is there -----------------------------------------------------------------------------------------

/** What the record of a build says of its manifest. */
interface RecordedBuild {
  readonly sealed: Digest | null;
  readonly variant: Digest;
  readonly ended: boolean;
  /** Whether it has expired: it is gone, or about to be. */
  readonly expired: boolean;
  /** Whether the newest-of keys show it, or a newer one. */
  readonly settled: boolean;
}

async function recordedBuilds(records: Records, builder: BuilderName): Promise<ReadonlyMap<BuildId, RecordedBuild>> {
  const builds = new Map<BuildId, RecordedBuild>();
  for await (const build of pages((page) => records.listBuilds(builder, page), 100))
    builds.set(build.build_id, {
      sealed: build.manifest?.digest ?? null,
      variant: variantIdOf(builder, build.variables),
      ended: isFinal(build.state),
      expired: typeof build.expired?.manifest_at === 'string',
      settled: build.settled_at !== null,
    });
  return builds;
}

/** The builds at whose keys something stands. What else a person keeps in that folder is no manifest. */
async function placesTaken(objects: Objects, builder: BuilderName): Promise<readonly BuildId[]> {
  const prefix = keys.manifests(builder);
  const taken: BuildId[] = [];
  for await (const key of pages((page) => objects.list(prefix, page), 1000)) {
    const id = BuildId.safeParse(key.slice(prefix.length, prefix.length + 26));
    if (id.success && key === keys.manifest(builder, id.data)) taken.push(id.data);
  }
  return taken;
}

// ---- what it comes to --------------------------------------------------------------------------------------

/** What of a manifest the chain is about: all of them are held at once. */
type Light =
  | ({ readonly state: 'read'; readonly previous: Digest | null } & Readonly<
      Pick<SealedManifest, 'digest' | 'fingerprint' | 'sequence' | 'sealed_at' | 'build_id'>
    >)
  | Exclude<FoundManifest, { readonly state: 'read' }>;

/** A place in which a manifest stands or should stand. `variant` and `recorded` are null where no build sealed one there. */
interface Seen {
  readonly id: BuildId;
  readonly variant: Digest | null;
  readonly recorded: Digest | null;
  readonly found: Light;
}

function lightened(found: FoundManifest): Light {
  if (found.state !== 'read') return found;
  const { manifest } = found;
  const { build_id, fingerprint, sequence, sealed_at, previous } = manifest;
  return {
    state: 'read',
    build_id,
    digest: manifestDigest(manifest),
    fingerprint,
    sequence,
    sealed_at,
    previous: previous?.digest ?? null,
  };
}

/** Those that are what was recorded, the first one first. */
function linksOf(builder: BuilderName, seen: readonly Seen[]): ChainLink[] {
  return seen
    .flatMap(({ id, variant, recorded, found }) => {
      if (found.state !== 'read' || variant === null || found.digest !== recorded) return [];
      const { state: _, ...sealed } = found;
      return [{ ...sealed, build_id: id, path: keys.manifest(builder, id), variant }];
    })
    .toSorted((a, b) => a.sequence - b.sequence || (a.build_id < b.build_id ? -1 : 1));
}

function chainProblems(builder: ChainHead, seen: readonly Seen[], links: readonly ChainLink[]): readonly ChainProblem[] {
  const vouched = vouchedFor(builder, seen);
  const each = [...forks(builder.builder, seen), ...seen.flatMap((one) => placeProblem(builder.builder, vouched, one) ?? [])];
  // Where a link is not what it was, what hangs on it says nothing new.
  return each.length > 0 ? each : linkProblems(builder, links);
}

/**
 * The digests that the record of the builder vouches for, or a manifest that is what was recorded: their own, and along
 * the chain those of all manifests before.
 */
function vouchedFor({ newest }: ChainHead, seen: readonly Seen[]): ReadonlySet<Digest> {
  const previous = new Map(seen.flatMap(({ found }) => (found.state === 'read' ? [[found.digest, found.previous] as const] : [])));
  const vouched = new Set<Digest>();
  const starts = seen.flatMap(({ recorded, found }) => (found.state === 'read' && found.digest === recorded ? [found.digest] : []));
  for (const start of [newest?.digest ?? null, ...starts])
    for (let at = start; at !== null && !vouched.has(at); at = previous.get(at) ?? null) vouched.add(at);
  return vouched;
}

/** What is wrong with what stands in one place; undefined where nothing is. */
function placeProblem(builder: BuilderName, vouched: ReadonlySet<Digest>, { id, recorded, found }: Seen): ChainProblem | undefined {
  const key = keys.manifest(builder, id);
  if (found.state === 'absent') return recorded === null ? undefined : { problem: 'missing', key, build: id };
  if (found.state === 'unreadable') return { problem: 'unreadable', key, why: found.why };
  if (recorded === null) return { problem: 'foreign', key };
  if (found.digest === recorded) return undefined;
  // Another build's manifest that was put here is vouched for, in its own place.
  const isOwn = found.build_id === id && vouched.has(found.digest);
  return { problem: isOwn ? 'recorded-otherwise' : 'altered', key, digest: found.digest, recorded };
}

/** Places that several manifests claim which are what was recorded, or which no build sealed. */
function forks(builder: BuilderName, seen: readonly Seen[]): readonly ChainProblem[] {
  const claims = new Map<number, string[]>();
  for (const { id, recorded, found } of seen)
    if (found.state === 'read' && (recorded === null || found.digest === recorded))
      claims.set(found.sequence, [...(claims.get(found.sequence) ?? []), keys.manifest(builder, id)]);
  return [...claims].flatMap(([sequence, claiming]) => (claiming.length > 1 ? [{ problem: 'fork', sequence, keys: claiming }] : []));
}

/** Holes, links that lead elsewhere, and another beginning or end than the records name. */
function linkProblems({ newest, chain_begins: begins }: ChainHead, links: readonly ChainLink[]): readonly ChainProblem[] {
  const problems: ChainProblem[] = [];
  const first = begins?.sequence ?? 1;
  if (
    begins !== null &&
    !links.some(({ sequence, digest, build_id: id }) => sequence === first && digest === begins.digest && id === begins.build_id)
  )
    problems.push({ problem: 'beginning', recorded: begins, first: links.find(({ sequence }) => sequence >= first)?.path ?? null });
  for (const [index, link] of links.entries()) {
    const before = links[index - 1];
    const expected = Math.max((before?.sequence ?? 0) + 1, first);
    // Of what came before the beginning some was kept, and nothing says which.
    const follows = before !== undefined && before.sequence + 1 === link.sequence;
    const previous = follows ? before.digest : link.sequence === first ? (begins?.previous ?? null) : link.previous;
    if (link.sequence > first && link.sequence !== expected) problems.push({ problem: 'hole', sequence: expected, key: link.path });
    else if (link.previous !== previous)
      problems.push({ problem: 'unlinked', key: link.path, names: link.previous, before: follows ? before.path : null });
  }
  const last = links.at(-1);
  if (newest?.digest !== last?.digest || newest?.sequence !== last?.sequence || newest?.build_id !== last?.build_id)
    problems.push({ problem: 'head', recorded: newest, last: last?.path ?? null });
  return problems;
}

/**
 * The newest-of key is a copy of the newest manifest, as soon as the build that sealed it is settled. Until then it may
 * show an older one of the chain, or none.
 */
function pointerProblems(builder: ChainHead, seen: readonly Seen[], pointer: FoundManifest, settled: boolean): readonly ChainProblem[] {
  const { newest } = builder;
  const found = lightened(pointer);
  const digest = found.state === 'read' ? found.digest : null;
  const earlier = seen.map(({ recorded }) => recorded);
  if (digest === (newest?.digest ?? null) && found.state !== 'unreadable') return [];
  if (!settled && found.state !== 'unreadable' && (digest === null || earlier.includes(digest))) return [];
  const how =
    found.state === 'absent' ? 'is missing' : found.state === 'unreadable' ? `cannot be read: ${found.why}` : 'holds something else';
  return [{ problem: 'pointer', key: keys.newestManifest(builder.builder), newest: newest?.path ?? null, found: how }];
}
