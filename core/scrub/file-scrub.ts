import { createHash, createHmac } from 'node:crypto';

import { toDigest } from '../digest.ts';
import { ruleSetDigest } from './redaction-rules.ts';
import { type Redactor } from './redactor.ts';
import { type ScrubManifest, type ScrubbedFile } from './scrub-manifest.ts';

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
