import { describe, expect, it } from 'vitest';

import { boundedLog } from '../../core/attempt-log.ts';
import { handoverLimits } from '../../core/handed-over.ts';

const lineOf = (number: number) => `the line number ${number}`;

async function written(count: number, limit: { head: number; tail: number }): Promise<string[]> {
  const lines: string[] = [];
  const log = boundedLog({ write: (line) => lines.push(line), close: async () => undefined }, limit);
  for (let number = 0; number < count; number += 1) log.write(lineOf(number));
  await log.close();
  return lines;
}

describe('a log', () => {
  it('of the shortest lines has no more of them than whoever completes takes', async () => {
    let lines = 0;
    const log = boundedLog({ write: () => (lines += 1), close: async () => undefined });
    for (let number = 0; number < 3_000_000; number += 1) log.write('');
    await log.close();
    expect(lines).toBeGreaterThan(1_000_000);
    expect(lines).toBeLessThan(handoverLimits.lines);
  });

  it('is kept whole up to its limit', async () => {
    const lines = await written(1000, { head: 100_000, tail: 100 });
    expect(lines).toEqual(Array.from({ length: 1000 }, (_, number) => lineOf(number)));
  });

  it('that is longer keeps its beginning and its end, in order, and says how much is left out', async () => {
    const lines = await written(100_000, { head: 500, tail: 300 });
    const gap = lines.findIndex((line) => line.startsWith('['));
    const [before, after] = [lines.slice(0, gap), lines.slice(gap + 1)];
    const left = Number(/\d+/.exec(lines[gap] ?? '')?.[0]);
    expect(before).toEqual(Array.from({ length: before.length }, (_, number) => lineOf(number)));
    expect(after.at(-1)).toBe(lineOf(99_999));
    expect(after[0]).toBe(lineOf(100_000 - after.length));
    expect(before.length + left + after.length).toBe(100_000);
    expect(before.join('\n').length).toBeGreaterThan(450);
    expect(after.join('\n').length).toBeGreaterThan(250);
    expect(lines.join('\n').length).toBeLessThan(900);
  });
});
