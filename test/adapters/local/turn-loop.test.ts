import { describe, expect, it } from 'vitest';

import { BuilderName } from '../../../core/identity.ts';
import { startTurnLoop } from '../../../adapters/local/turn-loop.ts';

const turn = { turn: BuilderName.parse('base') };

/** A wait that lasts until it is woken; `passes` lets its time pass. */
function waiting() {
  let wake = () => {};
  let now = 0;
  const begun: (() => void)[] = [];
  return {
    passes: () => {
      now += 500;
      wake();
    },
    /** The wait returns though its time has not passed. */
    returnsEarly: () => wake(),
    clock: { now: () => now },
    /** When the loop next waits. */
    begins: () => new Promise<void>((resolve) => begun.push(resolve)),
    wait: (_: number, until: AbortSignal) =>
      new Promise<void>((resolve) => {
        wake = resolve;
        until.addEventListener('abort', () => resolve());
        for (const each of begun.splice(0)) each();
      }),
  };
}

describe('the loop of turns', () => {
  it('goes on by itself, at once where a turn is sent, and once more where one is sent while it goes on', async () => {
    const time = waiting();
    let goes = 0;
    let during: (() => Promise<void>) | undefined;
    const firstWait = time.begins();
    const loop = startTurnLoop(
      500,
      async () => {
        goes += 1;
        await during?.();
        during = undefined;
      },
      () => undefined,
      time,
    );
    await firstWait;
    expect(goes).toBe(1);
    const still = time.begins();
    time.returnsEarly();
    await still;
    expect(goes).toBe(1);
    const second = time.begins();
    time.passes();
    await second;
    expect(goes).toBe(2);
    const third = time.begins();
    during = async () => loop.send(turn, 0);
    await loop.send(turn, 0);
    await third;
    expect(goes).toBe(4);
    await loop.stop();
  });

  it('tells what goes wrong, and goes on', async () => {
    const time = waiting();
    const told: unknown[] = [];
    const first = time.begins();
    const loop = startTurnLoop(
      500,
      () => Promise.reject(new Error('the disk is full')),
      (problem) => told.push(problem),
      time,
    );
    await first;
    const second = time.begins();
    time.passes();
    await second;
    expect(told).toHaveLength(2);
    await loop.stop();
  });

  it('waits for what it is doing when it is stopped, and does nothing after it', async () => {
    const time = waiting();
    let finish = () => {};
    let goes = 0;
    const loop = startTurnLoop(
      500,
      () => {
        goes += 1;
        return new Promise<void>((resolve) => (finish = resolve));
      },
      () => undefined,
      time,
    );
    let stopped = false;
    const stopping = loop.stop().then(() => (stopped = true));
    await Promise.resolve();
    expect(stopped).toBe(false);
    finish();
    await stopping;
    expect(goes).toBe(1);
  });
});
