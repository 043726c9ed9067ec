import { describe, expect, test } from 'vitest';

import { scenarioNames } from '../simulation/exhaustive.ts';
import { guards } from '../simulation/guards.ts';
import { batchText, exhaustedText, failingText, toothText } from '../simulation/report.ts';
import { bite, exhaust, simulate, smallest } from '../simulation/simulate.ts';

const threads = 2;

describe('the life of a build under faults', () => {
  test('100,000 random histories keep every promise', async () => {
    const batch = await simulate({ seed: 1, histories: 100_000, threads, without: null });
    console.log(batchText(batch));
    const [first] = batch.failing;
    expect(first === undefined ? '' : failingText(await smallest(first, null), null)).toBe('');
    expect(batch.histories).toBe(100_000);
  });

  test('each scenario keeps every promise with a crash at each effect, and with each pair of crashes', async () => {
    const exhausted = await exhaust(scenarioNames, threads, null);
    console.log(exhausted.map(exhaustedText).join('\n'));
    expect(exhausted.filter(({ failing }) => failing.length > 0).map(exhaustedText)).toEqual([]);
    expect(exhausted.filter(({ pairs }) => pairs > 0).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['success', 'config error', 'transient, then success', 'transient twice', 'violation', 'lost event']),
    );
  });
});

describe('the teeth of the simulation', () => {
  test.each(guards.map((guard) => [guard.name, guard] as const))('%s is missed when it is gone', async (_name, guard) => {
    const tooth = await bite(guard, { seed: 1, histories: 20_000, threads });
    console.log(toothText(tooth));
    expect(tooth.broken, toothText(tooth)).toBeDefined();
  });
});
