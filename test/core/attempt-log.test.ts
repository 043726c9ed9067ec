import { describe, expect, it } from 'vitest';

import { boundedLog, logLimit } from '../../core/attempt-log.ts';
import { handoverLimits } from '../../core/handed-over.ts';

const lineOf = (number: number) => `the line number ${number}`;

async function written(count: number, limit: { head: number; tail: number }, atOnce: number): Promise<string[]> {
  const pieces: string[] = [];
  const log = boundedLog(
    {
      write(text) {
        pieces.push(text);
        return undefined;
      },
      close: async () => undefined,
    },
    limit,
  );
  for (let from = 0; from < count; from += atOnce)
    await log.write(Array.from({ length: Math.min(atOnce, count - from) }, (_, n) => lineOf(from + n)));
  await log.close();
  expect(pieces.every((piece) => piece.endsWith('\n'))).toBe(true);
  return pieces.join('').trimEnd().split('\n');
}

/** What an attempt writes of a log without end. */
async function measured(line: string): Promise<{ readonly bytes: number; readonly lines: number }> {
  let [bytes, lines] = [0, 0];
  const log = boundedLog({
    write(text) {
      bytes += Buffer.byteLength(text);
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
      return undefined;
    },
    close: async () => undefined,
  });
  const some = Array.from({ length: 10_000 }, () => line);
  const wanted = (logLimit.head + 2 * logLimit.tail) / Math.max(64, Buffer.byteLength(line) + 1);
  for (let n = 0; n < wanted; n += some.length) await log.write(some);
  await log.close();
  return { bytes, lines };
}

describe('a log', () => {
  it.each(['', 'é'.repeat(2000)])('without end, of lines like "%.5s", is one that whoever completes takes', async (line) => {
    const { bytes, lines } = await measured(line);
    expect(Math.max(bytes, 64 * lines)).toBeGreaterThan(logLimit.head);
    expect(bytes).toBeLessThan(handoverLimits.expandedLog);
    expect(lines).toBeLessThan(handoverLimits.lines);
  });

  it.each([1, 7, 1000])('that comes %i lines at a time is kept whole up to its limit', async (atOnce) => {
    const lines = await written(1000, { head: 100_000, tail: 100 }, atOnce);
    expect(lines).toEqual(Array.from({ length: 1000 }, (_, number) => lineOf(number)));
  });

  it.each([1, 9, 5000])(
    'that is longer, %i lines at a time, keeps its beginning and its end, in order, and says how much is left out',
    async (atOnce) => {
      const lines = await written(100_000, { head: 1500, tail: 900 }, atOnce);
      const gap = lines.findIndex((line) => line.startsWith('['));
      const [before, after] = [lines.slice(0, gap), lines.slice(gap + 1)];
      const left = Number(/\d+/.exec(lines[gap] ?? '')?.[0]);
      expect(before).toEqual(Array.from({ length: before.length }, (_, number) => lineOf(number)));
      expect(after.at(-1)).toBe(lineOf(99_999));
      expect(after[0]).toBe(lineOf(100_000 - after.length));
      expect(before.length + left + after.length).toBe(100_000);
      expect(before.length).toBe(Math.floor(1500 / 64));
      expect(after.length).toBe(Math.floor(900 / 64));
    },
  );
});
