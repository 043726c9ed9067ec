import { type HashThread, keepHashThread } from '../adapters/local/hash-thread.ts';

/**
 * Runs a command line and gives the code to exit with.
 *
 * @param words the words after the program's name.
 * @param thread what `startAhead` started: in the bundle the way in has modules of its own.
 */
export async function main(words: readonly string[], thread?: HashThread): Promise<number> {
  if (thread !== undefined) keepHashThread(thread);
  const { runCommandLine } = await import('./command-line.ts');
  return runCommandLine(words);
}
