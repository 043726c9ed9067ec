import { Digest } from '../digest.ts';
import { BuildId, BuilderName } from '../identity.ts';
import * as z from '../zod.ts';
import { mostActions } from './action-limit.ts';

/** One redaction, or several of one secret that were put together. */
export const ScrubAction = z.strictObject({
  /** The rule's code or the variable's name, as the marker has it. */
  rule: z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,128}$/)),
  /** Equal for equal secrets within one manifest; null where those of several secrets were put together. */
  id: z.nullable(z.string().check(z.regex(/^[0-9a-f]{8}$/))),
  count: z.int().check(z.positive()),
  /** Of the first of them, after scrubbing: from 1; the column in UTF-16 code units. */
  line: z.int().check(z.positive()),
  column: z.int().check(z.positive()),
});
export type ScrubAction = z.infer<typeof ScrubAction>;

/** A digest with a key that is never written: it tells equal from different, and nothing else. */
export const KeyedDigest = z.string().check(z.regex(/^hmac-sha256:[0-9a-f]{64}$/));

export const ScrubbedFile = z.strictObject({
  /** What it is: an object's key, `packer.log`, or a field of the result such as `stderr`. */
  file: z.string().check(z.minLength(1)),
  lines: z.int().check(z.nonnegative()),
  /** Bytes, of a file in UTF-16 of that. */
  bytes_before: z.int().check(z.nonnegative()),
  bytes_after: z.int().check(z.nonnegative()),
  /**
   * HMAC-SHA256 with the random key of the manifest. A plain digest would let anyone who has the scrubbed
   * file try candidates for a short secret until the digest fits. The key is gone with the attempt; until
   * then its holder can prove what was scrubbed, and equal files of one manifest show as equal.
   */
  digest_before: KeyedDigest,
  /** Of what was written. */
  digest_after: Digest,
  /** Whether there were more than 10,000 actions, which are then put together by rule and id. */
  aggregated: z.boolean(),
  actions: z.array(ScrubAction).check(z.maxLength(mostActions + 1000)),
});
export type ScrubbedFile = z.infer<typeof ScrubbedFile>;

/** Every redaction of one attempt. */
export const ScrubManifest = z.strictObject({
  schema: z.literal('hybridcore-packer/scrub-manifest/1'),
  builder: BuilderName,
  build_id: BuildId,
  attempt: z.literal([0, 1, 2]),
  /** Changes whenever what is found by shape does. */
  rule_set: Digest,
  /** Names of the values that are too short or too common to be searched for in running text. */
  not_searched: z.array(z.string()),
  files: z.array(ScrubbedFile),
});
export type ScrubManifest = z.infer<typeof ScrubManifest>;
