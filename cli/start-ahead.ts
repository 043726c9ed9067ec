import { type HashThread, startHashThreadAhead } from '../adapters/local/hash-thread.ts';

/** Commands that hash what an image is made from: it may be much. */
const hashing: ReadonlySet<string> = new Set(['inputs', 'validate', 'drift', 'publish', 'attempt']);

/**
 * Starts what takes long to start and does so by itself, before anything of the command line is loaded: the second thread of a
 * command that hashes.
 */
export function startAhead(words: readonly string[]): HashThread | undefined {
  return hashing.has(words[0] ?? '') ? startHashThreadAhead() : undefined;
}
