import { describe, expect, it } from 'vitest';

import {
  artifactCheckOnDemand,
  once,
  outgoingOnDemand,
  retentionCheckOnDemand,
  runsOnDemand,
  turnsOnDemand,
} from '../../lambdas/on-demand.ts';
import { objectsContract } from '../contracts/objects.ts';
import { functionDependencies } from '../fixtures/function-dependencies.ts';
import { builderNamed, buildIdOf, runNamed, someTime } from '../fixtures/records.ts';
import { scriptedBuildService } from '../fixtures/scripted-build-service.ts';
import { memoryObjects } from '../simulation/memory-objects.ts';

const base = builderNamed('base');
const notice = { key: 'k', builder: base, build: buildIdOf(1), subject: 's', message: 'm' };

describe('what is loaded on demand', () => {
  it('is loaded with the first call, and once', async () => {
    let loads = 0;
    const value = once(async () => (loads += 1));
    expect(loads).toBe(0);
    expect(await Promise.all([value(), value()])).toEqual([1, 1]);
    expect(await value()).toBe(1);
  });

  it('is loaded again where that failed', async () => {
    const answers = [Promise.reject(new Error('no such file')), Promise.resolve('loaded')];
    const value = once(() => answers.shift() ?? Promise.reject(new Error('once more')));
    await expect(value()).rejects.toThrow('no such file');
    expect(await value()).toBe('loaded');
    expect(await value()).toBe('loaded');
  });
});

objectsContract(
  'a store that is loaded on demand',
  async () => {
    const objects = memoryObjects({ versioned: true, keepsRemoved: false });
    const runs = { objects, buildService: scriptedBuildService() };
    return { open: async () => runsOnDemand(async () => runs).objects, remove: async () => undefined };
  },
  { versioned: true },
);

describe('ports whose adapters are loaded on demand', () => {
  it('start, look up, stop and forget runs', async () => {
    const service = scriptedBuildService();
    const forgotten: string[] = [];
    service.forget = async (run) => void forgotten.push(run);
    const { buildService } = runsOnDemand(async () => ({
      objects: memoryObjects({ versioned: false, keepsRemoved: false }),
      buildService: service,
    }));
    const started = await buildService.start({ token: 't', builder: base, environment: {}, timeLimit: 60_000 });
    expect(started).toEqual({ state: 'started', run: 'run-1' });
    expect(await buildService.look([runNamed('run-1')])).toMatchObject([{ run: 'run-1', status: 'IN_PROGRESS' }]);
    await buildService.stop(runNamed('run-1'));
    await buildService.forget(runNamed('run-1'));
    expect([service.stopped, forgotten]).toEqual([['run-1'], ['run-1']]);
  });

  it('send turns, tell operators and announce ends', async () => {
    const given = functionDependencies();
    const told: unknown[] = [];
    const tell = async (what: unknown) => void told.push(what);
    const outgoing = outgoingOnDemand(async () => ({ operators: { notify: tell }, announcements: { announce: tell } }));
    await turnsOnDemand(async () => given.turns).send({ turn: base }, 1000);
    await outgoing.operators.notify(notice);
    const end = {
      build_id: buildIdOf(1),
      builder: base,
      state: 'failed',
      exit_code: 1,
      rule: 'R',
      attempts: 1,
      requested_by: 'ann',
    } as const;
    const paths = { result_path: 'r', summary_path: 's', manifest_path: null };
    const announced = { ...end, finished_at: new Date(someTime).toISOString(), ...paths };
    await outgoing.announcements.announce(announced);
    expect(given.sent).toEqual([{ turn: base, delay: 1000 }]);
    expect(told).toEqual([notice, announced]);
  });

  it('hold artifacts against what is there', async () => {
    const found = { state: 'absent', failure: { rule: 'ARTIFACT_UNCONFIRMED', message: 'm', remedy: 'r' } } as const;
    const made = { after: someTime, accounts: ['123456789012'] };
    const asked: unknown[] = [];
    const check = artifactCheckOnDemand(async () => ({ look: async (...words) => (asked.push(words), found) }));
    expect(await check.look([], made)).toBe(found);
    expect(asked).toEqual([[[], made]]);
  });

  it('hold the rules of a bucket against the policy', async () => {
    const breach = { rule: 'RETENTION_UNKEPT', message: 'm', remedy: 'r' } as const;
    for (const found of [breach, undefined])
      expect(await retentionCheckOnDemand(async () => ({ look: async () => found })).look()).toBe(found);
  });
});
