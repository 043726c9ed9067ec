import { handoverLimits } from './handed-over.ts';
import { HashManifest } from './hash-manifest.ts';
import { type Objects } from './ports.ts';
import * as z from './zod.ts';

/** Where a manifest may be read up to, in bytes: what a report may hold, set out for people. */
const manifestLimit = 8 * handoverLimits.report;

/** What stands where a manifest is to be. */
export type FoundManifest =
  | { readonly state: 'read'; readonly manifest: HashManifest }
  | { readonly state: 'absent' }
  | { readonly state: 'unreadable'; readonly why: string };

/** Reads what stands at a key as a manifest. Whether it is the one that was sealed, its digest says. */
export async function readManifest(objects: Objects, key: string): Promise<FoundManifest> {
  const read = await objects.read(key, { bytes: manifestLimit });
  switch (read.state) {
    case 'absent':
      return { state: 'absent' };
    case 'too-large':
      return { state: 'unreadable', why: `it has ${read.size} bytes, more than any manifest` };
    case 'not-a-file':
      return { state: 'unreadable', why: 'it is no plain file' };
    case 'read':
      return parseManifest(new TextDecoder().decode(read.content));
  }
}

/** A text as a manifest, or why it is none. */
function parseManifest(text: string): FoundManifest {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { state: 'unreadable', why: 'it is no JSON' };
  }
  const manifest = HashManifest.safeParse(document);
  return manifest.success
    ? { state: 'read', manifest: manifest.data }
    : { state: 'unreadable', why: z.prettifyError(manifest.error).split('\n').join(' ').slice(0, 500) };
}
