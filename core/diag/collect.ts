import { type Build } from '../build.ts';
import { manifestDigest } from '../document-text.ts';
import { type Digest, digestOf } from '../digest.ts';
import { compareInputs } from '../drift.ts';
import { handoverLimits } from '../handed-over.ts';
import { type HashManifest } from '../hash-manifest.ts';
import { pages } from '../pages.ts';
import { type Compression, type KeptObjects, type Objects, type Records } from '../ports.ts';
import { parseManifest } from '../read-manifest.ts';
import { isFinal } from '../states.ts';
import { type FoundFile, alterations } from './alterations.ts';
import { type DiagDrift } from './bundle-documents.ts';
import { bundleLimits } from './bundle-limits.ts';

export interface CollectPorts {
  readonly records: Records;
  readonly objects: Objects;
  readonly compression: Compression;
  /** Null where the home does not record the digests of what was written: a bucket. */
  readonly kept: Pick<KeptObjects, 'findKept'> | null;
}

/** What a build left, as it was found. */
export interface Collection {
  /** By their paths in the bundle. */
  readonly files: Map<string, FoundFile>;
  readonly absent: { readonly path: string; readonly why: string }[];
  readonly altered: { readonly path: string; readonly why: string }[];
  /** Null where there are not two manifests to compare. */
  drift: DiagDrift | null;
}

/**
 * Reads all that a build left, and says of each thing that is not there why, as far as the records tell.
 *
 * @param keptUntil when what it left may go; null while it is open.
 */
export async function collect(ports: CollectPorts, build: Build, keptUntil: string | null): Promise<Collection> {
  const found: Collection = { files: new Map(), absent: [], altered: [], drift: null };
  const open = `the build is ${build.state}: it is written when it ends`;
  const take = async (path: string, key: string | null, whyNot: string): Promise<Uint8Array | undefined> => {
    if (key === null) {
      found.absent.push({ path, why: whyNot });
      return undefined;
    }
    const read = await ports.objects.read(key, { bytes: bundleLimits.part });
    if (read.state === 'read') {
      found.files.set(path, { content: read.content, key, stored: digestOf(read.content) });
      return read.content;
    }
    found.absent.push({ path, why: whyUnread(key, read, keptUntil) });
    return undefined;
  };

  await take('summary.json', build.summary_path, open);
  await take('result.json', build.result_path, open);
  for (const { attempt, run, outcome } of build.attempts) {
    const folder = `attempt-${attempt}`;
    const none =
      run === null
        ? 'the run of this attempt was never started'
        : outcome === null
          ? `attempt ${attempt} is not completed yet`
          : 'packer did not run in this attempt';
    const packed = await take(`${folder}/packer.log`, outcome?.log?.path ?? null, none);
    if (packed !== undefined) unpackLog(ports.compression, found, `${folder}/packer.log`, packed);
    const unscrubbed = outcome === null ? none : 'this attempt handed nothing over, so nothing was scrubbed';
    await take(`${folder}/scrub-manifest.json`, outcome?.scrub_manifest_path ?? null, unscrubbed);
  }
  await collectManifests(ports, build, found, take, isFinal(build.state) ? `the build ended as ${build.state}, and sealed none` : open);
  const noted = new Set(found.altered.map(({ path }) => path));
  found.altered.push(...(await alterations(ports.kept, build, found.files)).filter(({ path }) => !noted.has(path)));
  return found;
}

type Unread = Exclude<Awaited<ReturnType<Objects['read']>>, { state: 'read' }>;

function whyUnread(key: string, read: Unread, keptUntil: string | null): string {
  switch (read.state) {
    case 'absent':
      return `${key} is not there any more${keptUntil === null ? '' : `; it was to be kept until ${keptUntil} at least`}`;
    case 'too-large':
      return `${key} has ${read.size} bytes, more than a bundle takes`;
    case 'not-a-file':
      return `${key} is no plain file`;
  }
}

function unpackLog(compression: Compression, found: Collection, path: string, packed: Uint8Array): void {
  const content = compression.expand(packed, { bytes: handoverLimits.expandedLog });
  const file = found.files.get(path);
  if (file === undefined) return;
  if (content !== undefined) {
    found.files.set(path, { ...file, content });
    return;
  }
  found.files.delete(path);
  found.absent.push({ path, why: `${file.key} is damaged: it is no whole gzip, or longer than any log` });
}

/** The manifest that the build sealed (of a skipped one: that it was held against) and the one before it. */
async function collectManifests(
  ports: CollectPorts,
  build: Build,
  found: Collection,
  take: (path: string, key: string | null, whyNot: string) => Promise<Uint8Array | undefined>,
  whyNone: string,
): Promise<void> {
  const unchanged = build.decision?.unchanged ?? null;
  const sealed = readSealed(
    found,
    'manifest.json',
    await take('manifest.json', build.manifest?.path ?? null, whyNone),
    build.manifest?.digest,
  );
  const named = sealed?.previous ?? null;
  const previous = unchanged ?? (named === null ? null : await sealedAs(ports.records, build, named.digest));
  const whyNoPrevious =
    build.manifest === null
      ? whyNone
      : sealed === undefined
        ? 'the manifest that names it cannot be read'
        : named === null
          ? 'it was the first manifest of its builder'
          : `no build is recorded any more that sealed ${named.digest}`;
  const before = readSealed(
    found,
    'manifest-before.json',
    await take('manifest-before.json', previous?.path ?? null, whyNoPrevious),
    previous?.digest,
  );
  if (sealed === undefined || before === undefined) {
    found.absent.push({ path: 'drift.json', why: 'there are not two manifests to compare' });
    return;
  }
  const { added, removed, changed } = compareInputs(before.inputs, sealed.inputs);
  found.drift = {
    before: identityOf(before),
    after: identityOf(sealed),
    changes: { added: [...added], removed: [...removed], changed: changed.map((each) => ({ ...each, changed: [...each.changed] })) },
  };
}

function identityOf(manifest: HashManifest): DiagDrift['before'] {
  return { build_id: manifest.build_id, digest: manifestDigest(manifest), fingerprint: manifest.fingerprint };
}

function readSealed(
  found: Collection,
  path: string,
  content: Uint8Array | undefined,
  recorded: Digest | undefined,
): HashManifest | undefined {
  if (content === undefined) return undefined;
  const read = parseManifest(new TextDecoder().decode(content));
  if (read.state !== 'read') {
    found.altered.push({ path, why: `it cannot be read as a manifest: ${read.why}` });
    return undefined;
  }
  const digest = manifestDigest(read.manifest);
  if (recorded !== undefined && digest !== recorded)
    found.altered.push({ path, why: `its digest is ${digest}, and ${recorded} was recorded when it was sealed` });
  return read.manifest;
}

/** The manifest of this digest, as an earlier build of the builder sealed it. */
async function sealedAs(records: Records, { builder, build_id: id }: Build, digest: Digest): Promise<Build['manifest']> {
  for await (const build of pages((page) => records.listBuilds(builder, page), 100))
    if (build.build_id < id && build.manifest?.digest === digest) return build.manifest;
  return null;
}
