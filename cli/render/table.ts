import { eastAsianWidth } from 'get-east-asian-width';

import { visibleText } from '../../core/packer-log/plain-text.ts';

/** Columns between two cells. */
const gap = 2;

/** Rows under headings, without borders: what is read, copied and cut by other tools. Takes time in proportion to the cells. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [...tableLines(head, rows)].join('\n');
}

/** The same line by line, of rows too many to have at once: they are gone through twice, first for the widths. */
export function* tableLines(head: readonly string[], rows: Iterable<readonly string[]>): Generator<string> {
  const widths = head.map((name) => sized(name).width);
  for (const row of rows) for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, sized(cell).width);
  const padded = (cell: string, column: number): string => {
    const { text, width } = sized(cell);
    return text + ' '.repeat((widths[column] ?? 0) - width + gap);
  };
  yield head.map(padded).join('').trimEnd();
  for (const row of rows) yield row.map(padded).join('').trimEnd();
}

/** A cell as one line, with the columns that a terminal shows it in: a character with its accents takes one or two. */
function sized(cell: string): { readonly text: string; readonly width: number } {
  const text = visibleText(cell.replaceAll('\n', ' '));
  if (/^[\x20-\x7e]*$/.test(text)) return { text, width: text.length };
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment.codePointAt(0) ?? 0);
  return { text, width: characters.reduce((sum, character) => sum + eastAsianWidth(character), 0) };
}
