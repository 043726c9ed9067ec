import { spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Compression, NoGzipError } from '../../core/ports.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array | undefined) => (content === undefined ? undefined : new TextDecoder().decode(content));
const plenty = { bytes: 10_000_000 };

/** A gzip of so many bytes, all zero, that never stood in memory. */
function bomb(size: number): Promise<Buffer> {
  const block = Buffer.alloc(1024 * 1024);
  return buffer(Readable.from(Array.from({ length: size / block.length }, () => block)).pipe(createGzip()));
}

/** What every adapter of `Compression` promises. Registers its tests. */
export function compressionContract(name: string, compression: Compression): void {
  describe(`${name} keeps the contract of compression`, () => {
    it('what was compressed expands to the same bytes, whatever they are', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 40 }), (content, times) => {
          const whole = Buffer.concat(Array.from({ length: times }, () => content));
          const expanded = compression.expand(compression.compress(whole), { bytes: whole.length });
          return expanded !== undefined && Buffer.compare(expanded, whole) === 0;
        }),
        { numRuns: 50 },
      );
    });

    it('is gzip, as another program reads it', () => {
      const run = spawnSync('gzip', ['-dc'], { input: compression.compress(bytes('one\ntwo\n')) });
      expect({ status: run.status, said: run.stdout.toString() }).toEqual({ status: 0, said: 'one\ntwo\n' });
    });

    it('gives equal bytes for equal content, and writes neither a time, nor a name, nor a system', () => {
      const content = bytes('the same lines, over and over\n'.repeat(1000));
      const elsewhere = new Uint8Array(content.length + 7);
      elsewhere.set(content, 7);
      const compressed = compression.compress(content);
      expect(Buffer.compare(compression.compress(elsewhere.subarray(7)), compressed)).toBe(0);
      expect(compressed.length).toBeLessThan(content.length / 10);
      // RFC 1952: the flags (a name, a comment, extra fields) and the time.
      expect([...compressed.subarray(3, 8)]).toEqual([0, 0, 0, 0, 0]);
      expect(compressed[9]).toBe(255);
    });

    it.each([0, 1, 5, 65_536, 100_000])('expands %i bytes where as many are allowed, and not where one fewer is', (size) => {
      const compressed = compression.compress(new Uint8Array(size).fill(120));
      expect(compression.expand(compressed, { bytes: size })).toHaveLength(size);
      expect(compression.expand(compressed, { bytes: size + 1 })).toHaveLength(size);
      if (size > 0) expect(compression.expand(compressed, { bytes: size - 1 })).toBeUndefined();
    });

    it('a small text that would expand to very much takes no more memory than its limit', async () => {
      const large = await bomb(128 * 1024 * 1024);
      const member = compression.compress(new Uint8Array(4_000_000));
      const many = Buffer.concat(Array.from({ length: 32 }, () => member));
      const before = process.resourceUsage().maxRSS;
      expect(compression.expand(large, { bytes: 1_000_000 })).toBeUndefined();
      expect(compression.expand(many, { bytes: 5_000_000 })).toBeUndefined();
      const grownMebibytes = (process.resourceUsage().maxRSS - before) / 1024;
      expect(grownMebibytes).toBeLessThan(64);
    });

    it('what is no gzip is told, and so is one that lost its end at any byte, or has one wrong', () => {
      for (const none of ['', 'x', 'plain text, and longer than the header of a gzip', '\u001f\u008b', '{}'])
        expect(compression.expand(bytes(none), plenty), JSON.stringify(none)).toBeUndefined();
      const whole = compression.compress(bytes('one line and another line'));
      for (let length = 0; length < whole.length; length += 1)
        expect(compression.expand(whole.subarray(0, length), plenty), `${length} bytes`).toBeUndefined();
      // A few bits before the checksum and the size at the end mean nothing.
      const [body, end] = [10, whole.length - 8];
      for (let at = body; at < whole.length; at += 1) {
        const wrong = Uint8Array.from(whole, (byte, n) => (n === at ? byte ^ 0x10 : byte));
        const expanded = text(compression.expand(wrong, plenty));
        if (at !== end - 1 || expanded !== 'one line and another line') expect(expanded, `byte ${at}`).toBeUndefined();
      }
    });

    it('what stands behind the end is not passed over', () => {
      const whole = compression.compress(bytes('told'));
      for (const more of ['garbage', 'x', '\n', '{"hidden":true}'])
        expect(compression.expand(Buffer.concat([whole, bytes(more)]), plenty), JSON.stringify(more)).toBeUndefined();
      expect(compression.expand(Buffer.concat([whole, whole.subarray(0, -1)]), plenty)).toBeUndefined();
    });

    it('members one after another are one content, and count together', () => {
      const members = Buffer.concat([
        compression.compress(bytes('one ')),
        compression.compress(bytes('')),
        compression.compress(bytes('two')),
      ]);
      expect(text(compression.expand(members, { bytes: 7 }))).toBe('one two');
      expect(compression.expand(members, { bytes: 6 })).toBeUndefined();
    });

    describe('piece by piece', () => {
      const cut = async function* (whole: Uint8Array, length: number) {
        for (let from = 0; from < whole.length; from += length) yield whole.subarray(from, from + length);
      };
      const expanded = (whole: Uint8Array, length: number) => buffer(compression.expanding(cut(whole, length)));
      const content = bytes('the same lines, over and over\n'.repeat(20_000));

      it.each([1, 977, 65_536, 10_000_000])('in pieces of %i bytes it gives what it does as a whole, and takes it', async (length) => {
        const some = length === 1 ? content.subarray(0, 3000) : content;
        const compressed = await buffer(compression.compressing(cut(some, length)));
        expect(text(compression.expand(compressed, plenty))).toBe(text(some));
        expect(text(await expanded(compression.compress(some), length))).toBe(text(some));
      });

      it('what is no gzip is told, where it lost its end or goes on behind it too, however it is cut', async () => {
        const whole = compression.compress(bytes('one line and another line'));
        const wrong = [bytes(''), bytes('plain text'), whole.subarray(0, -1), Buffer.concat([whole, bytes('garbage')])];
        for (const none of wrong)
          for (const length of [1, 7, 1000]) await expect(expanded(none, length), `${none.length} ${length}`).rejects.toThrow(NoGzipError);
      });

      it('members one after another are one content', async () => {
        const members = Buffer.concat([compression.compress(bytes('one ')), compression.compress(bytes('two'))]);
        for (const length of [1, 7, 1000]) expect(text(await expanded(members, length))).toBe('one two');
      });

      it('what breaks off breaks the other side off, and whoever reads no further ends it', async () => {
        let ended = 0;
        const source = async function* (fails: boolean) {
          try {
            yield content;
            if (fails) throw new Error('the source failed');
            for (;;) yield content;
          } finally {
            ended += 1;
          }
        };
        await expect(buffer(compression.compressing(source(true)))).rejects.toThrow('the source failed');
        await expect(buffer(compression.expanding(compression.compressing(source(true))))).rejects.toThrow('the source failed');
        for await (const piece of compression.compressing(source(false))) if (piece.length > 0) break;
        await expect.poll(() => ended).toBe(3);
      });

      it('takes constant memory, however much there is', async () => {
        const before = process.resourceUsage().maxRSS;
        const block = Buffer.alloc(1024 * 1024);
        const blocks = async function* () {
          for (let n = 0; n < 200; n += 1) yield block;
        };
        let size = 0;
        for await (const piece of compression.expanding(compression.compressing(blocks()))) size += piece.length;
        expect(size).toBe(200 * block.length);
        // Mebibytes: some 35, and more where a busy machine collects later.
        expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(128);
      });
    });

    it('a limit that is none is refused', () => {
      const compressed = compression.compress(bytes('x'));
      for (const limit of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
        expect(() => compression.expand(compressed, { bytes: limit }), String(limit)).toThrow(RangeError);
    });
  });
}
