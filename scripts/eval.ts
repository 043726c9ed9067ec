import { readFile } from 'node:fs/promises';

import { parseLabelledLogs } from './eval/labelled-logs.ts';
import { scoreOf, scoreText } from './eval/score.ts';

/** `npm run eval -- FILE`: how the verdicts on a labelled set of packer logs compare with its labels; 1 where a target is missed. */
async function evaluate(file: string | undefined): Promise<number> {
  if (file === undefined) {
    console.error(
      'usage: npm run eval -- FILE, where each line of FILE is a JSON object with id, log, exit_code_of_packer, label and alt_label',
    );
    return 1;
  }
  try {
    const score = scoreOf(parseLabelledLogs(await readFile(file, 'utf8')));
    console.log(scoreText(score));
    return score.holds ? 0 : 1;
  } catch (cause) {
    console.error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
    return 1;
  }
}

process.exitCode = await evaluate(process.argv[2]);
