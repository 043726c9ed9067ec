import { beforeEach, describe, expect, it } from 'vitest';

import { type BuildId, BuilderName } from '../../core/identity.ts';
import { failure } from '../../core/failure.ts';
import { type OpenBuild } from '../../core/ports.ts';
import { completeMessages } from '../../lambdas/complete/complete-messages.ts';
import { sweep } from '../../lambdas/reconcile/sweep.ts';
import { type Dispatcher, base, config, dispatcher, other } from '../fixtures/dispatcher.ts';
import { type FunctionDependencies, functionDependencies } from '../fixtures/function-dependencies.ts';
import { buildIdOf } from '../fixtures/records.ts';

let home: Dispatcher;
let given: FunctionDependencies;

beforeEach(async () => {
  home = await dispatcher();
  given = functionDependencies();
});

const sweepNow = () => sweep({ ...given, ports: home.ports });

describe('a sweep', () => {
  it('sends a turn for each builder of which something is open, with what that is, and counts it', async () => {
    const [first, second, third] = [await home.accepted(base), await home.accepted(base), await home.accepted(other)];
    expect(await sweepNow()).toEqual({ open: 3 });
    expect(given.sent).toEqual([
      { turn: base, open: [first, second], delay: 0 },
      { turn: other, open: [third], delay: 0 },
    ]);
    expect(given.lines).toEqual([{ code: 'SWEPT', open: 3, problems: 0 }]);
    expect(given.counted).toEqual({ openBuilds: 3, sweepProblems: 0 });
  });

  it('counts nothing as nothing, so that an alarm has something to look at', async () => {
    expect(await sweepNow()).toEqual({ open: 0 });
    expect(given.sent).toEqual([]);
    expect(given.counted).toEqual({ openBuilds: 0, sweepProblems: 0 });
  });

  it('touches no build itself, whatever is wrong with one', async () => {
    await home.accepted(base);
    home.ports.records.readBuild = () => Promise.reject(new Error('damaged'));
    home.ports.records.readBuilder = () => Promise.reject(new Error('damaged'));
    expect(await sweepNow()).toEqual({ open: 1 });
    expect(given.sent).toHaveLength(1);
  });

  it('fails where a turn could not be sent, after all others were, and says for which builder', async () => {
    await home.accepted(base);
    const id = await home.accepted(other);
    given.breakQueue('planted-value');
    await expect(sweepNow()).rejects.toThrow(/^the turns of 1 builders could not be sent; the lines TURN_NOT_SENT/);
    expect(given.sent).toEqual([{ turn: other, open: [id], delay: 0 }]);
    expect(given.lines).toEqual([
      { code: 'TURN_NOT_SENT', builder: base, problem: 'Error: planted-value' },
      { code: 'SWEPT', open: 2, problems: 1 },
    ]);
    expect(given.counted).toEqual({ openBuilds: 2, sweepProblems: 1 });
  });

  it('that cannot even list what is open fails without the words of what failed', async () => {
    home.ports.records.listOpenBuilds = () => Promise.reject(new Error('planted-value'));
    await expect(sweepNow()).rejects.toThrow(/^what is open could not be listed; the line SWEEP_FAILED/);
    expect(given.lines).toEqual([{ code: 'SWEEP_FAILED', problem: 'Error: planted-value' }]);
    expect(given.counted).toEqual({ sweepProblems: 1 });
  });
});

describe('a sweep over two hundred builders', () => {
  const builders = Array.from({ length: 200 }, (_, n) => BuilderName.parse(`b${n}`));
  const open = builders.map((builder, n): OpenBuild => ({ builder, build_id: buildIdOf(n + 1) }));
  let pages: number;

  beforeEach(() => {
    pages = 0;
    home.ports.records.listOpenBuilds = async ({ limit, cursor = '0' }) => {
      pages += 1;
      const next = Number(cursor) + limit;
      return { items: open.slice(Number(cursor), next), ...(next < open.length ? { cursor: String(next) } : {}) };
    };
  });

  it('costs two lists and two hundred messages', async () => {
    expect(await sweepNow()).toEqual({ open: 200 });
    expect(pages).toBe(2);
    expect(given.sent.map(({ turn }) => turn)).toEqual(builders);
  });

  it('has all of them served, though one fails and another never comes to an end', async () => {
    await sweepNow();
    const served = new Set<string>();
    const endless = new Promise<never>(() => undefined);
    home.ports.records.readBuild = async () => undefined;
    home.ports.records.readBuilder = async (name) => {
      if (name === 'b13') return endless;
      if (name === 'b105') throw new Error('damaged');
      served.add(name);
      return undefined;
    };
    const readRunEvent = () => failure('REQUEST_INVALID', 'it is no event', 'see which rule sends it');
    const messages = given.sent.map(({ delay: _, ...turn }, n) => ({ messageId: `m${n}`, body: JSON.stringify(turn) }));
    for (let from = 0; from < messages.length; from += 10) {
      const batch = completeMessages({ ...given, ports: home.ports, config, readRunEvent }, { Records: messages.slice(from, from + 10) });
      // The function is ended where it does not come to an end by itself.
      await Promise.race([batch, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 50))]);
    }
    await expect.poll(() => builders.filter((name) => !served.has(name))).toEqual(['b13', 'b105']);
    expect(given.lines.filter(({ code }) => code === 'SWEEP_PROBLEM')).toMatchObject([{ builder: 'b105' }]);
  });
});

describe('what a sweep finds', () => {
  it('is gone on with by whoever takes its turns', async () => {
    const ids: readonly BuildId[] = [await home.accepted(base), await home.accepted(other)];
    await sweepNow();
    const readRunEvent = () => failure('REQUEST_INVALID', 'it is no event', 'see which rule sends it');
    const Records = given.sent.map(({ delay: _, ...turn }, n) => ({ messageId: `m${n}`, body: JSON.stringify(turn) }));
    await completeMessages({ ...given, ports: home.ports, config, readRunEvent }, { Records });
    for (const id of ids) expect(await home.build(id)).toMatchObject({ state: 'running' });
  });
});
