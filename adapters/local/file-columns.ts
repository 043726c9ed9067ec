import { type FileIdentity, identityLength } from './file-identity.ts';

/** Hex digits of a digest. */
export const digestLength = 64;

/**
 * Files with their digests and identities, column by column: an object for each would take several times the memory, and
 * there may be a hundred thousand.
 */
export interface FileColumns {
  readonly names: readonly string[];
  /** Six numbers for each name, as `FileIdentity` has them. There may be room for more. */
  readonly identities: Float64Array;
  /** As ASCII, 64 hex digits for each name. There may be room for more. */
  readonly digests: Uint8Array;
}

/** The digest of the file at a place of the columns, as hex digits. */
export function hexAt({ digests }: FileColumns, at: number): string {
  // They may be in memory that is shared, and are no Buffer then: one for each file would take longer than all else.
  return Buffer.prototype.toString.call(digests, 'latin1', at * digestLength, (at + 1) * digestLength);
}

export function identityAt({ identities }: FileColumns, at: number): FileIdentity {
  const number = (place: number): number => identities[at * identityLength + place] ?? Number.NaN;
  return [number(0), number(1), number(2), number(3), number(4), number(5)];
}

/** Type and permissions, as the system has them. */
export function modeAt({ identities }: FileColumns, at: number): number {
  return identities[at * identityLength + 2] ?? Number.NaN;
}

/** Bytes. */
export function sizeAt({ identities }: FileColumns, at: number): number {
  return identities[at * identityLength + 3] ?? Number.NaN;
}

/** Those files of the columns that are wanted, with no room for more. Nothing is copied where all are. */
export function filesWhere(columns: FileColumns, isWanted: (at: number) => boolean): FileColumns {
  const wanted: number[] = [];
  for (let at = 0; at < columns.names.length; at += 1) if (isWanted(at)) wanted.push(at);
  if (wanted.length === columns.names.length)
    return {
      names: columns.names,
      identities: columns.identities.subarray(0, wanted.length * identityLength),
      digests: columns.digests.subarray(0, wanted.length * digestLength),
    };
  const identities = new Float64Array(wanted.length * identityLength);
  const digests = new Uint8Array(wanted.length * digestLength);
  for (const [to, at] of wanted.entries()) {
    identities.set(columns.identities.subarray(at * identityLength, (at + 1) * identityLength), to * identityLength);
    digests.set(columns.digests.subarray(at * digestLength, (at + 1) * digestLength), to * digestLength);
  }
  return { names: wanted.map((at) => columns.names[at] ?? ''), identities, digests };
}
