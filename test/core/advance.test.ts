import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileObjects } from '../../adapters/local/file-objects.ts';
import { gzip } from '../../adapters/local/gzip.ts';
import { openDatabase } from '../../adapters/local/sqlite-database.ts';
import { sqliteRecords } from '../../adapters/local/sqlite-records.ts';
import { advance } from '../../core/advance.ts';
import { type Build } from '../../core/build.ts';
import { queueLimit } from '../../core/builder-record.ts';
import { type CompletePorts, completeAttempt } from '../../core/complete.ts';
import { Config } from '../../core/config.ts';
import { type DispatchPorts, dispatch } from '../../core/dispatch.ts';
import { type Outcome } from '../../core/failure.ts';
import { type BuildId } from '../../core/identity.ts';
import { type Notice } from '../../core/ports.ts';
import { reconcile } from '../../core/reconcile.ts';
import { Result } from '../../core/result.ts';
import { stopBuild } from '../../core/stop.ts';
import { buildIdOf, builderNamed, runNamed, someTime } from '../fixtures/records.ts';
import { type ScriptedBuildService, scriptedBuildService } from '../fixtures/scripted-build-service.ts';

const base = builderNamed('base');
const config = Config.parse({ version: 1, builders: { base: { template: 'base', retry: { delay: '2m' } } } });

let home: string;
let now: number;
let service: ScriptedBuildService;
let notices: Notice[];
let operatorsFail: boolean;
let ports: CompletePorts & DispatchPorts;
let close: () => void;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'advance-'));
  now = someTime;
  service = scriptedBuildService();
  notices = [];
  operatorsFail = false;
  const database = await openDatabase(join(home, 'state', 'hybridcore.db'));
  const objects = await fileObjects(home, database, () => now);
  let ids = 0;
  close = () => objects.close();
  ports = {
    records: sqliteRecords(database),
    objects,
    buildService: service,
    compression: gzip,
    randomness: { bytes: (count) => new Uint8Array(count).fill(7) },
    clock: { now: () => now },
    ids: { buildId: () => buildIdOf((ids += 1)) },
    operators: {
      notify: async (notice) => {
        if (operatorsFail) throw new Error('nobody answers');
        notices.push(notice);
      },
    },
  };
});

afterEach(async () => {
  close();
  await rm(home, { recursive: true, force: true });
});

const ask = (): Promise<Outcome<Build>> =>
  dispatch(ports, config, { request: { builder: base, variables: {} }, command: 'hybridcore-packer build base', by: 'tester' });

async function accepted(): Promise<BuildId> {
  const asked = await ask();
  if (!asked.ok) throw new Error(asked.failure.message);
  return asked.value.build_id;
}

async function build(id: BuildId): Promise<Build> {
  const read = await ports.records.readBuild(id);
  if (read === undefined) throw new Error(`no build ${id}`);
  return read;
}

async function result(id: BuildId): Promise<Result> {
  const read = await ports.objects.read((await build(id)).result_path ?? '', { bytes: 1_000_000 });
  if (read.state !== 'read') throw new Error(`the result of ${id} is ${read.state}`);
  return Result.parse(JSON.parse(new TextDecoder().decode(read.content)));
}

const step = () => advance(ports, config, base);

describe('a line of builds', () => {
  it('runs one at a time, in the order of the requests', async () => {
    const [first, second] = [await accepted(), await accepted()];
    await step();
    await step();
    expect([(await build(first)).state, (await build(second)).state]).toEqual(['running', 'queued']);
    expect(service.asked).toHaveLength(1);
    service.end('STOPPED');
    await step();
    await step();
    expect([(await build(first)).state, (await build(second)).state]).toEqual(['stopped', 'running']);
  });

  it('is full at its limit, and what was refused leaves nothing behind', async () => {
    for (let number = 0; number < queueLimit; number += 1) await accepted();
    expect(await ask()).toMatchObject({ ok: false, failure: { rule: 'QUEUE_FULL' } });
    expect((await ports.records.listBuilds(base, { limit: 100 })).items).toHaveLength(queueLimit);
  });
});

describe('a transient failure', () => {
  it('is retried once, not before its delay, with another token, and then escalated and told', async () => {
    const id = await accepted();
    await step();
    service.end('FAULT');
    await step();
    expect(await build(id)).toMatchObject({ state: 'retrying', retry_at: '2026-11-22T10:02:00.000Z' });
    now += 119_999;
    await step();
    expect(service.asked).toHaveLength(1);
    now += 1;
    await step();
    expect(await build(id)).toMatchObject({ state: 'running', attempts: [{ attempt: 1 }, { attempt: 2 }] });
    service.end('FAULT');
    await step();
    expect(await build(id)).toMatchObject({ state: 'escalated' });
    expect(await result(id)).toMatchObject({ exit_code: 2, attempt: 2, classification: { rule: 'RUN_FAULT' } });
    expect(new Set(service.asked.map((request) => request.token)).size).toBe(2);
    expect(notices.map((notice) => notice.key)).toEqual([`${id}:escalated`]);
    now += 10_000_000;
    await step();
    expect(service.asked).toHaveLength(2);
  });

  it('is not retried when an operator wants a stop', async () => {
    const id = await accepted();
    await step();
    service.end('FAULT');
    await step();
    await stopBuild(ports, id, 'ops');
    await step();
    expect(await result(id)).toMatchObject({ exit_code: 1, state: 'stopped', attempt: 1, classification: { rule: 'STOPPED' } });
  });
});

describe('a wish to stop', () => {
  it('that comes while an attempt fails transiently ends the build stopped, with exit code 1 and not 2', async () => {
    const id = await accepted();
    await step();
    await stopBuild(ports, id, 'ops');
    service.end('FAULT');
    await step();
    expect(await result(id)).toMatchObject({
      exit_code: 1,
      state: 'stopped',
      attempt: 1,
      classification: { rule: 'STOPPED', evidence: [expect.stringContaining('RUN_FAULT') as string] },
    });
  });
});

describe('two that complete the same attempt at once', () => {
  it('leave one result, one summary, and pointers that agree with it', async () => {
    const id = await accepted();
    await step();
    const stale = await build(id);
    const builder = await ports.records.readBuilder(base);
    if (builder === undefined) throw new Error('the builder is known');
    service.end('FAULT');
    const [record] = await service.look([runNamed('run-1')]);
    await step();
    now += 120_000;
    await step();
    service.end('STOPPED');
    await step();
    const summary = await ports.objects.read('state/packer/logs/base.json', { bytes: 1_000_000 });
    // The second one went to sleep before the first wrote anything, and wakes up now, with another view of the run.
    await completeAttempt(ports, config, stale, builder, record === undefined ? undefined : { ...record, status: 'FAILED' });
    expect(await ports.objects.read('state/packer/logs/base.json', { bytes: 1_000_000 })).toEqual(summary);
    expect(await result(id)).toMatchObject({ state: 'stopped', attempt: 2 });
    expect(await build(id)).toMatchObject({ state: 'stopped', settled_at: expect.any(String) as string });
  });
});

describe('a crash between the final state and what follows it', () => {
  it('is made good by the next sweep: the newest-of pointers are those of the build that ended last', async () => {
    const first = await accepted();
    await step();
    await stopBuild(ports, first, 'ops');
    service.end('STOPPED');
    const replace = ports.objects.replace.bind(ports.objects);
    ports.objects.replace = () => Promise.reject(new Error('the disk is full'));
    await expect(step()).rejects.toThrow('the disk is full');
    expect(await build(first)).toMatchObject({ state: 'stopped', settled_at: null });
    ports.objects.replace = replace;
    await reconcile(ports, config);
    const read = await ports.objects.read('state/packer/logs/base.json', { bytes: 1_000_000 });
    expect(read.state === 'read' ? JSON.parse(new TextDecoder().decode(read.content)) : read).toMatchObject({ build_id: first });
    expect((await ports.records.listOpenBuilds({ limit: 10 })).items).toEqual([]);
  });
});

describe('a notice that cannot be delivered', () => {
  it('is delivered by the next sweep, though the build is final', async () => {
    const id = await accepted();
    await step();
    service.end('FAULT');
    await step();
    now += 120_000;
    await step();
    service.end('FAULT');
    operatorsFail = true;
    await expect(step()).rejects.toThrow('nobody answers');
    expect(await build(id)).toMatchObject({ state: 'escalated', settled_at: null });
    operatorsFail = false;
    await reconcile(ports, config);
    expect(notices.map((notice) => notice.key)).toEqual([`${id}:escalated`]);
    expect((await ports.records.listOpenBuilds({ limit: 10 })).items).toEqual([]);
  });
});

describe('a build service', () => {
  it('that is full leaves the build waiting in its turn, and starts it when there is room', async () => {
    const [first, second] = [await accepted(), await accepted()];
    service.answerNext({ state: 'full', message: 'as many as it takes' });
    await step();
    expect(await build(first)).toMatchObject({ state: 'queued', attempts: [] });
    await step();
    expect(service.asked).toHaveLength(1);
    now += 15_000;
    await step();
    expect([(await build(first)).state, (await build(second)).state]).toEqual(['running', 'queued']);
  });

  it('that refuses fails the build at once: class 1, no attempt', async () => {
    const id = await accepted();
    service.answerNext({ state: 'refused', failure: { rule: 'SERVICE_REFUSED', message: 'the buildspec is broken', remedy: 'mend it' } });
    await step();
    expect(await result(id)).toMatchObject({
      exit_code: 1,
      state: 'failed',
      attempt: 0,
      stderr: expect.stringContaining('the buildspec is broken') as string,
      classification: { rule: 'SERVICE_REFUSED' },
    });
  });

  it('that died between the intent and the start is asked again with the same token', async () => {
    const id = await accepted();
    service.answerNext({ state: 'full', message: '' });
    const start = service.start.bind(service);
    service.start = () => Promise.reject(new Error('the connection broke'));
    await expect(step()).rejects.toThrow('the connection broke');
    expect(await build(id)).toMatchObject({ state: 'running', attempts: [{ run: null }] });
    service.start = start;
    await step();
    now += 15_000;
    await step();
    await step();
    expect(await build(id)).toMatchObject({ state: 'running', attempts: [{ attempt: 1, run: 'run-1' }] });
  });
});

describe('a build that waits', () => {
  it('is stopped in the line, and never started', async () => {
    const [first, second] = [await accepted(), await accepted()];
    await step();
    await stopBuild(ports, second, 'ops');
    service.end('STOPPED');
    await step();
    await step();
    expect(await result(second)).toMatchObject({ exit_code: 1, state: 'stopped', attempt: 0 });
    expect((await build(first)).state).toBe('stopped');
    expect(service.asked).toHaveLength(1);
  });

  it('ends quarantined when its builder is quarantined meanwhile', async () => {
    const [first, second] = [await accepted(), await accepted()];
    await step();
    const run = (await build(first)).attempts[0]?.run;
    if (run === undefined || run === null) throw new Error('the first build runs');
    await ports.objects.requestStop(run, 'not this');
    const { mkdir, writeFile } = await import('node:fs/promises');
    await mkdir(join(home, 'incoming', run), { recursive: true });
    await writeFile(join(home, 'incoming', run, 'report.json'), 'no report');
    service.end('SUCCEEDED');
    await step();
    expect(await result(first)).toMatchObject({ exit_code: 3, state: 'quarantined', classification: { rule: 'HANDOVER_INVALID' } });
    await step();
    expect(await result(second)).toMatchObject({
      exit_code: 3,
      state: 'quarantined',
      attempt: 0,
      classification: { rule: 'BUILDER_QUARANTINED' },
    });
    expect(notices.map((notice) => notice.key)).toEqual([`${first}:quarantined`, `${second}:quarantined`]);
    expect(await ask()).toMatchObject({ ok: false, failure: { rule: 'BUILDER_QUARANTINED' } });
    expect(await ports.objects.tags((await build(second)).result_path ?? '')).toEqual({
      kind: 'result',
      builder: base,
      build: second,
      retention: 'standard',
    });
  });
});
