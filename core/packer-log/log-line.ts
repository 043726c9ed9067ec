/** A line of the log with its number, from 1. `text` is at most `longestKeptLine` UTF-16 code units. */
export interface LogLine {
  readonly number: number;
  readonly text: string;
}

/** Longer lines are cut in the middle before they are kept or matched, so that no line can cost much time. */
export const longestKeptLine = 4096;

/** Shortens a text to `longestKeptLine`: errors tell most at their beginning and at their end. No character is cut in two. */
export function cutLine(text: string): string {
  return text.length <= longestKeptLine ? text : `${text.slice(0, longestKeptLine - 1027)} … ${text.slice(-1024)}`.toWellFormed();
}
