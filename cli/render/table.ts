import { eastAsianWidth } from 'get-east-asian-width';

import { visibleText } from '../../core/packer-log/plain-text.ts';

/** Columns between two cells. */
const gap = 2;

/** Rows under headings, without borders: what is read, copied and cut by other tools. Takes time in proportion to the cells. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => sized(visibleText(cell.replaceAll('\n', ' ')))));
  const widths = head.map((_, column) => lines.reduce((most, line) => Math.max(most, line[column]?.width ?? 0), 0));
  return lines
    .map((line) => line.map(({ text, width }, column) => text + ' '.repeat((widths[column] ?? 0) - width + gap)))
    .map((cells) => cells.join('').trimEnd())
    .join('\n');
}

/** A text with the columns that a terminal shows it in: a character with its accents takes one or two. */
function sized(text: string): { readonly text: string; readonly width: number } {
  if (/^[\x20-\x7e]*$/.test(text)) return { text, width: text.length };
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment.codePointAt(0) ?? 0);
  return { text, width: characters.reduce((sum, character) => sum + eastAsianWidth(character), 0) };
}
