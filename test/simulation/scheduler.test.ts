import { describe, expect, test } from 'vitest';

import { replayedChoices, seededChoices } from './choices.ts';
import { type Fault, Scheduler, WorldFault } from './scheduler.ts';

/** An actor that adds to a list by effects; its first effect meets a fault. */
async function twoEffects(fault: Fault) {
  const scheduler = new Scheduler(replayedChoices([]), 1000);
  const world: string[] = [];
  const told: string[] = [];
  let effects = 0;
  scheduler.faultSource = () => ((effects += 1) === 1 ? fault : 'none');
  const actor = scheduler.spawn('actor', async (actor) => {
    for (const name of ['first', 'second']) {
      try {
        await scheduler.effect(actor, name, async () => void world.push(name));
        told.push(name);
      } catch (cause) {
        told.push(cause instanceof WorldFault ? cause.message : 'something else');
      }
    }
  });
  await scheduler.run(() => false);
  return { world, told, state: actor.state, took: scheduler.now - 1000 };
}

describe('what can befall an effect', () => {
  test('nothing: it takes place, and the actor goes on', async () => {
    expect(await twoEffects('none')).toEqual({ world: ['first', 'second'], told: ['first', 'second'], state: 'ended', took: 20 });
  });

  test('a crash before it: it does not take place, and the actor never goes on', async () => {
    expect(await twoEffects('crash-before')).toMatchObject({ world: [], told: [], state: 'dead' });
  });

  test('a crash after it: it takes place, and the actor never goes on', async () => {
    expect(await twoEffects('crash-after')).toMatchObject({ world: ['first'], told: [], state: 'dead' });
  });

  test('it is throttled: it does not take place, and the actor is told', async () => {
    expect(await twoEffects('throttle')).toMatchObject({ world: ['second'], told: ['throttled: first', 'second'], state: 'ended' });
  });

  test('its answer is lost: it takes place, and the actor is told that it did not', async () => {
    expect(await twoEffects('lost-answer')).toMatchObject({ world: ['first', 'second'], told: ['no answer: first', 'second'] });
  });

  test('the actor is held up before it: it takes place later', async () => {
    expect(await twoEffects('pause')).toEqual({ world: ['first', 'second'], told: ['first', 'second'], state: 'ended', took: 10_020 });
  });
});

describe('the scheduler', () => {
  const play = async (seed: number) => {
    const scheduler = new Scheduler(seededChoices(seed), 0);
    for (const name of ['a', 'b', 'c'])
      scheduler.spawn(name, async (actor) => {
        for (let number = 0; number < 5; number += 1) await scheduler.effect(actor, `${name}${number}`, async () => undefined);
      });
    await scheduler.run(() => false);
    return scheduler.steps.map(({ effect }) => effect).join(' ');
  };

  test('takes actors one effect at a time, in an order that the seed decides', async () => {
    expect(await play(1)).toBe(await play(1));
    expect(new Set(await Promise.all([1, 2, 3, 4, 5].map(play))).size).toBeGreaterThan(1);
  });

  test('passes over the time in which nobody can go on, in no time', async () => {
    const scheduler = new Scheduler(replayedChoices([]), 0);
    const woke: number[] = [];
    scheduler.spawn('late', async (actor) => {
      await scheduler.sleep(actor, 86_400_000);
      woke.push(scheduler.now);
    });
    scheduler.spawn('early', async (actor) => {
      await scheduler.sleep(actor, 1000);
      woke.push(scheduler.now);
    });
    await scheduler.run(() => false);
    expect(woke).toEqual([1000, 86_400_000]);
  });

  test('spares actors that are not mortal', async () => {
    const scheduler = new Scheduler(replayedChoices([]), 0);
    scheduler.faultSource = () => 'crash-before';
    const actor = scheduler.spawn('sweep', (actor) => scheduler.effect(actor, 'read', async () => undefined), { mortal: false });
    await scheduler.run(() => false);
    expect(actor.state).toBe('ended');
  });

  test('an actor that is killed never goes on', async () => {
    const scheduler = new Scheduler(replayedChoices([]), 0);
    const world: string[] = [];
    const victim = scheduler.spawn('victim', async (actor) => {
      await scheduler.sleep(actor, 1000);
      world.push('victim');
    });
    scheduler.spawn('killer', async () => scheduler.kill(victim));
    await scheduler.run(() => false);
    expect({ world, state: victim.state }).toEqual({ world: [], state: 'dead' });
  });
});
