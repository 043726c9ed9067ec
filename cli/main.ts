import { startHashThreadAhead } from '../adapters/local/hash-thread.ts';

/** Commands that hash what an image is made from: it may be much. */
const hashing: ReadonlySet<string> = new Set(['inputs', 'validate', 'drift', 'publish', 'attempt']);

/**
 * Runs a command line and gives the code to exit with. What takes long to start and does so by itself is started first, the
 * rest is loaded meanwhile.
 *
 * @param words the words after the program's name.
 */
export async function main(words: readonly string[]): Promise<number> {
  if (hashing.has(words[0] ?? '')) startHashThreadAhead();
  const { runCommandLine } = await import('./command-line.ts');
  return runCommandLine(words);
}
