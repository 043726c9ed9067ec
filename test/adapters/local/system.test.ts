import { afterAll, describe, expect, it, vi } from 'vitest';

import { systemClock, systemIds, systemRandomness, systemWait } from '../../../adapters/local/system.ts';
import { clockContract } from '../../contracts/clock.ts';
import { idsContract } from '../../contracts/ids.ts';
import { randomnessContract } from '../../contracts/randomness.ts';
import { portProcesses } from '../../fixtures/remote-port/remote-port.ts';

const processes = portProcesses(2);
afterAll(() => processes.end());
const others = Promise.all([1, 2].map(() => processes.open('system', '')));

clockContract('the system', systemClock);
idsContract('the system', systemIds, async (count) => Promise.all((await others).map((other) => other.buildIds(count))));
randomnessContract('the system', systemRandomness, async (count) => Promise.all((await others).map((other) => other.randomBytes(count))));

describe('the system', () => {
  it('gives ids that still grow where its clock is set back', () => {
    const before = systemIds.buildId();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    try {
      const after = [systemIds.buildId(), systemIds.buildId()];
      expect([before, ...after].toSorted()).toEqual([before, ...after]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('waits as long as it was told', async () => {
    const before = performance.now();
    await systemWait(20, new AbortController().signal);
    expect(performance.now() - before).toBeGreaterThan(15);
  });

  it('waits not beyond an abort, before or meanwhile', async () => {
    const stopping = new AbortController();
    const waiting = systemWait(3_600_000, stopping.signal);
    stopping.abort();
    await waiting;
    await systemWait(3_600_000, stopping.signal);
  });
});
