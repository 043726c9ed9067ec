import { Artifact } from './artifact.ts';
import { Digest } from './digest.ts';
import { BuildId, BuilderName, Timestamp } from './identity.ts';
import { Input } from './input.ts';
import * as z from './zod.ts';

/** What the build then met: never part of the fingerprint. */
export const Resolved = z.strictObject({
  /** Packer's version; null where it was not learned. */
  packer: z.nullable(z.string()),
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
  schema: z.literal('hybridcore-packer/hash-manifest/1'),
  builder: BuilderName,
  build_id: BuildId,
  attempt: z.literal([1, 2]),
  /** 1 for a builder's first manifest. */
  sequence: z.int().check(z.positive()),
  fingerprint: Digest,
  inputs: z.array(Input),
  resolved: Resolved,
  artifacts: z.array(Artifact),
  /** Null in a builder's first manifest. */
  previous: z.nullable(z.strictObject({ digest: Digest, fingerprint: Digest })),
  started_at: Timestamp,
  finished_at: Timestamp,
  sealed_at: Timestamp,
});
export type HashManifest = z.infer<typeof HashManifest>;
