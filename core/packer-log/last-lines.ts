import { type LogLine } from './log-line.ts';

/** Keeps the last lines it was given, and no more than `most`. */
export class LastLines<Line extends LogLine = LogLine> {
  readonly #most: number;
  #kept: Line[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  push(line: Line): void {
    this.#kept.push(line);
    // Dropping in blocks keeps the cost of a line constant.
    if (this.#kept.length >= this.#most * 2) this.#kept = this.#kept.slice(-this.#most);
  }

  clear(): void {
    this.#kept = [];
  }

  /** Oldest first. */
  lines(): Line[] {
    return this.#kept.slice(-this.#most);
  }
}
