import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { boundedText, jsonSize, textThatFits } from '../../core/bounded-text.ts';
import { verdictLines, verdictWith } from '../../core/classification/verdict.ts';

describe('a text that fits', () => {
  it('is the text itself where that fits, to the byte', () => {
    expect(textThatFits('ü"', 4)).toBe('ü"');
    expect(textThatFits('abcdefghijklmnop', 16)).toBe('abcdefghijklmnop');
  });

  it('keeps the beginning and the end of a longer one', () => {
    expect(textThatFits(`arn:aws:sts::123456789012:assumed-role/${'r'.repeat(500)}/session`, 64)).toMatch(
      /^arn:aws:sts::[\d]+:assumed-role\/.* … r*\/session$/,
    );
  });

  it('fits whatever it was, and cuts no character in two', () => {
    const any = fc.string({
      unit: fc.oneof(fc.constantFrom('a', '"', '\u0001', '\ud83d', '€', '😀'), fc.string({ minLength: 1, maxLength: 1 })),
      maxLength: 200,
    });
    fc.assert(
      fc.property(any, fc.integer({ min: 16, max: 150 }), (text, bytes) => {
        const fits = textThatFits(text, bytes);
        expect(fits.isWellFormed()).toBe(true);
        expect(jsonSize(fits) - 2).toBeLessThanOrEqual(bytes);
        expect(boundedText(bytes).safeParse(fits).success).toBe(true);
      }),
    );
  });
});

describe('a verdict', () => {
  it('keeps the first of too many lines, and says how many it leaves out', () => {
    const evidence = Array.from({ length: 1000 }, (_, n) => `${n}: ${'x'.repeat(100)}`);
    const { classification } = verdictWith(1, { rule: 'UNKNOWN', reason: 'r', hint: 'h', evidence });
    expect(classification.evidence[0]).toBe(evidence[0]);
    expect(classification.evidence.at(-1)).toBe(`… and ${1001 - classification.evidence.length} more`);
    expect(jsonSize(classification.evidence)).toBeLessThanOrEqual(12 * 1024);
  });

  it('holds no half of a character, which no document could', () => {
    const verdict = verdictWith(1, { rule: 'UNKNOWN', reason: '\ud83d', hint: '\ud83d', evidence: ['\ud83d'] });
    expect(verdictLines(verdict)).toBe('\ufffd\n\ufffd\n\ufffd');
  });
});
