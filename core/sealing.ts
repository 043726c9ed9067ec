import { type Build } from './build.ts';
import { canonicalJson } from './canonical-json.ts';
import { keys } from './contract/keys.ts';
import { type ObjectKind } from './contract/tags.ts';
import { FailureError } from './failure-error.ts';
import { documentText } from './document-text.ts';
import { HashManifest } from './hash-manifest.ts';
import { type Objects } from './ports.ts';

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
  throw new FailureError({
    rule: 'CHAIN_BROKEN',
    message: `${key} is there already, with other content than the build ${build.build_id} leaves`,
    remedy: 'find out who wrote it and keep it as evidence elsewhere; once it is gone from there, the next command goes on',
  });
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
  const tags = { kind, builder: build.builder, build: build.build_id, retention: build.retention };
  if ((await objects.create(key, content, tags)) !== 'different') return content;
  const standing = await objects.tags(key);
  if (standing?.build !== build.build_id || standing.kind !== kind) return undefined;
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
