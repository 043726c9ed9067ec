import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { Timestamp, timestamp } from '../../core/identity.ts';
import { type Clock } from '../../core/ports.ts';

/** What every adapter of `Clock` that tells the world's time promises. Registers its tests. */
export function clockContract(name: string, clock: Clock): void {
  describe(`${name} keeps the contract of a clock`, () => {
    it('tells whole milliseconds since 1970, that every document can carry', () => {
      const now = clock.now();
      expect(Number.isSafeInteger(now)).toBe(true);
      expect(now).toBeGreaterThan(Date.UTC(2025, 0, 1));
      expect(now).toBeLessThan(Date.UTC(2200, 0, 1));
      expect(Timestamp.parse(timestamp(now))).toBe(timestamp(now));
    });

    it('goes on as time does', async () => {
      const before = clock.now();
      await sleep(60);
      const passed = clock.now() - before;
      expect(passed).toBeGreaterThanOrEqual(50);
      expect(passed).toBeLessThan(30_000);
    });
  });
}
