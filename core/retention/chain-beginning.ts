import { Digest } from '../digest.ts';
import { BuildId } from '../identity.ts';
import * as z from '../zod.ts';

/** The manifest with which a chain begins whose older ones have expired. */
const ChainBeginning = z.strictObject({
  build_id: BuildId,
  sequence: z.int().check(z.positive()),
  digest: Digest,
  /** The digest of the one before, as this one names it. */
  previous: z.nullable(Digest),
});
export type ChainBeginning = z.infer<typeof ChainBeginning>;

/** In the record of a builder: null where its chain begins with the first manifest, and in older records. */
export const ChainBeginningOrNull = z.withDefault(z.nullable(ChainBeginning), null);
