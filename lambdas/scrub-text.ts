import { plainText } from '../core/packer-log/plain-text.ts';
import { type Randomness } from '../core/ports.ts';
import { createRedactor } from '../core/scrub/redactor.ts';

/** A text in one line that may leave the function: through the redaction hook, without control characters, cut to a bound. */
export type ScrubText = (text: string) => string;

/** A text that is longer is cut. Characters. */
const longestText = 4096;

export function scrubText(randomness: Randomness): ScrubText {
  return (text) => {
    const here = createRedactor({ values: [], key: randomness.bytes(32) });
    const lines = plainText(text.slice(0, longestText))
      .split('\n')
      .map((line) => here.line(line));
    here.end();
    return lines.join('; ');
  };
}
