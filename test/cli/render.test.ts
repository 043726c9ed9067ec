import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jsonParts } from '../../cli/render/json-parts.ts';
import { table } from '../../cli/render/table.ts';

describe('a document in parts', () => {
  it('is the text that JSON.stringify gives', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.constant(undefined)))), (document) => {
        expect([...jsonParts(document)].join('')).toBe(JSON.stringify(document, null, 2));
      }),
    );
  });

  it('has no part that grows with a list', () => {
    const document = { before: 1, list: Array.from({ length: 100_000 }, (_, at) => ({ at, lines: ['a\nb', []] })), after: { empty: {} } };
    const parts = [...jsonParts(document)];
    expect(parts.join('')).toBe(JSON.stringify(document, null, 2));
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(200_000);
  });
});

describe('a table', () => {
  it('has its columns under each other, by the columns that a terminal shows characters in', () => {
    const rows = [
      ['plain', '1'],
      ['\u65E5\u672C', '2'],
      ['e\u0301', '3'],
      ['a\nb\u001B[31m', '4'],
    ];
    expect(table(['name', 'n'], rows)).toBe(['name   n', 'plain  1', '\u65E5\u672C   2', 'e\u0301      3', 'a b    4'].join('\n'));
    expect(table(['name', 'n'], [])).toBe('name  n');
  });

  it('of a hundred thousand rows is laid out before one could look away', () => {
    const rows = Array.from({ length: 100_000 }, (_, at) => ['config', `files/${at}`]);
    expect(table(['kind', 'name'], rows).split('\n')).toHaveLength(100_001);
  });
});
