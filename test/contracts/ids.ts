import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { BuildId } from '../../core/identity.ts';
import { type Ids } from '../../core/ports.ts';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The moment that a ULID begins with, in milliseconds since 1970. */
function momentOf(id: string): number {
  return Array.from(id.slice(0, 10)).reduce((value, character) => value * 32 + crockford.indexOf(character), 0);
}

/**
 * What every adapter of `Ids` promises. Registers its tests.
 *
 * @param elsewhere asks several processes for so many ids each, all at once.
 */
export function idsContract(name: string, ids: Ids, elsewhere: (count: number) => Promise<readonly (readonly string[])[]>): void {
  describe(`${name} keeps the contract of ids`, () => {
    it('every id is one of a build, and begins with the time at which it was asked for', () => {
      const before = Date.now();
      const id = ids.buildId();
      expect(BuildId.parse(id)).toBe(id);
      expect(momentOf(id)).toBeGreaterThanOrEqual(before);
      expect(momentOf(id)).toBeLessThanOrEqual(Date.now());
    });

    it('ids sort as they were asked for, over milliseconds and within one', async () => {
      const given: string[] = [];
      for (let n = 0; n < 3; n += 1) {
        given.push(...Array.from({ length: 3000 }, () => ids.buildId()));
        await sleep(3);
      }
      expect(new Set(given).size).toBe(9000);
      expect(new Set(given.map(momentOf)).size, 'several within one millisecond, and several milliseconds').toBeLessThan(4500);
      expect(new Set(given.map(momentOf)).size).toBeGreaterThanOrEqual(3);
      expect([...given].sort()).toEqual(given);
    });

    it('ids of several processes at once are all different, and each process has its own in order', async () => {
      const given: (readonly string[])[] = [];
      // Where no two of them met within a millisecond nothing is shown, so they are asked again.
      for (let round = 0; !haveMet(given); round += 1) {
        expect(round, 'the processes never met within a millisecond').toBeLessThan(50);
        const asked = await elsewhere(3000);
        for (const each of asked) {
          expect(each).toHaveLength(3000);
          expect([...each].sort()).toEqual(each);
        }
        given.push(...asked);
      }
      const all = given.flat();
      expect(new Set(all).size).toBe(all.length);
    });
  });
}

/** Whether any two of the lists have ids of one millisecond. */
function haveMet(given: readonly (readonly string[])[]): boolean {
  const moments = given.map((each) => new Set(each.map(momentOf)));
  return moments.some((own, n) => moments.slice(n + 1).some((other) => [...own].some((moment) => other.has(moment))));
}
