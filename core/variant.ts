import { SealedManifest } from './builder-record.ts';
import { Digest, digestOfJson } from './digest.ts';
import { BuilderName } from './identity.ts';
import * as z from './zod.ts';

/**
 * A builder with one set of request variables, and the newest manifest that was sealed for it: what skip, drift and
 * gate compare with. The record of `Records`, written in the same commit as the build's final state.
 */
export const Variant = z.lazy(() =>
  z.strictObject({
    schema: z.literal('hybridcore-packer/variant/1'),
    version: z.int().check(z.positive()),
    variant_id: Digest,
    builder: BuilderName,
    newest: SealedManifest,
  }),
);
export type Variant = z.infer<typeof Variant>;

/** The id of a variant: the digest over the builder's name and the request's variables. */
export function variantIdOf(builder: BuilderName, variables: Readonly<Record<string, string>>): Digest {
  return digestOfJson([builder, variables]);
}
