import { type FileIdentity, identityLength } from './file-identity.ts';

/** Hex digits of a digest. */
const digits = 64;

/**
 * Files by name with their digests and identities, column by column: an object for each would take several times the
 * memory, and there may be a hundred thousand.
 */
export interface FileColumns {
  /** Where each name's part of the columns is, from 0, in the order in which they were added. */
  readonly names: ReadonlyMap<string, number>;
  /** Takes the place of what was there under the name. */
  set(name: string, hex: string, identity: FileIdentity): void;
  hexAt(at: number): string;
  identityAt(at: number): FileIdentity;
  /** As numbers, six for each name. */
  identities(): Float64Array;
  /** As ASCII, 64 hex digits for each name. */
  digests(): Uint8Array;
}

/** @param first what is there already: as `identities` and `digests` gave it. */
export function fileColumns(first?: {
  readonly names: readonly string[];
  readonly identities: Float64Array;
  readonly digests: Uint8Array;
}): FileColumns {
  const places = new Map<string, number>();
  for (const name of first?.names ?? []) places.set(name, places.size);
  let numbers = first?.identities ?? new Float64Array();
  let text = Buffer.from(first?.digests ?? []);

  function makeRoom(count: number): void {
    if (text.length >= count * digits) return;
    const room = Math.max(1024, count + (count >> 1));
    const [before, textBefore] = [numbers, text];
    numbers = new Float64Array(room * identityLength);
    numbers.set(before);
    text = Buffer.alloc(room * digits);
    text.set(textBefore);
  }

  return {
    names: places,
    set(name, hex, identity) {
      const at = places.get(name) ?? places.size;
      if (at === places.size) {
        makeRoom(at + 1);
        places.set(name, at);
      }
      numbers.set(identity, at * identityLength);
      text.write(hex, at * digits, 'latin1');
    },
    hexAt: (at) => text.toString('latin1', at * digits, (at + 1) * digits),
    identityAt(at) {
      const number = (place: number): number => numbers[at * identityLength + place] ?? Number.NaN;
      return [number(0), number(1), number(2), number(3), number(4), number(5)];
    },
    identities: () => numbers.subarray(0, places.size * identityLength),
    digests: () => text.subarray(0, places.size * digits),
  };
}
