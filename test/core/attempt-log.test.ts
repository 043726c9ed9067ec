import { describe, expect, it } from 'vitest';

import { boundedLog } from '../../core/attempt-log.ts';

async function written(count: number, limit: { head: number; tail: number }): Promise<string[]> {
  const lines: string[] = [];
  const log = boundedLog({ write: (line) => lines.push(line), close: async () => undefined }, limit);
  for (let number = 0; number < count; number += 1) log.write(`line ${number}`);
  await log.close();
  return lines;
}

describe('a log', () => {
  it('is kept whole up to its limit', async () => {
    const lines = await written(1000, { head: 100_000, tail: 100 });
    expect(lines).toEqual(Array.from({ length: 1000 }, (_, number) => `line ${number}`));
  });

  it('that is longer keeps its beginning and its end, in order, and says how much is left out', async () => {
    const lines = await written(100_000, { head: 500, tail: 300 });
    const gap = lines.findIndex((line) => line.startsWith('['));
    const [before, after] = [lines.slice(0, gap), lines.slice(gap + 1)];
    const left = Number(/\d+/.exec(lines[gap] ?? '')?.[0]);
    expect(before).toEqual(Array.from({ length: before.length }, (_, number) => `line ${number}`));
    expect(after.at(-1)).toBe('line 99999');
    expect(after[0]).toBe(`line ${100_000 - after.length}`);
    expect(before.length + left + after.length).toBe(100_000);
    expect(before.join('\n').length).toBeGreaterThan(450);
    expect(after.join('\n').length).toBeGreaterThan(250);
    expect(lines.join('\n').length).toBeLessThan(900);
  });
});
