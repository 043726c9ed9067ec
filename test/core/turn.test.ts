import { describe, expect, it } from 'vitest';

import { timestamp } from '../../core/identity.ts';
import { turnDelay } from '../../core/turn.ts';
import { buildRecord, someTime } from '../fixtures/records.ts';

describe('the delay of a turn', () => {
  it.each([
    ['what is left until the time', 120_000, 120_000],
    ['nothing where the time has come', -1000, 0],
    ['at most 900 seconds, as long as a queue holds a message back', 86_400_000, 900_000],
  ])('is %s', (_, from, delay) => {
    expect(turnDelay(buildRecord(1, { state: 'retrying', retry_at: timestamp(someTime + from) }), someTime)).toBe(delay);
  });

  it('is none for a build that waits for no time', () => {
    expect(turnDelay(buildRecord(1), someTime)).toBeUndefined();
  });
});
