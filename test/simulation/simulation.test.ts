import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { states } from '../../core/states.ts';
import { namesOf } from '../../core/names-of.ts';
import { seededChoices } from './choices.ts';
import { guards } from './guards.ts';
import { allGuards } from './history.ts';
import { playRandomHistory } from './random-history.ts';
import { choicesFrom, choicesText } from './report.ts';
import { faults } from './scheduler.ts';
import { bite, exhaust, playAgain, simulate, smallest } from './simulate.ts';

/* A sample of the simulation: `npm run test:deep` plays the whole. */

const root = join(import.meta.dirname, '..', '..');

describe('the life of a build under faults', () => {
  test('300 random histories keep every promise, and meet every fault and every end', async () => {
    const batch = await simulate({ seed: 1, histories: 300, threads: 2, without: null });
    expect(batch.failing).toEqual([]);
    expect(batch.histories).toBe(300);
    for (const fault of faults) expect(batch.faults[fault], fault).toBeGreaterThan(100);
    for (const state of namesOf(states).filter((each) => states[each].final)) expect(batch.ends[state], state).toBeGreaterThan(3);
    for (const end of [
      'moved',
      'stays',
      'BUILDER_QUARANTINED',
      'CHAIN_BROKEN',
      'MANIFEST_MISSING',
      'INPUTS_DRIFTED',
      'BUILD_NOT_PUBLISHABLE',
    ])
      expect(batch.publishings[end], end).toBeGreaterThan(3);
  });

  test('a line of builds, played with a crash before and after each effect, keeps every promise', async () => {
    const [exhausted] = await exhaust(['a line of two, one of them joined'], 1, null);
    expect(exhausted?.failing).toEqual([]);
    expect(exhausted?.crashes).toBeGreaterThan(300);
  });

  test('equal seeds give equal histories', async () => {
    const play = () => playRandomHistory(seededChoices(42), allGuards);
    expect(await play()).toEqual(await play());
  });
});

describe('the teeth of the simulation', () => {
  test('each guard of the domain stands where the list says', async () => {
    for (const guard of guards) {
      if (!('file' in guard)) continue;
      const text = await readFile(join(root, guard.file), 'utf8');
      expect(text.split(guard.text).length - 1, guard.name).toBe(1);
      expect(guard.without, guard.name).not.toBe(guard.text);
    }
  });

  test.each(['retry-condition', 'intent', 'sweep', 'conditional-commits', 'decision-first', 'publish-fingerprint', 'decided-verdict'])(
    '%s is missed when it is gone',
    async (name) => {
      const guard = guards.find((each) => each.name === name);
      if (guard === undefined) throw new Error(`there is no guard ${name}`);
      expect((await bite(guard, { seed: 1, histories: 500, threads: 1 })).broken).toBeDefined();
    },
  );

  test('a guard that is not there is an error', async () => {
    await expect(simulate({ seed: 1, histories: 1, threads: 1, without: 'good-luck' })).rejects.toThrow(
      /there is no guard good-luck; there are: /,
    );
  });

  test('a failing history is made smaller, breaks the same promise, and replays from what is printed', async () => {
    const without = 'skip-variant';
    const { failing } = await simulate({ seed: 1, histories: 500, threads: 1, without });
    const [first] = failing;
    if (first === undefined) throw new Error('nothing failed');
    const shrunk = await smallest(first, without);
    expect(shrunk.steps.length).toBeLessThan(first.steps.length);
    expect(shrunk.violations[0]?.promise).toBe(first.violations[0]?.promise);

    const replayed = await playAgain(choicesFrom(choicesText(shrunk.choices)) ?? [], without);
    expect(replayed.steps).toEqual(shrunk.steps);
    expect(replayed.violations).toEqual(shrunk.violations);
    // With the guard, the same choices break nothing.
    expect((await playAgain(shrunk.choices, null)).violations).toEqual([]);
  });
});

describe('npm run simulate', () => {
  const run = (...args: readonly string[]) =>
    new Promise<{ readonly exitCode: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
      execFile(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { cwd: root }, (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr }),
      );
    });

  test('counts what it played, and exits with 0 where no promise was broken', async () => {
    const { exitCode, stdout } = await run('--seed', '7', '--histories', '20');
    expect(stdout).toMatch(
      /^20 histories from seed 7, [\d,]+ effects\n {2}faults: .+\n {2}builds: .+\n {2}publishings: .+\nno promise was broken\n$/,
    );
    expect(exitCode).toBe(0);
  });

  test('exits with 1 where one was, tells the shortest history first, and how to play it again', async () => {
    const { exitCode, stdout } = await run('--histories', '100', '--without', 'retry-condition');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^ {2}00:00:00:00\.00 {2}.*: begins\n/);
    expect(stdout).toMatch(/^BROKEN: .+\n\nplay it again: /m);
    const [, again] = /^play it again: npm run simulate -- (.+)$/m.exec(stdout) ?? [];
    const replayed = await run(...(again ?? '').split(' '));
    expect(replayed.exitCode).toBe(1);
    expect(replayed.stdout).toBe(stdout.slice(0, stdout.indexOf('\nthat is what')));
  });

  test.each([
    [['--histories', 'many'], 'It is a whole number from 1 to'],
    [['--without', 'good-luck'], 'The guards are: retry-condition, '],
    [['--choices', '1,2'], 'They are numbers with dots between them'],
  ])('%j is told what is wrong', async (args, message) => {
    const { exitCode, stderr } = await run(...args);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(1);
  });
});
