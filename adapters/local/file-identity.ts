import { type Stats } from 'node:fs';

/**
 * What tells one state of a file from another without reading it, as git's index has it: device, inode, type and mode,
 * size in bytes, time of its content and time of its status (milliseconds, as Node gives them).
 *
 * A number cannot hold nanoseconds since 1970, so Node's milliseconds are rounded by less than a microsecond. Rounding
 * keeps the order, which is all that is relied on: what was changed before a moment is never later than it.
 */
export type FileIdentity = readonly [device: number, inode: number, mode: number, size: number, modified: number, changed: number];

/** Numbers in an identity. */
export const identityLength = 6;

export function identityOf(status: Stats): FileIdentity {
  return [status.dev, status.ino, status.mode, status.size, status.mtimeMs, status.ctimeMs];
}

/** Whether a file is in the very state whose identity stands in `identities` from `at` on. */
export function hasIdentity(status: Stats, identities: Float64Array, at: number): boolean {
  return (
    status.ctimeMs === identities[at + 5] &&
    status.mtimeMs === identities[at + 4] &&
    status.size === identities[at + 3] &&
    status.ino === identities[at + 1] &&
    status.mode === identities[at + 2] &&
    status.dev === identities[at]
  );
}

/** Longer than the clock of any file system stands still: times tick with the kernel's timer, at the slowest 100 times a second. Milliseconds. */
export const freshFor = 20;

/**
 * Whether a file changed so lately that another change may get the same time: then two equal looks, one before and one
 * after it was read, say nothing.
 *
 * @param changed the time of its status; `now` by this machine's clock. Milliseconds.
 */
export function isFresh(changed: number, now: number): boolean {
  return Math.abs(now - changed) < freshFor;
}
