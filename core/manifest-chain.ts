import * as z from 'zod';

import { type BuilderRecord } from './builder-record.ts';
import { type ChainProblem, chainFailure } from './chain-problem.ts';
import { keys } from './contract/keys.ts';
import { type Digest } from './digest.ts';
import { type Outcome, success } from './failure.ts';
import { handoverLimits } from './handed-over.ts';
import { manifestDigest } from './document-text.ts';
import { HashManifest } from './hash-manifest.ts';
import { BuildId, type BuilderName } from './identity.ts';
import { type Objects, type Page, type Records } from './ports.ts';
import { isFinal } from './states.ts';

/** Where a manifest may be read up to, in bytes: what a report may hold, set out for people. */
const manifestLimit = 8 * handoverLimits.report;

/** A manifest in its place in the chain. */
export interface ChainLink {
  readonly build_id: BuildId;
  readonly key: string;
  readonly digest: Digest;
  readonly sequence: number;
  readonly previous: Digest | null;
}

/** A chain that holds. */
export interface ManifestChain {
  /** The first one first. */
  readonly links: readonly ChainLink[];
  /** The manifests that were asked for, as far as they are in the chain. */
  readonly manifests: ReadonlyMap<BuildId, HashManifest>;
}

/**
 * Reads all manifests of a builder and holds them against each other and against the records: each is the one that was
 * recorded when it was sealed, names the one before it, and the last is the one that the records call the newest. What
 * stands at the key of a build that has not ended is no link yet; that build finds it when it seals.
 *
 * @param builder as it is recorded. Where a problem is found and the record has moved on meanwhile, two moments were
 * mixed up: look again.
 * @param whole the builds whose manifests are wanted; of the others only the link is kept.
 * @returns CHAIN_BROKEN with every problem where the chain does not hold.
 */
export async function readChain(
  ports: { readonly records: Records; readonly objects: Objects },
  builder: BuilderRecord,
  whole: readonly BuildId[],
): Promise<Outcome<ManifestChain>> {
  const builds = await recordedBuilds(ports.records, builder.builder);
  const manifests = new Map<BuildId, HashManifest>();
  const seen: Seen[] = [];
  for (const [id, build] of builds) {
    if (build.sealed === null) continue;
    const found = await look(ports.objects, keys.manifest(builder.builder, id));
    if (found.state === 'read' && whole.includes(id)) manifests.set(id, found.manifest);
    seen.push({ id, recorded: build.sealed, found: lightened(found) });
  }
  for (const id of await placesTaken(ports.objects, builder.builder)) {
    const build = builds.get(id);
    if (build !== undefined && (build.sealed !== null || !build.ended)) continue;
    seen.push({ id, recorded: null, found: lightened(await look(ports.objects, keys.manifest(builder.builder, id))) });
  }
  seen.sort((a, b) => (a.id < b.id ? -1 : 1));
  const head = builder.newest === null ? undefined : builds.get(builder.newest.build_id);
  const pointer = await look(ports.objects, keys.newestManifest(builder.builder));
  const problems = [...chainProblems(builder, seen), ...pointerProblems(builder, seen, pointer, head?.settled ?? true)];
  const [first, ...others] = problems;
  if (first !== undefined) return { ok: false, failure: chainFailure(builder.builder, [first, ...others]) };
  return success({ links: linksOf(builder.builder, seen), manifests });
}

// ---- what is there -----------------------------------------------------------------------------------------

/** What the record of a build says of its manifest. */
interface RecordedBuild {
  readonly sealed: Digest | null;
  readonly ended: boolean;
  /** Whether the newest-of keys show it, or a newer one. */
  readonly settled: boolean;
}

async function recordedBuilds(records: Records, builder: BuilderName): Promise<ReadonlyMap<BuildId, RecordedBuild>> {
  const builds = new Map<BuildId, RecordedBuild>();
  for await (const { build_id: id, state, manifest, settled_at: settled } of pages((page) => records.listBuilds(builder, page), 100))
    builds.set(id, { sealed: manifest?.digest ?? null, ended: isFinal(state), settled: settled !== null });
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

async function* pages<T>(list: (page: { limit: number; cursor?: string }) => Promise<Page<T>>, limit: number): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const page = await list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

type Found =
  | { readonly state: 'read'; readonly manifest: HashManifest }
  | { readonly state: 'absent' }
  | { readonly state: 'unreadable'; readonly why: string };

async function look(objects: Objects, key: string): Promise<Found> {
  const read = await objects.read(key, { bytes: manifestLimit });
  switch (read.state) {
    case 'absent':
      return { state: 'absent' };
    case 'too-large':
      return { state: 'unreadable', why: `it has ${read.size} bytes, more than any manifest` };
    case 'not-a-file':
      return { state: 'unreadable', why: 'it is no plain file' };
    case 'read':
      return parsed(new TextDecoder().decode(read.content));
  }
}

function parsed(text: string): Found {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { state: 'unreadable', why: 'it is no JSON' };
  }
  const manifest = HashManifest.safeParse(document);
  return manifest.success
    ? { state: 'read', manifest: manifest.data }
    : { state: 'unreadable', why: z.prettifyError(manifest.error).split('\n').join(' ').slice(0, 500) };
}

// ---- what it comes to --------------------------------------------------------------------------------------

/** What of a manifest the chain is about: all of them are held at once. */
type Light =
  | { readonly state: 'read'; readonly digest: Digest; readonly sequence: number; readonly previous: Digest | null }
  | Exclude<Found, { readonly state: 'read' }>;

/** A place in which a manifest stands or should stand. `recorded`: null where no build sealed one there. */
interface Seen {
  readonly id: BuildId;
  readonly recorded: Digest | null;
  readonly found: Light;
}

function lightened(found: Found): Light {
  if (found.state !== 'read') return found;
  const { manifest } = found;
  return { state: 'read', digest: manifestDigest(manifest), sequence: manifest.sequence, previous: manifest.previous?.digest ?? null };
}

/** Those that are what was recorded, the first one first. */
function linksOf(builder: BuilderName, seen: readonly Seen[]): ChainLink[] {
  return seen
    .flatMap(({ id, recorded, found }) =>
      found.state === 'read' && found.digest === recorded
        ? [{ build_id: id, key: keys.manifest(builder, id), digest: found.digest, sequence: found.sequence, previous: found.previous }]
        : [],
    )
    .toSorted((a, b) => a.sequence - b.sequence || (a.build_id < b.build_id ? -1 : 1));
}

function chainProblems(builder: BuilderRecord, seen: readonly Seen[]): readonly ChainProblem[] {
  const vouched = vouchedFor(builder, seen);
  const each = [...forks(builder.builder, seen), ...seen.flatMap((one) => placeProblem(builder.builder, vouched, one) ?? [])];
  // Where a link is not what it was, what hangs on it says nothing new.
  return each.length > 0 ? each : linkProblems(builder, linksOf(builder.builder, seen));
}

/**
 * The digests that the record of the builder vouches for, or a manifest that is what was recorded: their own, and along
 * the chain those of all manifests before.
 */
function vouchedFor({ newest }: BuilderRecord, seen: readonly Seen[]): ReadonlySet<Digest> {
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
  return { problem: vouched.has(found.digest) ? 'recorded-otherwise' : 'altered', key, digest: found.digest, recorded };
}

/** Places that several manifests claim which are what was recorded, or which no build sealed. */
function forks(builder: BuilderName, seen: readonly Seen[]): readonly ChainProblem[] {
  const claims = new Map<number, string[]>();
  for (const { id, recorded, found } of seen)
    if (found.state === 'read' && (recorded === null || found.digest === recorded))
      claims.set(found.sequence, [...(claims.get(found.sequence) ?? []), keys.manifest(builder, id)]);
  return [...claims].flatMap(([sequence, claiming]) => (claiming.length > 1 ? [{ problem: 'fork', sequence, keys: claiming }] : []));
}

/** Holes, links that lead elsewhere, and another end than the records name. */
function linkProblems({ newest }: BuilderRecord, links: readonly ChainLink[]): readonly ChainProblem[] {
  const problems: ChainProblem[] = [];
  for (const [index, link] of links.entries()) {
    const before = links[index - 1];
    const expected = (before?.sequence ?? 0) + 1;
    if (link.sequence !== expected) problems.push({ problem: 'hole', sequence: expected, key: link.key });
    else if (link.previous !== (before?.digest ?? null))
      problems.push({ problem: 'unlinked', key: link.key, names: link.previous, before: before?.key ?? null });
  }
  const last = links.at(-1);
  if (newest?.digest !== last?.digest || newest?.sequence !== last?.sequence || newest?.build_id !== last?.build_id)
    problems.push({ problem: 'head', recorded: newest, last: last?.key ?? null });
  return problems;
}

/**
 * The newest-of key is a copy of the newest manifest, as soon as the build that sealed it is settled. Until then it may
 * show an older one of the chain, or none.
 */
function pointerProblems(builder: BuilderRecord, seen: readonly Seen[], pointer: Found, settled: boolean): readonly ChainProblem[] {
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
