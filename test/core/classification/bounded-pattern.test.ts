import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { patternProblem } from '../../../core/classification/bounded-pattern.ts';
import { longestKeptLine } from '../../../core/packer-log/log-line.ts';
import { processorTimer } from '../../fixtures/processor-time.ts';

describe('a pattern of a user', () => {
  it.each([
    'our mirror',
    'E: (?:one|two) failed',
    'Failed [^\\n]{0,200}: 50[0234]',
    '\\bcode \\d{3}\\b',
    'https?://x',
    '[\\]*+]x',
    '\\*\\+ x',
  ])('may be used where its cost is bounded: %s', (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
  });

  it.each([
    ['a.*b', 'repeats more than 300 times'],
    ['a+', 'repeats more than 300 times'],
    ['a{2,}', 'repeats more than 300 times'],
    ['a{0,301}', 'repeats more than 300 times'],
    ['(a|aa){2,9}x', 'repeats a group'],
    ['(?:x?){20}y', 'repeats a group'],
    ['a(?=b)', 'looks around'],
    ['(?<name>a)', 'looks around or names a group'],
    ['(a)\\1', 'refers back'],
    ['a{0,100}b{0,100}c', 'ways from one place'],
    ['(?:a|b|c)(?:a|b|c)(?:a|b|c)(?:a|b|c)(?:a|b|c)(?:a|b|c)(?:a|b|c)(?:a|b|c)', 'ways from one place'],
    ['a?', 'matches the empty text'],
    ['', 'matches the empty text'],
    ['a(', 'is no regular expression'],
    ['x'.repeat(501), 'has 501 characters'],
  ])('is refused, and why is said: %s', (pattern, why) => {
    expect(patternProblem(pattern)).toContain(why);
  });

  it('that may be used needs no more than a moment for the longest text', () => {
    const atom = fc.constantFrom('a', '.', '[ab]', '\\w', 'b', '(?:a|b)', '(?:a|ab)?', '[^\\n]');
    const repeat = fc.constantFrom('', '?', '{0,20}', '{1,300}', '{0,9}', '{3}');
    const pattern = fc.array(fc.tuple(atom, repeat), { minLength: 1, maxLength: 8 }).map((parts) => `${parts.flat().join('')}c`);
    fc.assert(
      fc.property(
        pattern.filter((source) => patternProblem(source) === undefined),
        (source) => {
          const spent = processorTimer();
          new RegExp(source, 'u').test('ab'.repeat(longestKeptLine / 2));
          expect(spent()).toBeLessThan(1000);
        },
      ),
      { numRuns: 200 },
    );
  });
});
