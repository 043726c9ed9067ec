import { beforeEach, describe, expect, it } from 'vitest';

import { type Failure } from '../../../core/failure.ts';
import { type BuildId } from '../../../core/identity.ts';
import { type Dispatcher, base, dispatcher } from '../../fixtures/dispatcher.ts';

const minute = 60_000;
const differs: Failure = {
  rule: 'RETENTION_UNKEPT',
  message: 'the retention class standard is kept too short',
  remedy: 'put the rules back',
  evidence: ['kept for 7.00 days'],
};

let home: Dispatcher;
let found: Failure | undefined;
let looks: number;

beforeEach(async () => {
  home = await dispatcher();
  [found, looks] = [differs, 0];
  home.ports.retentionCheck.look = async () => {
    looks += 1;
    return found;
  };
});

/** Does what is due, again whenever it is to be done again, until so much time has passed. */
async function passing(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= minute) {
    await home.step();
    home.pass(minute);
  }
  await home.step();
}

async function started(): Promise<BuildId> {
  found = undefined;
  const id = await home.accepted();
  await home.step();
  return id;
}

describe('where rules do not keep what a build leaves', () => {
  it('nothing starts: it is looked at again for a quarter of an hour, then the build ends before packer ran and the builder is closed', async () => {
    const [id, next] = [await home.accepted(), await home.accepted()];
    await passing(14 * minute);
    expect(await home.build(id)).toMatchObject({
      state: 'queued',
      unkept_since: '2026-11-22T10:00:00.000Z',
      retry_at: '2026-11-22T10:15:00.000Z',
    });
    expect(looks).toBe(5);
    await passing(minute);
    expect(await home.result(id)).toMatchObject({
      exit_code: 3,
      state: 'quarantined',
      attempt: 0,
      retryable: false,
      manifest_path: null,
      classification: { rule: 'RETENTION_UNKEPT', evidence: ['kept for 7.00 days'] },
    });
    expect(home.service.asked).toEqual([]);
    expect(await home.build(next)).toMatchObject({ state: 'quarantined' });
    expect(home.notices.map(({ key }) => key)).toEqual([`${id}:quarantined`, `${next}:quarantined`]);
    expect(await home.ask()).toMatchObject({
      ok: false,
      failure: { rule: 'BUILDER_QUARANTINED', message: expect.stringContaining('RETENTION_UNKEPT: ') as string },
    });
  });

  it('one look costs what is looked for, and no build waits where all is kept', async () => {
    const id = await started();
    expect(await home.build(id)).toMatchObject({ state: 'running', unkept_since: null });
    expect(looks).toBe(1);
  });

  it('goes on where they are put back in time, as after a deployment, and remembers nothing of it', async () => {
    const id = await home.accepted();
    await passing(10 * minute);
    found = undefined;
    await passing(3 * minute);
    expect(await home.build(id)).toMatchObject({ state: 'running', unkept_since: null, retry_at: null });
    await home.handOver(id);
    home.service.end('SUCCEEDED');
    await home.step();
    expect(await home.result(id)).toMatchObject({ exit_code: 0, state: 'succeeded' });
  });

  it('a success is not sealed: it names what it made, and the builder is closed', async () => {
    const id = await started();
    await home.handOver(id);
    home.service.end('SUCCEEDED');
    found = differs;
    await passing(14 * minute);
    expect(await home.build(id)).toMatchObject({ state: 'running', decision: null, unkept_since: expect.any(String) as string });
    await passing(minute);
    const result = await home.result(id);
    expect(result).toMatchObject({
      exit_code: 3,
      state: 'quarantined',
      attempt: 1,
      manifest_path: null,
      classification: { rule: 'RETENTION_UNKEPT' },
    });
    expect(result.artifacts.map(({ name }) => name)).toEqual(['file.image']);
    expect((await home.ports.records.readBuilder(base))?.newest).toBeNull();
    expect((await home.ports.records.readBuilder(base))?.quarantine).toMatchObject({ build_id: id, rule: 'RETENTION_UNKEPT' });
  });

  it('a failure keeps its own verdict, and no retry starts', async () => {
    const id = await started();
    home.service.end('FAULT');
    found = differs;
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'retrying' });
    await passing(20 * minute);
    expect(home.service.asked).toHaveLength(1);
    expect(await home.result(id)).toMatchObject({ exit_code: 3, state: 'quarantined', attempt: 1 });
    expect((await home.summary(id)).attempts.map(({ verdict }) => verdict?.exit_code)).toEqual([2]);
  });

  it('who stops a build that waits is heard before', async () => {
    const id = await home.accepted();
    await passing(5 * minute);
    const { stopBuild } = await import('../../../core/stop.ts');
    await stopBuild(home.ports, id, 'ops');
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'stopped' });
  });

  it('a look that fails decides nothing', async () => {
    home.ports.retentionCheck.look = () => Promise.reject(new Error('S3 does not answer'));
    const id = await home.accepted();
    await expect(home.step()).rejects.toThrow('S3 does not answer');
    expect(await home.build(id)).toMatchObject({ state: 'queued', unkept_since: null, version: 1 });
  });
});
