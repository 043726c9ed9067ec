import { createHash } from 'node:crypto';

import { canonicalJson } from './canonical-json.ts';
import * as z from './zod.ts';

/** `sha256:` and 64 lower-case hex digits. */
export const Digest = z
  .string()
  .check(z.regex(/^sha256:[0-9a-f]{64}$/))
  .brand<'Digest'>();
export type Digest = z.infer<typeof Digest>;

/** The digest of some bytes; text counts as its UTF-8 bytes. */
export function digestOf(content: Uint8Array | string): Digest {
  return toDigest(createHash('sha256').update(content).digest('hex'));
}

/** The digest of a JSON value: over its canonical form (RFC 8785). */
export function digestOfJson(value: unknown): Digest {
  return digestOf(canonicalJson(value));
}

/** Makes a digest of 64 hex digits that were computed elsewhere. @throws ZodError when they are not that. */
export function toDigest(hex: string): Digest {
  const digest = `sha256:${hex}`;
  return isDigest(digest) ? digest : Digest.parse(digest);
}

/** As the schema has it, and many times as fast. */
function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}
