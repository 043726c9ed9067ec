import { canonicalJson } from './canonical-json.ts';
import { type Digest, digestOfJson } from './digest.ts';
import { type HashManifest } from './hash-manifest.ts';

/* How documents are written and known again. Apart from their schemas, which whoever writes them does not need. */

/** The digest by which the next manifest and the records know this one: over its canonical JSON (RFC 8785). */
export function manifestDigest(manifest: HashManifest): Digest {
  return digestOfJson(manifest);
}

/** A document as it is stored: JSON that a person can read, ending in a newline. Its digest does not depend on the layout. */
export function documentText(document: unknown): string {
  // A round trip through the canonical form refuses what JSON cannot carry before anything is written.
  canonicalJson(document);
  return `${JSON.stringify(document, null, 2)}\n`;
}
