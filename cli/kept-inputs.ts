import { realpathSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { type Asked, recallAnswer } from '../adapters/local/kept-answer.ts';
import { programIdentity } from './program-identity.ts';

/** The name of the file that this program is configured by; `config-file.ts` would bring the whole of its schema. */
const configFileName = 'hybridcore.yaml';

/** Words that leave the inputs to the repository one stands in, and to nothing else. */
const plainFlags: readonly string[] = ['--json', '--strict'];

/**
 * Answers `inputs BUILDER` where the same words were answered before and nothing changed that the answer rests on: with the
 * very bytes, and before anything of the command line is loaded. The exit code, or undefined where the command has to run.
 */
export function answerKeptInputs(words: readonly string[], workingFolder: string): number | undefined {
  const config = nearestConfig(workingFolder);
  if (config === undefined) return undefined;
  const asked = askedInputs(words, config);
  const answer = asked === undefined ? undefined : recallAnswer(dirname(config), asked);
  if (answer === undefined) return undefined;
  print(answer.text);
  return answer.exitCode;
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
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, configFileName);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) return file;
    if (dirname(folder) === folder) return undefined;
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
