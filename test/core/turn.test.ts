import { describe, expect, it } from 'vitest';

import { timestamp } from '../../core/identity.ts';
import { nextTurn, turnsOf } from '../../core/turn.ts';
import { buildIdOf, builderNamed, someTime } from '../fixtures/records.ts';

const base = builderNamed('base');

describe('the turn after one that was taken', () => {
  const until = someTime + 120_000;
  const due = timestamp(until);
  const [ours, known] = [true, false].map((mine) => ({ until, ours: mine }));

  it('is none where the builder waits for no time', () => {
    expect(nextTurn(base, undefined, { turn: base, open: [] }, someTime)).toBeUndefined();
  });

  it('comes when the time has, where the builder waits since just now', () => {
    for (const taken of [null, { turn: base }, { turn: base, due: timestamp(someTime) }])
      expect(nextTurn(base, ours, taken, someTime)).toEqual({ turn: { turn: base, due }, delay: 120_000 });
  });

  it('is none where it waited before: that turn is under way', () => {
    for (const taken of [null, { turn: base }, { turn: base, due: timestamp(someTime) }])
      expect(nextTurn(base, known, taken, someTime)).toBeUndefined();
  });

  it('comes again where the one that was taken came too early, as each that waits longer than a queue does', () => {
    expect(nextTurn(base, known, { turn: base, due }, until - 5)).toEqual({ turn: { turn: base, due }, delay: 5 });
    expect(nextTurn(base, ours, null, until - 86_400_000)).toEqual({ turn: { turn: base, due }, delay: 900_000 });
  });

  it('comes from a sweep where it would be late otherwise, should the one under way be lost', () => {
    const swept = { turn: base, open: [buildIdOf(1)] };
    expect(nextTurn(base, known, swept, until - 300_000)).toEqual({ turn: { turn: base, due }, delay: 300_000 });
    expect(nextTurn(base, known, swept, until - 300_001)).toBeUndefined();
  });

  it('comes at once where the time has come', () => {
    expect(nextTurn(base, ours, null, until + 1000)).toMatchObject({ delay: 0 });
  });
});

describe('the turns of a sweep for a builder', () => {
  const builds = Array.from({ length: 101 }, (_, n) => buildIdOf(n + 1));

  it('name each of its open builds once, a hundred at a time', () => {
    expect(turnsOf(base, builds.slice(0, 100))).toEqual([{ turn: base, open: builds.slice(0, 100) }]);
    expect(turnsOf(base, builds)).toEqual([
      { turn: base, open: builds.slice(0, 100) },
      { turn: base, open: [buildIdOf(101)] },
    ]);
  });
});
