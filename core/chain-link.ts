import { type SealedManifest } from './builder-record.ts';
import { type Digest } from './digest.ts';

/** A manifest in its place in the chain. */
export interface ChainLink extends Readonly<SealedManifest> {
  /** The digest of the manifest before that it names. */
  readonly previous: Digest | null;
  /** The id of its builder with the variables of its request (`variantIdOf`). */
  readonly variant: Digest;
}
