import { type LogLine, cutLine } from './log-line.ts';

/** Lines that one text may take in a log for people; what follows is no part of it any more. */
const longestText = 40;

/** Error texts, each of which may go on over several lines. Equal texts are kept once, and at most `most` lines in all. */
export class ErrorBlock {
  readonly #most: number;
  readonly #texts: LogLine[][] = [];
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Starts a text; `line` may hold several lines. */
  begin(line: LogLine): void {
    if (this.#size >= this.#most) return;
    const lines = line.text
      .split('\n')
      .slice(0, longestText)
      .map((text) => ({ number: line.number, text: text.trimEnd() }));
    this.#texts.push(lines);
    this.#size += lines.length;
  }

  /** Takes a further line of the newest text; false where that is at its end. */
  goOn(line: LogLine): boolean {
    const text = this.#texts.at(-1);
    if (text === undefined || text.length >= longestText || this.#size >= this.#most) return false;
    text.push({ number: line.number, text: cutLine(line.text) });
    this.#size += 1;
    return true;
  }

  /** The lines of all texts, without blank ones. */
  lines(): LogLine[] {
    const seen = new Set<string>();
    return this.#texts.flatMap((text) => {
      const lines = text.filter((line) => line.text.trim() !== '');
      const key = lines.map((line) => line.text.trim()).join('\n');
      if (seen.has(key)) return [];
      seen.add(key);
      return lines;
    });
  }
}
