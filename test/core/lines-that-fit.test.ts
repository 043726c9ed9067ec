import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { linesThatFit } from '../../core/lines-that-fit.ts';

describe('the lines that fit', () => {
  it('are the last ones, whole', () => {
    expect(linesThatFit(['one', 'two', 'three'], 10)).toEqual(['two', 'three']);
    expect(linesThatFit(['one', 'two', 'three'], 9)).toEqual(['three']);
  });

  it('are the beginning of the last one, where that alone is too long, and never half a character', () => {
    expect(linesThatFit(['one', 'x'.repeat(100)], 10)).toEqual(['x'.repeat(9)]);
    expect(linesThatFit(['üüüü'], 6)).toEqual(['üü']);
    expect(linesThatFit(['a', '\u{1f600}\u{1f600}'], 6)).toEqual(['\u{1f600}']);
  });

  it('never have more bytes than there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.nat(200), (lines, bytes) => {
        const kept = linesThatFit(lines, bytes);
        expect(new TextEncoder().encode(kept.map((line) => `${line}\n`).join('')).length).toBeLessThanOrEqual(bytes);
      }),
    );
  });
});
