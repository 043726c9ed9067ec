import { describe, expect, test } from 'vitest';

import { buildServiceContract } from '../contracts/build-service.ts';
import { runsAtOnce } from '../fixtures/build-service/runs-at-once.ts';
import { builderNamed } from '../fixtures/records.ts';
import { type ServiceOptions, type SimulatedRun, simulatedBuildService } from './simulated-build-service.ts';

const minute = 60_000;

/** A service on a clock of the test's own, with what it did to its runs. */
function serviceAt(options: Partial<Pick<ServiceOptions, 'limit' | 'tokenMemory' | 'queueTime' | 'unknownFor'>> = {}) {
  const clock = { now: 1_700_000_000_000 };
  const log: string[] = [];
  const begun: SimulatedRun[] = [];
  const service = simulatedBuildService({
    limit: 100,
    tokenMemory: 5 * minute,
    ...options,
    now: () => clock.now,
    begins(run) {
      begun.push(run);
      log.push(`begins ${run.run}`);
    },
    killed: ({ run }) => log.push(`killed ${run}`),
    ended: ({ run }, status) => log.push(`ended ${run} ${status}`),
  });
  const start = (token: string) => service.start({ token, builder: builderNamed('base'), timeLimit: 60 * minute, environment: {} });
  const first = (): SimulatedRun => {
    const [run] = begun;
    if (run === undefined) throw new Error('nothing began');
    return run;
  };
  const statusOf = async (run: SimulatedRun) => (await service.look([run.run]))[0]?.status;
  return { clock, log, service, start, first, statusOf, begun };
}

buildServiceContract('simulated', async () => {
  const clock = { now: 1_700_000_000_000 };
  const running = new Set<SimulatedRun>();
  const service = simulatedBuildService({
    limit: runsAtOnce,
    tokenMemory: Number.POSITIVE_INFINITY,
    now: () => clock.now,
    begins: (run) => running.add(run),
    killed: (run) => running.delete(run),
    ended: (run) => running.delete(run),
  });
  const exitCodes: Readonly<Record<string, number>> = { succeeds: 0, 'fails with 7': 7 };
  return {
    service,
    other: service,
    request: (token, behaviour, timeLimit = 60_000) => ({ token, builder: builderNamed('base'), environment: { behaviour }, timeLimit }),
    async pass(milliseconds) {
      clock.now += milliseconds;
      service.enforceTimeLimits();
      for (const run of running) {
        const exitCode = exitCodes[run.request.environment['behaviour'] ?? ''];
        if (exitCode !== undefined) service.exit(run, exitCode);
      }
    },
    async [Symbol.asyncDispose]() {},
  };
});

describe('the simulated build service, as its specification says', () => {
  test('start answers with a run that is under way', async () => {
    const { start, first, statusOf, log } = serviceAt();
    expect(await start('a')).toEqual({ state: 'started', run: 'run-1' });
    expect([log, await statusOf(first())]).toEqual([['begins run-1'], 'IN_PROGRESS']);
  });

  test('an equal token is given the same run for as long as it is remembered, and another one after that', async () => {
    const { start, clock } = serviceAt();
    await start('a');
    clock.now += 5 * minute - 1;
    expect(await start('a')).toEqual({ state: 'started', run: 'run-1' });
    clock.now += 1;
    expect(await start('a')).toEqual({ state: 'started', run: 'run-2' });
    expect(await start('a')).toEqual({ state: 'started', run: 'run-2' });
  });

  test('is full when as many runs are under way as it takes, leaves nothing behind then, and knows its tokens all the same', async () => {
    const { start, service, first, log } = serviceAt({ limit: 1 });
    await start('a');
    expect((await start('b')).state).toBe('full');
    expect(await start('a')).toEqual({ state: 'started', run: 'run-1' });
    expect(service.runs.size).toBe(1);
    service.exit(first(), 0);
    expect(await start('b')).toEqual({ state: 'started', run: 'run-2' });
    expect(log).toEqual(['begins run-1', 'ended run-1 SUCCEEDED', 'begins run-2']);
  });

  test.each([
    [0, 'SUCCEEDED', []],
    [3, 'FAILED', [{ status_code: 'COMMAND_EXECUTION_ERROR', message: 'Error while executing command: attempt. Reason: exit status 3' }]],
  ])('a process that exits with %i ends its run as %s, with the code in the context of its phase', async (exitCode, status, contexts) => {
    const { start, service, first } = serviceAt();
    await start('a');
    service.exit(first(), exitCode);
    const [record] = await service.look([first().run]);
    expect(record).toMatchObject({ status, phases: [{ phase: 'BUILD', status, contexts }, { phase: 'COMPLETED' }] });
    expect(record?.finished_at).not.toBeNull();
  });

  test('a run that is stopped, or that the service fails, is ended by force, once', async () => {
    const { start, service, begun, log } = serviceAt();
    await start('a');
    await start('b');
    const [a, b] = begun;
    if (a === undefined || b === undefined) throw new Error('nothing began');
    await service.stop(a.run);
    service.fail(b);
    await service.stop(b.run);
    service.exit(a, 0);
    expect(log.slice(2)).toEqual(['killed run-1', 'ended run-1 STOPPED', 'killed run-2', 'ended run-2 FAULT']);
  });

  test('a run that outlives its time limit is ended by force when limits are enforced, not before', async () => {
    const { start, service, first, clock, statusOf } = serviceAt();
    await start('a');
    clock.now += 60 * minute - 1;
    service.enforceTimeLimits();
    expect(await statusOf(first())).toBe('IN_PROGRESS');
    clock.now += 1;
    service.enforceTimeLimits();
    expect(await statusOf(first())).toBe('TIMED_OUT');
  });

  test('a look leaves out what is not known, and forgetting changes nothing', async () => {
    const { start, service, first, begun } = serviceAt();
    await start('a');
    await start('b');
    const [, second] = begun;
    await service.forget(first().run);
    expect((await service.look([first().run, ...(second === undefined ? [] : [second.run])])).map(({ run }) => run)).toEqual([
      'run-1',
      'run-2',
    ]);
    const unknown = serviceAt();
    expect(await unknown.service.look([first().run])).toEqual([]);
  });
});
