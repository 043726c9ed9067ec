import { plainText } from '../../core/packer-log/plain-text.ts';

/** Rows under headings, without borders: what is read, copied and cut by other tools. Time is linear in the rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const grid = [head, ...rows.map((row) => row.map((cell) => plainText(cell).replaceAll('\n', ' ')))];
  const widths = head.map(() => 0);
  for (const row of grid) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
  return grid
    .map((row) =>
      row
        .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell) + 2))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

/** Characters that a terminal shows over the one before them, and those that it gives two columns (East Asian Width, emoji). */
const withoutWidth = /[\p{Mark}\p{Default_Ignorable_Code_Point}]/gu;
const twoColumns =
  /[\p{Emoji_Presentation}\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]/gu;

/** How many columns of a terminal a text takes. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  const single = text.replaceAll(withoutWidth, '').replaceAll(twoColumns, '  ');
  // Of the rest, each takes one column, also where it takes two code units.
  return single.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, ' ').length;
}
