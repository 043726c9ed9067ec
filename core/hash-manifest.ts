import * as z from 'zod';

import { Artifact } from './artifact.ts';
import { canonicalJson } from './canonical-json.ts';
import { Digest, digestOfJson } from './digest.ts';
import { BuildId, BuilderName, Timestamp } from './identity.ts';
import { Input } from './input.ts';

export const hashManifestSchemaName = 'hybridcore-packer/hash-manifest/1';

/** What the build then met: never part of the fingerprint. */
export const Resolved = z.strictObject({
  /** Packer's version; null where it was not learned. */
  packer: z.string().nullable(),
  /** The plugins that packer installed for this build, by source, with their versions. Packer until 1.6 has its plugins in it. */
  plugins: z.record(z.string(), z.string()),
  /** As far as the builder told: AMIs with their region where it is known, container images with their digest. */
  base_images: z.array(z.string()),
});
export type Resolved = z.infer<typeof Resolved>;

/**
 * What an image was made from and what came of it, sealed once after a build of class 0. Each manifest holds
 * the digest of the one before: a chain, in which a rewritten or missing manifest shows.
 */
export const HashManifest = z.strictObject({
  schema: z.literal(hashManifestSchemaName),
  builder: BuilderName,
  build_id: BuildId,
  attempt: z.literal([1, 2]),
  /** 1 for a builder's first manifest. */
  sequence: z.int().positive(),
  fingerprint: Digest,
  inputs: z.array(Input),
  resolved: Resolved,
  artifacts: z.array(Artifact),
  /** Null in a builder's first manifest. */
  previous: z.strictObject({ digest: Digest, fingerprint: Digest }).nullable(),
  started_at: Timestamp,
  finished_at: Timestamp,
  sealed_at: Timestamp,
});
export type HashManifest = z.infer<typeof HashManifest>;

/** The digest by which the next manifest and the records know this one: over its canonical JSON (RFC 8785). */
export function manifestDigest(manifest: HashManifest): Digest {
  return digestOfJson(manifest);
}

/** A document as it is stored: JSON that a person can read, ending in a newline. Its digest does not depend on the layout. */
export function documentText(document: unknown): string {
  // A round trip through the canonical form refuses what JSON cannot carry before anything is written.
  canonicalJson(document);
  return `${JSON.stringify(document, null, 2)}\n`;
}
