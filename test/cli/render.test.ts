import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jsonParts } from '../../cli/render/json-parts.ts';
import { createOutgoing } from '../../core/scrub/outgoing.ts';
import { table } from '../../cli/render/table.ts';

const key = new Uint8Array(32);

describe('a document in parts', () => {
  it('is the text that JSON.stringify gives', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.constant(undefined)))), (document) => {
        expect([...jsonParts(document, createOutgoing(key))].join('')).toBe(JSON.stringify(document, null, 2));
      }),
    );
  });

  it('has no part that grows with a list', () => {
    const document = { before: 1, list: Array.from({ length: 100_000 }, (_, at) => ({ at, lines: ['a\nb', []] })), after: { empty: {} } };
    const parts = [...jsonParts(document, createOutgoing(key))];
    expect(parts.join('')).toBe(JSON.stringify(document, null, 2));
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(200_000);
  });
});

describe('a document that holds a secret', () => {
  const token = `ghp_${'a1B2'.repeat(9)}`;

  it('is the document without it, and still a document, wherever the secret stands', () => {
    const hook = createOutgoing(key);
    hook.learn([{ name: 'v', value: 'a "quoted" val\\ue' }]);
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom(token, 'a "quoted" val\\ue', 'Password (since debug is enabled): x9"}],y'),
        fc.boolean(),
        (other, secret, isLong) => {
          const document = {
            other,
            said: `it was ${secret}`,
            list: Array.from({ length: isLong ? 300 : 3 }, (_, at) => ({ at, deep: [secret] })),
          };
          const said: unknown = JSON.parse([...jsonParts(document, hook)].join(''));
          expect(said).toMatchObject({ said: expect.stringContaining('[REDACTED:'), list: { length: isLong ? 300 : 3, 0: { at: 0 } } });
          const secretPart = secret.replace(/^Password .*: /, '');
          expect(JSON.stringify((said as typeof document).list)).not.toContain(JSON.stringify(secretPart).slice(1, -1));
        },
      ),
    );
  });
});

describe('a table', () => {
  it('has its columns under each other, by the columns that a terminal shows characters in', () => {
    const rows = [
      ['plain', '1'],
      ['\u65E5\u672C', '2'],
      ['e\u0301', '3'],
      ['a\nb', '4'],
    ];
    expect(table(['name', 'n'], rows)).toBe(['name   n', 'plain  1', '\u65E5\u672C   2', 'e\u0301      3', 'a b    4'].join('\n'));
    expect(table(['name', 'n'], [])).toBe('name  n');
  });

  it('of a hundred thousand rows is laid out before one could look away', () => {
    const rows = Array.from({ length: 100_000 }, (_, at) => ['config', `files/${at}`]);
    expect(table(['kind', 'name'], rows).split('\n')).toHaveLength(100_001);
  });
});
