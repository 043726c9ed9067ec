import { describe, expect, it } from 'vitest';

import { turnDelay, turnsOf } from '../../core/turn.ts';
import { buildIdOf, builderNamed, someTime } from '../fixtures/records.ts';

describe('the delay of a turn', () => {
  it.each([
    ['what is left until the time', 120_000, 120_000],
    ['nothing where the time has come', -1000, 0],
    ['at most 900 seconds, as long as a queue holds a message back', 86_400_000, 900_000],
  ])('is %s', (_, from, delay) => {
    expect(turnDelay(someTime + from, someTime)).toBe(delay);
  });
});

describe('the turns of a sweep for a builder', () => {
  const base = builderNamed('base');
  const builds = Array.from({ length: 101 }, (_, n) => buildIdOf(n + 1));

  it('name each of its open builds once, a hundred at a time', () => {
    expect(turnsOf(base, builds.slice(0, 100))).toEqual([{ turn: base, open: builds.slice(0, 100) }]);
    expect(turnsOf(base, builds)).toEqual([
      { turn: base, open: builds.slice(0, 100) },
      { turn: base, open: [buildIdOf(101)] },
    ]);
  });
});
