import { describe, expect, it } from 'vitest';

import { type Randomness } from '../../core/ports.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/**
 * What every adapter of `Randomness` promises. Registers its tests.
 *
 * @param elsewhere asks several processes for so many bytes each.
 */
export function randomnessContract(
  name: string,
  randomness: Randomness,
  elsewhere: (count: number) => Promise<readonly Uint8Array[]>,
): void {
  describe(`${name} keeps the contract of randomness`, () => {
    it.each([0, 1, 16, 32, 100_000])('gives as many bytes as are asked for: %i', (count) => {
      expect(randomness.bytes(count)).toHaveLength(count);
    });

    it('gives other bytes each time, also in other processes', async () => {
      const given = [...Array.from({ length: 100 }, () => randomness.bytes(16)), ...(await elsewhere(16))];
      expect(new Set(given.map(hex)).size).toBe(given.length);
    });

    it('gives bytes that are their asker’s own: changing them changes nothing that was or will be given', () => {
      const [first, second] = [randomness.bytes(32), randomness.bytes(32)];
      const before = hex(second);
      first.fill(0);
      expect(hex(second)).toBe(before);
      expect(hex(randomness.bytes(32))).not.toBe('00'.repeat(32));
    });

    it('leaves no bit that is always the same', () => {
      const bytes = randomness.bytes(64 * 1024);
      for (let bit = 0; bit < 8; bit += 1) {
        const share = bytes.reduce((sum, byte) => sum + ((byte >> bit) & 1), 0) / bytes.length;
        // Twenty times the standard deviation, so it fails for no honest source.
        expect(Math.abs(share - 0.5), `bit ${bit}`).toBeLessThan(0.04);
      }
    });
  });
}
