import { handoverLimits } from '../handed-over.ts';

/** What a diag bundle takes at most, and what is read as one. Bytes where nothing else is said. */
export const bundleLimits = {
  /** Of one object that it is made of. */
  part: handoverLimits.expandedLog,
  packed: 128 * 1024 * 1024,
  expanded: 256 * 1024 * 1024,
  /** How many files; one that `diag` makes has at most 13. */
  entries: 32,
} as const;
