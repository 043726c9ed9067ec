import { lstatSync, realpathSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { type Asked, type KeptAnswer, recallAnswer } from '../adapters/local/kept-answer.ts';
import { programIdentity } from './program-identity.ts';

/** The name of the file that this program is configured by; `config-file.ts` would bring the whole of its schema. */
const configFileName = 'hybridcore.yaml';

/** Words that leave the inputs to the repository one stands in, and to nothing else. */
const plainFlags: readonly string[] = ['--json', '--strict'];

/**
 * Answers `inputs BUILDER` where the same words were answered before and nothing changed that the answer rests on: with the
 * very bytes, and before anything of the command line is loaded. The exit code, or undefined where the command has to run.
 */
export function answerKeptInputs(words: readonly string[]): number | undefined {
  const answer = keptAnswer(words);
  if (answer === undefined) return undefined;
  print(answer.text);
  return answer.exitCode;
}

function keptAnswer(words: readonly string[]): KeptAnswer | undefined {
  try {
    const config = nearestConfig(process.cwd());
    const asked = config === undefined ? undefined : askedInputs(words, config);
    return config === undefined || asked === undefined ? undefined : recallAnswer(dirname(config), asked);
  } catch {
    // Whatever cannot be looked at: the command finds it, too, and has the words for it.
    return undefined;
  }
}

/** What is asked by the words of `inputs`; undefined for words that say more than which builder, and how to print it. */
export function askedInputs(words: readonly string[], config: string): Asked | undefined {
  const [command, builder = '', ...flags] = words;
  if (command !== 'inputs' || !/^[a-z][a-z0-9-]{0,62}$/.test(builder) || flags.some((flag) => !plainFlags.includes(flag))) return undefined;
  const chosen = plainFlags.filter((flag) => flags.includes(flag));
  return {
    root: realpathSync.native(dirname(config)),
    program: programIdentity(),
    config,
    words: [command, builder, ...chosen],
    name: [builder, ...chosen.map((flag) => flag.replace('--', ''))].join('.'),
  };
}

function nearestConfig(from: string): string | undefined {
  // Not UTF-8: the command tells of it.
  if (from.includes('\uFFFD')) return undefined;
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, configFileName);
    if (isThere(file)) return file;
    if (dirname(folder) === folder) return undefined;
  }
}

/** As `findConfigFile` sees it; what cannot be looked at is for the command to tell. */
function isThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** At once and to the end: `process.stdout` would first have to be made. */
function print(text: Uint8Array): void {
  for (let at = 0; at < text.length;) {
    try {
      at += writeSync(1, text, at);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // Whoever reads us may have gone: that is no fault of ours.
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      // A pipe that somebody made not to wait: the stream waits for it.
      process.stdout.write(text.subarray(at));
      return;
    }
  }
}
