import { handoverLimits } from '../handed-over.ts';

/** What a diag bundle takes at most, and what is read as one. Bytes where nothing else is said. */
export const bundleLimits = {
  /** Of one object that it is made of. */
  part: 2 * handoverLimits.expandedLog,
  packed: 256 * 1024 * 1024,
  expanded: 512 * 1024 * 1024,
  /** How many files; one that `diag` makes has at most 13. */
  entries: 32,
} as const;
