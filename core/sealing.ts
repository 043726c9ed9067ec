import { type Build } from './build.ts';
import { canonicalJson } from './canonical-json.ts';
import { keys } from './contract/keys.ts';
import { type ObjectKind, type Tags } from './contract/tags.ts';
import { FailureError } from './failure-error.ts';
import { documentText } from './document-text.ts';
import { HashManifest } from './hash-manifest.ts';
import { type LongObjects, type Objects } from './ports.ts';

interface SealingPorts {
  readonly objects: Objects;
}

/**
 * Creates an object that a build leaves, with its tags. Whoever carries one decision out writes the same; but who goes on
 * after a crash may be another version of this program, which compresses and lays out otherwise. Then what was written
 * first stands, and counts: it carries the tags of this build, which only a dispatcher gives.
 *
 * @returns the bytes that stand there.
 * @throws FailureError where somebody else's object stands there.
 */
export async function createSealed(
  ports: SealingPorts,
  build: Build,
  kind: ObjectKind,
  key: string,
  content: Uint8Array,
): Promise<Uint8Array> {
  const standing = await seal(ports, build, kind, key, content);
  if (standing !== undefined) return standing;
  throw foreign(build, key);
}

function foreign(build: Build, key: string): FailureError {
  return new FailureError({
    rule: 'CHAIN_BROKEN',
    message: `${key} is there already, with other content than the build ${build.build_id} leaves`,
    remedy: 'find out who wrote it and keep it as evidence elsewhere; once it is gone from there, the next command goes on',
  });
}

function tagsOf(build: Build, kind: ObjectKind): Tags {
  return { kind, builder: build.builder, build: build.build_id, retention: build.retention };
}

async function isOfBuild(objects: Objects, build: Build, kind: ObjectKind, key: string): Promise<boolean> {
  const standing = await objects.tags(key);
  return standing?.build === build.build_id && standing.kind === kind;
}

/**
 * Creates an object that is too long for memory, as `createSealed` does.
 *
 * @returns the size in bytes of what stands there.
 * @throws FailureError where somebody else's object stands there; what the content throws.
 */
export async function createSealedFrom(
  { objects }: { readonly objects: Objects & LongObjects },
  build: Build,
  kind: ObjectKind,
  key: string,
  content: AsyncIterable<Uint8Array>,
): Promise<number> {
  const { state, size } = await objects.createFrom(key, content, tagsOf(build, kind));
  if (state !== 'different') return size;
  if (!(await isOfBuild(objects, build, kind, key))) throw foreign(build, key);
  const standing = await objects.open(key, { bytes: Number.MAX_SAFE_INTEGER });
  let length = 0;
  for await (const piece of standing.state === 'open' ? standing.content : []) length += piece.length;
  return length;
}

/**
 * Seals the manifest of a build.
 *
 * @returns the manifest that stands there; undefined where it is none of this build at this place of the chain.
 */
export async function sealManifest(ports: SealingPorts, build: Build, manifest: HashManifest): Promise<HashManifest | undefined> {
  const content = new TextEncoder().encode(documentText(manifest));
  const standing = await seal(ports, build, 'hash-manifest', keys.manifest(build.builder, build.build_id), content);
  if (standing === content) return manifest;
  const read = standing === undefined ? undefined : parsed(standing);
  return read !== undefined && canonicalJson(claims(read)) === canonicalJson(claims(manifest)) ? read : undefined;
}

/** Undefined where an object stands there that was not written for this build. */
async function seal(
  { objects }: SealingPorts,
  build: Build,
  kind: ObjectKind,
  key: string,
  content: Uint8Array,
): Promise<Uint8Array | undefined> {
  if ((await objects.create(key, content, tagsOf(build, kind))) !== 'different') return content;
  if (!(await isOfBuild(objects, build, kind, key))) return undefined;
  const read = await objects.read(key, { bytes: Number.MAX_SAFE_INTEGER });
  return read.state === 'read' ? read.content : undefined;
}

/** What of a manifest may not depend on the program that laid it out. */
function claims({ builder, build_id, attempt, sequence, fingerprint, inputs, artifacts, previous }: HashManifest): object {
  return { builder, build_id, attempt, sequence, fingerprint, inputs, artifacts, previous };
}

function parsed(content: Uint8Array): HashManifest | undefined {
  try {
    return HashManifest.parse(JSON.parse(new TextDecoder().decode(content)));
  } catch {
    return undefined;
  }
}
