import CliTable from 'cli-table3';

import { plainText } from '../../core/packer-log/plain-text.ts';

/** Rows under headings, without borders: what is read, copied and cut by other tools. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const grid = new CliTable({
    head: [...head],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
  for (const row of rows) grid.push(row.map((cell) => plainText(cell).replaceAll('\n', ' ')));
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
