import { beforeEach, describe, expect, it } from 'vitest';

import { type RunEvent, handleRunEvent } from '../../core/run-event.ts';
import { eventIdOf } from '../../core/stray-event.ts';
import { type Dispatcher, config, dispatcher } from '../fixtures/dispatcher.ts';
import { buildIdOf, runNamed } from '../fixtures/records.ts';

let home: Dispatcher;

beforeEach(async () => {
  home = await dispatcher();
});

const tell = (event: Partial<RunEvent>) =>
  handleRunEvent(home.ports, config, { run: runNamed('run-1'), status: 'SUCCEEDED', build_id: null, ...event });
const stray = (run: string, status: RunEvent['status']) => home.ports.records.readStrayEvent(eventIdOf(runNamed(run), status));

describe('an event of the build service', () => {
  it('completes the build that it is about, and gives the next one its turn', async () => {
    const [first, second] = [await home.accepted(), await home.accepted()];
    await home.step();
    await home.handOver(first);
    home.service.end('SUCCEEDED');
    await tell({ build_id: first });
    expect((await home.build(first)).state).toBe('succeeded');
    expect((await home.build(second)).state).toBe('running');
    expect(await stray('run-1', 'SUCCEEDED')).toBeUndefined();
  });

  it('that comes before the start was recorded records it', async () => {
    const id = await home.accepted();
    const commit = home.ports.records.commit.bind(home.ports.records);
    let commits = 0;
    home.ports.records.commit = (writes) => ((commits += 1) === 2 ? Promise.reject(new Error('the process died')) : commit(writes));
    await expect(home.step()).rejects.toThrow('the process died');
    home.ports.records.commit = commit;
    await tell({ build_id: id, status: 'IN_PROGRESS' });
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ run: 'run-1' }] });
  });

  it('is believed in nothing: the build goes on as the build service says when it is asked', async () => {
    const id = await home.accepted();
    await home.step();
    await tell({ build_id: id, status: 'FAILED' });
    expect(await home.build(id)).toMatchObject({ state: 'running', decision: null });
  });

  it.each([
    ['that names no build', null],
    ['for a build that is not known', buildIdOf(999)],
  ])('%s is recorded once and has no effect', async (_, build_id) => {
    await tell({ build_id });
    const first = await stray('run-1', 'SUCCEEDED');
    expect(first).toMatchObject({ why: 'unknown-build', build_id, received_at: '2026-11-22T10:00:00.000Z' });
    home.pass(1000);
    await tell({ build_id });
    expect(await stray('run-1', 'SUCCEEDED')).toEqual(first);
  });

  it('for a build that has ended is recorded once and has no effect', async () => {
    const id = await home.accepted();
    await home.step();
    await home.handOver(id);
    home.service.end('SUCCEEDED');
    await home.step();
    const [before, asked] = [await home.build(id), home.service.asked.length];
    await tell({ build_id: id, status: 'FAILED' });
    await tell({ build_id: id, status: 'FAILED' });
    expect(await stray('run-1', 'FAILED')).toMatchObject({ why: 'final-build', version: 1 });
    expect(await home.build(id)).toEqual(before);
    expect(home.service.asked).toHaveLength(asked);
  });

  it('for a run that its build does not have is recorded, and the build goes on with its own', async () => {
    const id = await home.accepted();
    await home.step();
    await tell({ build_id: id, run: runNamed('run-7'), status: 'STOPPED' });
    expect(await stray('run-7', 'STOPPED')).toMatchObject({ why: 'unknown-run', build_id: id });
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ run: 'run-1' }] });
  });
});
