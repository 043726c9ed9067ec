import { beforeEach, describe, expect, it } from 'vitest';

import { type BuildId } from '../../core/identity.ts';
import { sweep } from '../../lambdas/reconcile/sweep.ts';
import { type Dispatcher, base, config, dispatcher, other } from '../fixtures/dispatcher.ts';
import { type FunctionDependencies, functionDependencies } from '../fixtures/function-dependencies.ts';

let home: Dispatcher;
let given: FunctionDependencies;

beforeEach(async () => {
  home = await dispatcher();
  given = functionDependencies();
});

const sweepNow = () => sweep({ ...given, ports: home.ports, config });

/** A build that failed transiently, and that nobody has heard of yet. */
async function failedOnce(): Promise<BuildId> {
  const id = await home.accepted();
  await home.step();
  home.service.end('FAULT');
  return id;
}

describe('a sweep', () => {
  it('goes on with what is open, and counts it', async () => {
    const [first, second] = [await home.accepted(base), await home.accepted(other)];
    expect(await sweepNow()).toEqual({ open: 2 });
    expect([(await home.build(first)).state, (await home.build(second)).state]).toEqual(['running', 'running']);
    expect(given.lines).toEqual([{ code: 'SWEPT', open: 2, problems: 0 }]);
    expect(given.counted).toEqual({ openBuilds: 2, sweepProblems: 0 });
  });

  it('counts nothing as nothing, so that an alarm has something to look at', async () => {
    expect(await sweepNow()).toEqual({ open: 0 });
    expect(given.counted).toEqual({ openBuilds: 0, sweepProblems: 0 });
  });

  it('sends a turn for what is due before the next one', async () => {
    await failedOnce();
    await sweepNow();
    expect(given.sent).toEqual([{ builder: base, delay: expect.any(Number) as number }]);
  });

  it('leaves what is due later to a sweep that comes before it is', async () => {
    const patient = {
      ...config,
      builders: { ...config.builders, [base]: { ...config.builders[base], retry: { delay: '1h' } } },
    } as typeof config;
    const id = await failedOnce();
    await sweep({ ...given, ports: home.ports, config: patient });
    expect(given.sent).toEqual([]);
    const { retry_at } = await home.build(id);
    home.pass(Date.parse(retry_at ?? '') - home.ports.clock.now() - 4 * 60_000);
    await sweep({ ...given, ports: home.ports, config: patient });
    expect(given.sent).toEqual([{ builder: base, delay: 4 * 60_000 }]);
  });

  it('fails where it could not go on with something, after all else, and says with what', async () => {
    const [bad, good] = [await home.accepted(base), await home.accepted(other)];
    const readBuild = home.ports.records.readBuild.bind(home.ports.records);
    home.ports.records.readBuild = (id) => (id === bad ? Promise.reject(new Error('planted-value')) : readBuild(id));
    await expect(sweepNow()).rejects.toThrow(/^1 things could not be gone on with; the lines SWEEP_PROBLEM/);
    expect(await home.build(good)).toMatchObject({ state: 'running' });
    expect(given.lines).toEqual([
      { code: 'SWEEP_PROBLEM', build_id: bad, builder: base, problem: 'planted-value' },
      { code: 'SWEPT', open: 2, problems: 1 },
    ]);
    expect(given.counted).toEqual({ openBuilds: 2, sweepProblems: 1 });
  });

  it('fails where a turn could not be sent', async () => {
    await failedOnce();
    given.breakQueue('no queue');
    await expect(sweepNow()).rejects.toThrow(/^1 things/);
    expect(given.codes()).toEqual(['TURN_NOT_SENT', 'SWEPT']);
  });

  it('that cannot even list what is open fails without the words of what failed', async () => {
    home.ports.records.listOpenBuilds = () => Promise.reject(new Error('planted-value'));
    await expect(sweepNow()).rejects.toThrow(/^what is open could not be gone through; the line SWEEP_FAILED/);
    expect(given.lines).toEqual([{ code: 'SWEEP_FAILED', problem: 'Error: planted-value' }]);
    expect(given.counted).toEqual({ sweepProblems: 1 });
  });
});
