import { type Stats, closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
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

/** A whole file that is this user's own and that no other may write; undefined where there is none, or it cannot be read. */
export function readOwnFile(file: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return isOwnFile(fstatSync(descriptor)) ? readFileSync(descriptor) : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** What a header says: nothing where it is JSON of something else. @throws SyntaxError where it is no JSON. */
export function headerOf(json: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(json);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}

function isOwnFile(status: Stats): boolean {
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
