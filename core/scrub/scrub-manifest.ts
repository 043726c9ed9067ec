import { createHash, createHmac } from 'node:crypto';
import * as z from 'zod';

import { Digest, toDigest } from '../digest.ts';
import { BuildId, BuilderName } from '../identity.ts';
import { ruleSetDigest } from './redaction-rules.ts';
import { type Redactor } from './redactor.ts';
import { ScrubAction, mostActions } from './scrub-action.ts';

/** A digest with a key that is never written: it tells equal from different, and nothing else. */
export const KeyedDigest = z.string().regex(/^hmac-sha256:[0-9a-f]{64}$/);

export const ScrubbedFile = z.strictObject({
  /** What it is: an object's key, `packer.log`, or a field of the result such as `stderr`. */
  file: z.string().min(1),
  lines: z.int().nonnegative(),
  /** UTF-8 bytes. */
  bytes_before: z.int().nonnegative(),
  bytes_after: z.int().nonnegative(),
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
  actions: z.array(ScrubAction).max(mostActions + 1000),
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

/** A scrub manifest, its files in the order given. */
export function scrubManifest(
  of: Pick<ScrubManifest, 'builder' | 'build_id' | 'attempt'>,
  notSearched: readonly string[],
  files: readonly ScrubbedFile[],
): ScrubManifest {
  return {
    schema: 'hybridcore-packer/scrub-manifest/1',
    builder: of.builder,
    build_id: of.build_id,
    attempt: of.attempt,
    rule_set: ruleSetDigest(),
    not_searched: [...new Set(notSearched)].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    files: [...files],
  };
}

/** Scrubs one file as a stream, and keeps what the manifest says of it. Nothing of the file is kept. */
export interface FileScrub {
  /** A line without its newline, well-formed; both files are digested with LF behind each line. */
  line(text: string): string;
  /** What the manifest says of the file. No line may follow. */
  end(): ScrubbedFile;
}

/**
 * Puts a file through the hook for the manifest.
 *
 * @param redactor one of its own: `forAnotherFile` where there are several
 * @param key the redactor's
 */
export function createFileScrub(file: string, redactor: Redactor, key: Uint8Array): FileScrub {
  const before = createHmac('sha256', key).update('file\0');
  const after = createHash('sha256');
  const bytes = { before: 0, after: 0 };
  let lines = 0;
  return {
    line(text) {
      // A rule may end between the two halves of a character.
      const scrubbed = redactor.line(text).toWellFormed();
      lines += 1;
      before.update(text).update('\n');
      after.update(scrubbed).update('\n');
      bytes.before += Buffer.byteLength(text) + 1;
      bytes.after += Buffer.byteLength(scrubbed) + 1;
      return scrubbed;
    },
    end() {
      redactor.end();
      return {
        file,
        lines,
        bytes_before: bytes.before,
        bytes_after: bytes.after,
        digest_before: `hmac-sha256:${before.digest('hex')}`,
        digest_after: toDigest(after.digest('hex')),
        aggregated: redactor.aggregated(),
        actions: [...redactor.summary()],
      };
    },
  };
}
