import { createHash } from 'node:crypto';

import { canonicalJson } from '../canonical-json.ts';
import { type Digest, toDigest } from '../digest.ts';
import { type ListedVersion } from '../ports.ts';

/** What stands in a bucket of one class. */
export interface BucketClass {
  /** Null: of no build that a record knows, under no key of ours, or the newest of a builder, whose key names no build. */
  readonly class: string | null;
  /** Delete markers are none. */
  readonly versions: number;
  /** Of all of them. */
  readonly bytes: number;
  /** Over a line for each version in the order of the listing: the canonical JSON of its key, its id and its size, and LF. */
  readonly digest: Digest;
}

/** Counts what stands in a bucket by class, in the memory of a few classes however much there is. */
export class ClassTally {
  readonly #classes = new Map<string | null, { versions: number; bytes: number; readonly hash: ReturnType<typeof createHash> }>();

  add(name: string | null, versions: readonly ListedVersion[]): void {
    for (const { key, id, size, deleteMarker } of versions) {
      if (deleteMarker) continue;
      const counted = this.#classes.get(name) ?? { versions: 0, bytes: 0, hash: createHash('sha256') };
      counted.versions += 1;
      counted.bytes += size;
      counted.hash.update(`${canonicalJson([key, id, size])}\n`);
      this.#classes.set(name, counted);
    }
  }

  /** By name, what has none last. */
  counted(): readonly BucketClass[] {
    const sorted = [...this.#classes].toSorted(([a], [b]) => (a === null ? 1 : b === null || a < b ? -1 : 1));
    return sorted.map(([name, { versions, bytes, hash }]) => ({
      class: name,
      versions,
      bytes,
      digest: toDigest(hash.copy().digest('hex')),
    }));
  }
}
