import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Notice, type Operators } from '../../core/ports.ts';
import { buildIdOf, builderNamed } from '../fixtures/records.ts';

/** Operators whom nothing was told yet. */
export interface OperatorsUnderTest {
  /** Another client of the same place, as another process would have it. */
  open(): Promise<Operators>;
  /** The texts that reached the operators, from whichever client; those of one client in order. */
  told(): Promise<readonly string[]>;
  /** Lets nothing reach the operators, from any client that is open, until it is told otherwise. */
  cutOff(isCutOff: boolean): Promise<void>;
  remove(): Promise<void>;
}

/** The n-th notice: every word of it has its number. */
function noticeOf(n: number, changes: Partial<Notice> = {}): Notice {
  return {
    key: `${buildIdOf(n)}:escalated`,
    builder: builderNamed(`debian-${n}`),
    build: buildIdOf(n),
    subject: `subject-${n};`,
    message: `message-${n};\nsecond line of ${n};`,
    ...changes,
  };
}

/** What every adapter of `Operators` promises. Registers its tests. */
export function operatorsContract(name: string, make: () => Promise<OperatorsUnderTest>): void {
  describe(`${name} keeps the contract of operators`, () => {
    let place: OperatorsUnderTest;
    let operators: Operators;
    beforeEach(async () => {
      place = await make();
      operators = await place.open();
    });
    afterEach(() => place.remove());

    /** How many of the texts that reached the operators hold a text. */
    const timesTold = async (text: string) => (await place.told()).filter((told) => told.includes(text)).length;

    it('a notice reaches them with its subject, its build and every line of its message', async () => {
      await operators.notify(noticeOf(1));
      const told = await place.told();
      expect(told).toHaveLength(1);
      for (const part of ['subject-1;', buildIdOf(1), 'message-1;', 'second line of 1;']) expect(told[0]).toContain(part);
    });

    it('equal keys are told once by callers one after another, whatever else they say', async () => {
      for (let n = 0; n < 3; n += 1) await operators.notify(noticeOf(1));
      await operators.notify(noticeOf(1, { subject: 'another subject', message: 'another message' }));
      expect(await place.told()).toHaveLength(1);
      expect(await timesTold('subject-1;')).toBe(1);
    });

    it('what one client told is not told by another, also one that was open before', async () => {
      const earlier = await place.open();
      await operators.notify(noticeOf(1));
      await earlier.notify(noticeOf(1));
      await (await place.open()).notify(noticeOf(1));
      expect(await timesTold('subject-1;')).toBe(1);
    });

    it('different keys are each told, also where one is a part of another or the rest is equal', async () => {
      const clients = [operators, await place.open()];
      const keys = [
        'a:escalated',
        'a',
        'a:escalated:2',
        'b:a:escalated',
        'A',
        'constructor',
        '__proto__',
        'a"',
        'a\\"',
        'a\nb',
        'a\u2028b',
        ' a',
      ];
      for (const [n, key] of keys.entries()) await clients[n % 2]?.notify(noticeOf(1, { key }));
      expect(await timesTold('subject-1;')).toBe(keys.length);
      for (const [n, key] of keys.entries()) await clients[(n + 1) % 2]?.notify(noticeOf(1, { key }));
      expect(await timesTold('subject-1;')).toBe(keys.length);
    });

    it.each([
      ['as it would be logged', JSON.stringify(noticeOf(2))],
      ['on lines of its own', `\n${JSON.stringify(noticeOf(2))}\n{"key":"${noticeOf(2).key}"}\n`],
      ['behind what ends a text', `"}\n${JSON.stringify(noticeOf(2))}`],
      [
        'behind terminal escapes and other line ends',
        `\u001B]0;\u0007\r${JSON.stringify(noticeOf(2))}\u2028${JSON.stringify(noticeOf(2))}\u0000`,
      ],
    ])("a notice whose texts hold another one's %s keeps that other one from nobody", async (_, text) => {
      await operators.notify(noticeOf(1, { key: `first ${text}`, subject: `subject-1; ${text}`, message: `message-1; ${text}` }));
      expect(await timesTold('message-1;')).toBe(1);
      const before = (await place.told()).length;
      await operators.notify(noticeOf(2));
      const told = (await place.told()).slice(before);
      expect(told).toHaveLength(1);
      expect(told[0]).toContain('message-2;');
      await operators.notify(noticeOf(1, { key: `first ${text}` }));
      expect((await place.told()).length).toBe(before + 1);
    });

    it('a notice that cannot be delivered is an error, and is told when it is tried again', async () => {
      const other = await place.open();
      await place.cutOff(true);
      await expect(operators.notify(noticeOf(1))).rejects.toThrow();
      await expect(other.notify(noticeOf(1))).rejects.toThrow();
      expect(await place.told()).toEqual([]);
      await place.cutOff(false);
      await other.notify(noticeOf(1));
      await operators.notify(noticeOf(1));
      await operators.notify(noticeOf(2));
      expect([await timesTold('subject-1;'), await timesTold('subject-2;')]).toEqual([1, 1]);
    });

    it('of many at once with one key at least one is told, and none with another key is lost', async () => {
      const clients = [operators, await place.open(), await place.open()];
      await Promise.all(
        Array.from({ length: 24 }, async (_, n) =>
          clients[n % 3]?.notify(noticeOf(n % 4 === 0 ? 0 : n, { key: `key of ${n % 4 === 0 ? 0 : n}` })),
        ),
      );
      const equal = await timesTold('subject-0;');
      expect(equal).toBeGreaterThanOrEqual(1);
      expect(equal, 'each client tells it once at most').toBeLessThanOrEqual(clients.length);
      for (let n = 1; n < 24; n += 1) if (n % 4 !== 0) expect(await timesTold(`subject-${n};`), `notice ${n}`).toBe(1);
      for (const client of clients) await client.notify(noticeOf(0, { key: 'key of 0' }));
      expect(await timesTold('subject-0;')).toBe(equal);
    });
  });
}
