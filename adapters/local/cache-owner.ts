import { type Stats, readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Where what is kept of a repository's inputs is, below its home. */
export const inputsCacheFolder = 'state/inputs-cache';

/** Whose cache it is: what of these is not the same makes it worth nothing. */
export interface CacheOwner {
  /** The real root of the repository. */
  readonly root: string;
  /** Names the very program: what another one found out is not believed. */
  readonly program: string;
}

/** As a header says it: what was kept under any other is not this repository's, this machine's, this user's or this program's. */
export function ownership({ root, program }: CacheOwner): Readonly<Record<string, unknown>> {
  return { format: 1, program, node: process.version, machine: machineIdentity(), user: process.getuid?.() ?? null, root };
}

/** Whether a file is this user's own, and no other may write it. */
export function isOwnFile(status: Stats): boolean {
  return status.isFile() && (process.getuid === undefined || status.uid === process.getuid()) && (status.mode & 0o022) === 0;
}

/** A copied folder takes its cache with it: it must not be believed elsewhere. */
function machineIdentity(): string {
  try {
    return `${hostname()} ${readFileSync('/etc/machine-id', 'utf8').trim()}`;
  } catch {
    return hostname();
  }
}
