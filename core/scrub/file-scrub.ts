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
  /** From the next piece on the file's text stands for other bytes than those of UTF-8. */
  encodedBy(encode: (text: string) => Uint8Array): void;
  /** The next piece of the file, of any length; gives what can be written by now (`Redactor.push`). */
  push(text: string): string;
  /** Bytes that are no text, as they are: in place of a piece, after `rest`. */
  raw(content: Uint8Array): void;
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
  let encode = bytesOf;

  /** The last text that came, with its bytes: nearly all of them go out as they came. */
  let last = { text: '', content: bytesOf('') };

  function take(text: string): void {
    const content = encode(text);
    last = { text, content };
    before.update(content);
    bytes.before += content.length;
    for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) lines += 1;
    if (text !== '') inLine = !text.endsWith('\n');
  }

  function give(scrubbed: string): string {
    const content = scrubbed === last.text ? last.content : encode(scrubbed);
    after.update(content);
    bytes.after += content.length;
    return scrubbed;
  }

  return {
    encodedBy(other) {
      encode = other;
    },
    raw(content) {
      before.update(content);
      after.update(content);
      bytes.before += content.length;
      bytes.after += content.length;
      inLine = true;
    },
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
