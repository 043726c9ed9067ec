import { createHash, createHmac } from 'node:crypto';

import { toDigest } from '../digest.ts';
import { bytesOf } from './lossless-text.ts';
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
  /** The next piece of the file, of any length; gives what can be written by now (`Redactor.push`). */
  push(text: string): string;
  /** What was kept back: the file is over, or what follows is a text of its own within it. */
  rest(): string;
  /** What the manifest says of the file. Nothing may follow. */
  end(): ScrubbedFile;
}

/**
 * Puts a file through the hook for the manifest. Half characters, which stand for bytes that are no UTF-8, stay
 * (`lossless-text.ts`).
 *
 * @param redactor one of its own: `forAnotherFile` where there are several
 * @param key the redactor's
 */
export function createFileScrub(file: string, redactor: Redactor, key: Uint8Array): FileScrub {
  const before = createHmac('sha256', key).update('file\0');
  const after = createHash('sha256');
  const bytes = { before: 0, after: 0 };
  let lines = 0;
  let inLine = false;

  /** The last text that came, with its bytes: nearly all of them go out as they came. */
  let last = { text: '', content: bytesOf('') };

  function take(text: string): void {
    const content = bytesOf(text);
    last = { text, content };
    before.update(content);
    bytes.before += content.length;
    for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) lines += 1;
    if (text !== '') inLine = !text.endsWith('\n');
  }

  function give(scrubbed: string): string {
    const content = scrubbed === last.text ? last.content : bytesOf(scrubbed);
    after.update(content);
    bytes.after += content.length;
    return scrubbed;
  }

  return {
    push(text) {
      take(text);
      return give(redactor.push(text));
    },
    rest: () => give(redactor.rest()),
    end() {
      redactor.end();
      return {
        file,
        lines: lines + (inLine ? 1 : 0),
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
