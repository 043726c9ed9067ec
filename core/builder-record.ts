import { boundedText } from './bounded-text.ts';
import { Classification } from './classification/verdict.ts';
import { Digest } from './digest.ts';
import { BuildId, BuilderName, Caller, ObjectKey, Timestamp } from './identity.ts';
import { ChainBeginningOrNull } from './retention/chain-beginning.ts';
import * as z from './zod.ts';

/** How many builds of one builder may wait. */
export const queueLimit = 20;

/** What the reason of a release takes at most, in bytes as JSON. */
export const longestReason = 4096;

/** A sealed manifest as the records know it. */
export const SealedManifest = z.strictObject({
  build_id: BuildId,
  path: ObjectKey,
  digest: Digest,
  fingerprint: Digest,
  sequence: z.int().check(z.positive()),
  sealed_at: Timestamp,
});
export type SealedManifest = z.infer<typeof SealedManifest>;

/** What is known of a builder over all its builds: the gate through which each of its builds passes. */
export const BuilderRecord = z.lazy(() =>
  z.strictObject({
    schema: z.literal('hybridcore-packer/builder/1'),
    /** Grows by one with each write; the condition of every write. */
    version: z.int().check(z.positive()),
    builder: BuilderName,
    /** The one build whose turn it is: it is about to start, running or retrying. */
    current: z.nullable(BuildId),
    /** Builds that wait, in their order. */
    queue: z.array(BuildId).check(z.maxLength(queueLimit)),
    /** The build that ended last. */
    last: z.nullable(BuildId),
    /** The newest sealed manifest: the head of the chain. */
    newest: z.nullable(SealedManifest),
    chain_begins: ChainBeginningOrNull,
    quarantine: z.nullable(
      z.strictObject({
        build_id: BuildId,
        since: Timestamp,
        ...z.pick(Classification, { rule: true, reason: true, evidence: true }).shape,
      }),
    ),
    /** The last release from quarantine. */
    released: z.nullable(z.strictObject({ at: Timestamp, by: Caller, reason: boundedText(longestReason), build_id: BuildId })),
  }),
);
export type BuilderRecord = z.infer<typeof BuilderRecord>;
