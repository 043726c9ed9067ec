import { plainLines } from '../packer-log/plain-text.ts';
import { wholeLines } from '../whole-lines.ts';
import { type FileScrub } from './file-scrub.ts';

/** A log through the hook, by its lines; memory holds those that the hook keeps back. */
export interface LineScrub {
  /** The next lines, without their ends; gives those that can be written by now. */
  push(lines: readonly string[]): string[];
  /** What was kept back: the log is over. */
  rest(): string[];
}

/** @param scrub for this log alone; its end is the caller's. */
export function lineScrub(scrub: FileScrub): LineScrub {
  const scrubbed = wholeLines();
  return {
    // Terminal escapes go first: a colour within a secret would hide it.
    push: (lines) => scrubbed.take(scrub.push(plainLines(lines))),
    rest: () => [...scrubbed.take(scrub.rest()), ...scrubbed.rest()],
  };
}
