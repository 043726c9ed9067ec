import { describe, expect, it } from 'vitest';

import { table, tableLines } from '../../../cli/render/table.ts';
import { processorTimer } from '../../fixtures/processor-time.ts';

describe('a table', () => {
  it('has its columns one below the other, two spaces apart, whatever width its characters have', () => {
    expect(
      table(
        ['kind', 'name', ''],
        [
          ['script', '漢字', '1'],
          ['a', 'e\u0301😀', '2'],
          ['x', 'y\nz', ''],
          ['𝒳', '𝒴', '3'],
        ],
      ).split('\n'),
    ).toEqual(['kind    name', 'script  漢字  1', 'a       e\u0301😀   2', 'x       y z', '𝒳       𝒴     3']);
  });

  it('shows what would steer a terminal, or not be seen, by its code', () => {
    const cells = ['\u001b[31mred\u001b[0m', 'a\u0007b\tc', 'x\u202ey'];
    expect(
      table(
        ['a'],
        cells.map((cell) => [cell]),
      )
        .split('\n')
        .slice(1),
    ).toEqual([String.raw`\u001b[31mred\u001b[0m`, String.raw`a\u0007b\u0009c`, String.raw`x\u202ey`]);
  });

  it('is made line by line, with a row made for each line when it is asked for', () => {
    let made = 0;
    const rows = {
      *[Symbol.iterator]() {
        for (const name of ['a', 'longer', 'b']) {
          made += 1;
          yield [name, String(made)];
        }
      },
    };
    const lines = tableLines(['name', 'n'], rows);
    expect(lines.next().value).toBe('name    n');
    expect(made).toBe(3);
    expect(lines.next().value).toBe('a       4');
    expect(made).toBe(4);
    expect([...lines]).toEqual(['longer  5', 'b       6']);
  });

  it('of 100,000 rows takes no time to speak of', () => {
    const rows = Array.from({ length: 100_000 }, (_, at) => ['config', `files/${at}`, 'sha256:0123456789ab', '100644 5 bytes']);
    const spent = processorTimer();
    expect(table(['kind', 'name', 'digest', ''], rows).split('\n').length).toBe(100_001);
    // It takes 0.3 s; what grows with the square of the rows takes minutes.
    expect(spent()).toBeLessThan(10_000);
  });
});
