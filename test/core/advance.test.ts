import { beforeEach, describe, expect, it } from 'vitest';

import { advance, lostPatience } from '../../core/advance.ts';
import { builderDigest } from '../../core/builder-digest.ts';
import { queueLimit } from '../../core/builder-record.ts';
import { completeAttempt } from '../../core/complete.ts';
import { builderOf } from '../../core/builder-of.ts';
import { Config } from '../../core/config.ts';
import { digestOf } from '../../core/digest.ts';
import { type StartRequest } from '../../core/ports.ts';
import { releaseQuarantine } from '../../core/quarantine.ts';
import { runLimit, stopGrace } from '../../core/run-limit.ts';
import { reconcile, sweepProblemText } from '../../core/reconcile.ts';
import { stopBuild } from '../../core/stop.ts';
import { type Dispatcher, base, config, dispatcher, other } from '../fixtures/dispatcher.ts';
import { timestamp } from '../../core/identity.ts';
import { buildIdOf, runNamed } from '../fixtures/records.ts';

let home: Dispatcher;

const deployedAnew = Config.parse({ ...config, builders: { ...config.builders, base: { ...config.builders[base], timeout: '90m' } } });

function builderIn(wanted: Config) {
  const builder = builderOf(wanted, base);
  if (builder === undefined) throw new Error('there is a builder base');
  return builder;
}

beforeEach(async () => {
  home = await dispatcher();
});

describe('a line of builds', () => {
  it('runs one at a time, in the order of the requests', async () => {
    const [first, second] = [await home.accepted(), await home.accepted()];
    await home.step();
    await home.step();
    expect([(await home.build(first)).state, (await home.build(second)).state]).toEqual(['running', 'queued']);
    expect(home.service.asked).toHaveLength(1);
    home.service.end('STOPPED');
    await home.step();
    await home.step();
    expect([(await home.build(first)).state, (await home.build(second)).state]).toEqual(['stopped', 'running']);
  });

  it('is full at its limit, and what was refused leaves nothing behind', async () => {
    for (let number = 0; number <= queueLimit; number += 1) await home.accepted();
    expect(await home.ask()).toMatchObject({ ok: false, failure: { rule: 'QUEUE_FULL' } });
    expect((await home.ports.records.listBuilds(base, { limit: 100 })).items).toHaveLength(queueLimit + 1);
  });
});

describe('a transient failure', () => {
  it('is retried once, not before its delay, with another token, and then escalated and told', async () => {
    const id = await home.accepted();
    await home.step();
    home.service.end('FAULT');
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'retrying', retry_at: expect.stringMatching(/^2026-11-22T10:02:[01]/) as string });
    home.pass(119_999);
    await home.step();
    expect(home.service.asked).toHaveLength(1);
    home.pass(1 + 24_000);
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ attempt: 1 }, { attempt: 2 }] });
    home.service.end('FAULT');
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'escalated' });
    expect(await home.result(id)).toMatchObject({ exit_code: 2, attempt: 2, classification: { rule: 'RUN_FAULT' } });
    expect(new Set(home.service.asked.map((request) => request.token)).size).toBe(2);
    expect(home.notices.map((notice) => notice.key)).toEqual([`${id}:escalated`]);
    home.pass(10_000_000);
    await home.step();
    expect(home.service.asked).toHaveLength(2);
  });

  it('is not retried when an operator wants a stop', async () => {
    const id = await home.accepted();
    await home.step();
    home.service.end('FAULT');
    await home.step();
    await stopBuild(home.ports, id, 'ops');
    await home.step();
    expect(await home.result(id)).toMatchObject({ exit_code: 1, state: 'stopped', attempt: 1, classification: { rule: 'STOPPED' } });
  });
});

describe('a wish to stop', () => {
  it('that comes while an attempt fails transiently ends the build stopped, with exit code 1 and not 2', async () => {
    const id = await home.accepted();
    await home.step();
    await stopBuild(home.ports, id, 'ops');
    home.service.end('FAULT');
    await home.step();
    expect(await home.result(id)).toMatchObject({
      exit_code: 1,
      state: 'stopped',
      attempt: 1,
      classification: { rule: 'STOPPED', evidence: [expect.stringContaining('RUN_FAULT') as string] },
    });
  });
});

describe('the delay before a retry', () => {
  it('is that of the builder and up to a fifth more, another for each build', async () => {
    const waits = new Set<number>();
    for (let n = 0; n < 6; n += 1) {
      const id = await home.accepted();
      await home.step();
      home.service.end('FAULT');
      await home.step();
      const { retry_at: at } = await home.build(id);
      waits.add(Date.parse(at ?? '') - home.ports.clock.now());
      await stopBuild(home.ports, id, 'ops');
      await home.step();
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(120_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(144_000);
    expect(waits.size).toBe(6);
  });
});

describe('a wish to stop that comes while a transient failure is carried out', () => {
  it('is heard: there is no retry', async () => {
    const id = await home.accepted();
    await home.step();
    home.service.end('FAULT');
    const commit = home.ports.records.commit.bind(home.ports.records);
    home.ports.records.commit = async (writes) => {
      const committed = await commit(writes);
      // The decision is written, the retry not yet.
      home.ports.records.commit = commit;
      expect(await stopBuild(home.ports, id, 'ops')).toMatchObject({ ok: true, value: { stop: { by: 'ops' } } });
      return committed;
    };
    await home.step();
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'stopped', attempts: [{ attempt: 1 }] });
    expect(await home.result(id)).toMatchObject({ exit_code: 1, attempt: 1, classification: { rule: 'STOPPED' } });
  });
});

describe('a run that the build service does not show', () => {
  it('is waited for, since a look may lag behind a start; and is ended by force before it is taken for lost', async () => {
    const id = await home.accepted();
    await home.step();
    const look = home.service.look.bind(home.service);
    home.service.look = async () => [];
    home.pass(lostPatience - 1);
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'running', decision: null });
    home.service.look = look;
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ run: 'run-1' }] });
    home.service.look = async () => [];
    home.pass(1);
    await home.step();
    expect(home.service.stopped).toEqual(['run-1']);
    expect(await home.build(id)).toMatchObject({
      state: 'retrying',
      attempts: [{ outcome: { verdict: { classification: { rule: 'RUN_LOST' } } } }],
    });
  });
});

describe('two that complete the same attempt at once', () => {
  it('leave one result, one summary, and pointers that agree with it', async () => {
    const id = await home.accepted();
    await home.step();
    const stale = await home.build(id);
    const builder = await home.ports.records.readBuilder(base);
    if (builder === undefined) throw new Error('the builder is known');
    home.service.end('FAULT');
    const [record] = await home.service.look([runNamed('run-1')]);
    await home.step();
    home.pass(144_000);
    await home.step();
    home.service.end('STOPPED');
    await home.step();
    const summary = await home.ports.objects.read('state/packer/logs/base.json', { bytes: 1_000_000 });
    // The second one went to sleep before the first wrote anything, and wakes up now, with another view of the run.
    await completeAttempt(home.ports, config, stale, builder, record === undefined ? undefined : { ...record, status: 'FAILED' });
    expect(await home.ports.objects.read('state/packer/logs/base.json', { bytes: 1_000_000 })).toEqual(summary);
    expect(await home.result(id)).toMatchObject({ state: 'stopped', attempt: 2 });
    expect(await home.build(id)).toMatchObject({ state: 'stopped', settled_at: expect.any(String) as string });
  });
});

describe('a crash between the final state and what follows it', () => {
  it('is made good by the next sweep: the newest-of pointers are those of the build that ended last', async () => {
    const first = await home.accepted();
    await home.step();
    await stopBuild(home.ports, first, 'ops');
    home.service.end('STOPPED');
    const replace = home.ports.objects.replace.bind(home.ports.objects);
    home.ports.objects.replace = () => Promise.reject(new Error('the disk is full'));
    await expect(home.step()).rejects.toThrow('the disk is full');
    expect(await home.build(first)).toMatchObject({ state: 'stopped', settled_at: null });
    home.ports.objects.replace = replace;
    await reconcile(home.ports, config);
    const read = await home.ports.objects.read('state/packer/logs/base.json', { bytes: 1_000_000 });
    expect(read.state === 'read' ? JSON.parse(new TextDecoder().decode(read.content)) : read).toMatchObject({ build_id: first });
    expect((await home.ports.records.listOpenBuilds({ limit: 10 })).items).toEqual([]);
  });
});

describe('a notice that cannot be delivered', () => {
  it('is delivered by the next sweep, though the build is final', async () => {
    const id = await home.accepted();
    await home.step();
    home.service.end('FAULT');
    await home.step();
    home.pass(144_000);
    await home.step();
    home.service.end('FAULT');
    const notify = home.ports.operators.notify.bind(home.ports.operators);
    home.ports.operators.notify = () => Promise.reject(new Error('nobody answers'));
    await expect(home.step()).rejects.toThrow('nobody answers');
    expect(await home.build(id)).toMatchObject({ state: 'escalated', settled_at: null });
    home.ports.operators.notify = notify;
    await reconcile(home.ports, config);
    expect(home.notices.map((notice) => notice.key)).toEqual([`${id}:escalated`]);
    expect((await home.ports.records.listOpenBuilds({ limit: 10 })).items).toEqual([]);
  });
});

describe('a dispatcher that was deployed anew', () => {
  it('asks for a start that another one intended in the same words', async () => {
    const id = await home.accepted();
    const start = home.service.start.bind(home.service);
    const asked: StartRequest[] = [];
    home.service.start = async (request) => {
      asked.push(request);
      throw new Error('the connection broke');
    };
    await expect(home.step()).rejects.toThrow('the connection broke');
    home.service.start = start;
    home.ports.deployedSource.fingerprint = async () => digestOf('a new source');
    await advance(home.ports, deployedAnew, base);
    expect(home.service.asked).toEqual(asked);
    expect(asked[0]?.environment).toMatchObject({ HYBRIDCORE_BUILDER_DIGEST: builderDigest(builderIn(config)) });
    expect((await home.build(id)).attempts[0]?.builder_digest).toBe(builderDigest(builderIn(config)));
  });

  it('asks with another token where the attempt is to be told something else', async () => {
    await home.accepted();
    home.service.answerNext({ state: 'full', message: 'as many as it takes' });
    await home.step();
    home.pass(15_000);
    await advance(home.ports, deployedAnew, base);
    const [first, second] = home.service.asked;
    expect(second?.environment).toMatchObject({ HYBRIDCORE_BUILDER_DIGEST: builderDigest(builderIn(deployedAnew)) });
    expect(second?.token).not.toBe(first?.token);
  });
});

describe('the end of a build', () => {
  it('is announced with where it left what, before the build is closed', async () => {
    const id = await home.accepted();
    await home.step();
    await home.handOver(id);
    home.service.end('SUCCEEDED');
    await home.step();
    const manifest = `artifacts/base/${id}.hash.json`;
    expect(home.announced).toEqual([
      {
        build_id: id,
        builder: base,
        state: 'succeeded',
        exit_code: 0,
        rule: 'SUCCESS',
        attempts: 1,
        requested_by: 'tester',
        finished_at: '2026-11-22T10:00:00.000Z',
        result_path: `state/packer/results/base/${id}.json`,
        summary_path: `state/packer/logs/base/${id}.json`,
        manifest_path: manifest,
      },
    ]);
    expect(await home.document('artifacts/base.hash.json')).toEqual(await home.document(manifest));
  });

  it('that could not be announced is announced by the next sweep, and the build is open until then', async () => {
    const id = await home.accepted();
    home.service.answerNext({ state: 'refused', failure: { rule: 'SERVICE_REFUSED', message: 'no project', remedy: 'deploy it' } });
    const announce = home.ports.announcements.announce.bind(home.ports.announcements);
    home.ports.announcements.announce = () => Promise.reject(new Error('throttled'));
    await expect(home.step()).rejects.toThrow('throttled');
    expect(await home.build(id)).toMatchObject({ state: 'failed', settled_at: null });
    home.ports.announcements.announce = announce;
    await reconcile(home.ports, config);
    expect(home.announced).toMatchObject([{ build_id: id, state: 'failed', exit_code: 1, attempts: 0, manifest_path: null }]);
    expect((await home.ports.records.listOpenBuilds({ limit: 10 })).items).toEqual([]);
  });
});

describe('a build service', () => {
  it('that is full leaves the build waiting in its turn, and starts it when there is room', async () => {
    const [first, second] = [await home.accepted(), await home.accepted()];
    home.service.answerNext({ state: 'full', message: 'as many as it takes' });
    await home.step();
    expect(await home.build(first)).toMatchObject({ state: 'queued', attempts: [] });
    await home.step();
    expect(home.service.asked).toHaveLength(1);
    home.pass(15_000);
    await home.step();
    expect([(await home.build(first)).state, (await home.build(second)).state]).toEqual(['running', 'queued']);
  });

  it('that refuses fails the build at once: class 1, no attempt', async () => {
    const id = await home.accepted();
    home.service.answerNext({
      state: 'refused',
      failure: { rule: 'SERVICE_REFUSED', message: 'the buildspec is broken', remedy: 'mend it' },
    });
    await home.step();
    expect(await home.result(id)).toMatchObject({
      exit_code: 1,
      state: 'failed',
      attempt: 0,
      stderr: expect.stringContaining('the buildspec is broken') as string,
      classification: { rule: 'SERVICE_REFUSED' },
    });
    expect((await home.summary(id)).attempts).toMatchObject([{ attempt: 1, run: null, verdict: null, log: null }]);
  });

  it('that died between the intent and the start is asked again with the same token', async () => {
    const id = await home.accepted();
    home.service.answerNext({ state: 'full', message: '' });
    const start = home.service.start.bind(home.service);
    home.service.start = () => Promise.reject(new Error('the connection broke'));
    await expect(home.step()).rejects.toThrow('the connection broke');
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ run: null }] });
    home.service.start = start;
    await home.step();
    home.pass(15_000);
    await home.step();
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ attempt: 1, run: 'run-1' }] });
  });
});

describe('a build that waits', () => {
  it('is stopped in the line, and never started', async () => {
    const [first, second] = [await home.accepted(), await home.accepted()];
    await home.step();
    await stopBuild(home.ports, second, 'ops');
    home.service.end('STOPPED');
    await home.step();
    await home.step();
    expect(await home.result(second)).toMatchObject({ exit_code: 1, state: 'stopped', attempt: 0 });
    expect((await home.build(first)).state).toBe('stopped');
    expect(home.service.asked).toHaveLength(1);
  });

  it('ends quarantined when its builder is quarantined meanwhile', async () => {
    const [first, second] = [await home.accepted(), await home.accepted()];
    await home.step();
    await home.handOver(first, { packer: null });
    home.service.end('SUCCEEDED');
    await home.step();
    expect(await home.result(first)).toMatchObject({ exit_code: 3, state: 'quarantined', classification: { rule: 'HANDOVER_INVALID' } });
    await home.step();
    expect(await home.result(second)).toMatchObject({
      exit_code: 3,
      state: 'quarantined',
      attempt: 0,
      classification: { rule: 'BUILDER_QUARANTINED' },
    });
    expect(home.notices.map((notice) => notice.key)).toEqual([`${first}:quarantined`, `${second}:quarantined`]);
    expect((await home.ports.records.readBuilder(base))?.quarantine).toMatchObject({ build_id: first, rule: 'HANDOVER_INVALID' });
    expect(await home.ask()).toMatchObject({ ok: false, failure: { rule: 'BUILDER_QUARANTINED' } });
    expect(await home.ports.objects.tags((await home.build(second)).result_path ?? '')).toEqual({
      kind: 'result',
      builder: base,
      build: second,
      retention: 'standard',
    });
  });

  it('is ended at once when an operator stops it, while another build runs', async () => {
    const [, second] = [await home.accepted(), await home.accepted()];
    await home.step();
    await stopBuild(home.ports, second, 'ops');
    await home.step();
    expect(await home.result(second)).toMatchObject({
      exit_code: 1,
      state: 'stopped',
      attempt: 0,
      stderr: expect.stringContaining('stopped by ops') as string,
    });
    expect((await home.ports.records.readBuilder(base))?.queue).toEqual([]);
  });

  it('keeps the end that was decided on it, though its builder was released before all was written', async () => {
    const [first, second] = [await home.accepted(), await home.accepted()];
    await home.step();
    await home.handOver(first, { packer: null });
    home.service.end('SUCCEEDED');
    const create = home.ports.objects.create.bind(home.ports.objects);
    home.ports.objects.create = (key, content, tags) =>
      tags.build === second ? Promise.reject(new Error('the disk is full')) : create(key, content, tags);
    await expect(home.step()).rejects.toThrow('the disk is full');
    home.ports.objects.create = create;
    expect((await releaseQuarantine(home.ports, base, 'ops', 'looked at')).ok).toBe(true);
    await home.step();
    expect(await home.build(second)).toMatchObject({ state: 'quarantined' });
    expect(await home.result(second)).toMatchObject({ state: 'quarantined', exit_code: 3 });
  });
});

describe('a release from quarantine', () => {
  it('needs a reason', async () => {
    const id = await home.accepted();
    await home.step();
    await home.handOver(id, { packer: null });
    home.service.end('SUCCEEDED');
    await home.step();
    expect(await releaseQuarantine(home.ports, base, 'ops', '  ')).toMatchObject({ ok: false, failure: { rule: 'REQUEST_INVALID' } });
    expect(await releaseQuarantine(home.ports, base, 'ops', 'x'.repeat(4095))).toMatchObject({
      ok: false,
      failure: { rule: 'REQUEST_INVALID', message: 'the reason takes more than 4096 bytes' },
    });
    for (const broken of ['looked\nat', 'looked\rat', 'looked\u2028at'])
      expect(await releaseQuarantine(home.ports, base, 'ops', broken)).toMatchObject({
        ok: false,
        failure: { rule: 'REQUEST_INVALID', message: 'the reason has a line break' },
      });
    expect(await home.ask()).toMatchObject({ ok: false, failure: { rule: 'BUILDER_QUARANTINED' } });
    expect(await releaseQuarantine(home.ports, base, 'ops', 'looked at')).toMatchObject({
      ok: true,
      value: { quarantine: null, released: { by: 'ops', reason: 'looked at', build_id: id } },
    });
    expect((await home.ask()).ok).toBe(true);
  });
});

describe('a run that is asked to stop', () => {
  it('is asked kindly once, and stopped by force only when the time to clean up is over', async () => {
    const id = await home.accepted();
    await home.step();
    await stopBuild(home.ports, id, 'ops');
    await home.step();
    expect(JSON.stringify(await home.document('control/run-1/stop'))).toContain('ops');
    home.pass(stopGrace);
    await home.step();
    expect(home.service.stopped).toEqual([]);
    home.pass(1);
    await home.step();
    expect(home.service.stopped).toEqual(['run-1']);
  });
});

describe('a run that outlives its time limit', () => {
  const minute = 60_000;

  it('though the build service should have ended it, is asked to stop, then ended by force, and the build is retried as timed out', async () => {
    const id = await home.accepted();
    await home.step();
    home.pass(runLimit('60m') + minute);
    await home.step();
    expect(await home.build(id)).toMatchObject({ attempts: [{ expired_at: null }] });
    home.pass(1);
    await home.step();
    expect(JSON.stringify(await home.document('control/run-1/stop'))).toContain('time is up');
    expect(home.service.stopped).toEqual([]);
    home.pass(stopGrace + 1);
    await home.step();
    expect(home.service.stopped).toEqual(['run-1']);
    home.service.end('STOPPED');
    await home.step();
    expect(await home.build(id)).toMatchObject({
      state: 'retrying',
      attempts: [{ outcome: { verdict: { exit_code: 2, classification: { rule: 'TIMED_OUT' } } } }],
    });
  });
});

describe("a run that waits in the build service's own queue", () => {
  const minute = 60_000;
  const at = (minutes: number) => timestamp(Date.parse('2026-11-22T10:00:00.000Z') + minutes * minute);
  const queued = (until: number | null) => [
    { phase: 'SUBMITTED', status: 'SUCCEEDED', started_at: at(0), finished_at: at(0), contexts: [] },
    { phase: 'QUEUED', status: 'SUCCEEDED', started_at: at(0), finished_at: until === null ? null : at(until), contexts: [] },
  ];

  it('loses nothing of its time limit there', async () => {
    const id = await home.accepted();
    await home.step();
    home.service.show({ phases: queued(null) });
    home.pass(300 * minute);
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ expired_at: null }] });
    home.service.show({ phases: queued(300) });
    home.pass(runLimit('60m') + minute);
    await home.step();
    expect(await home.build(id)).toMatchObject({ attempts: [{ expired_at: null }] });
    home.pass(1);
    await home.step();
    expect(await home.build(id)).toMatchObject({ attempts: [{ expired_at: expect.any(String) as string }] });
  });
});

describe('a sweep whose look fails', () => {
  it('still does what is due for every builder that needs no look', async () => {
    await home.accepted(base);
    await home.step(base);
    const waiting = await home.accepted(other);
    home.service.look = () => Promise.reject(new Error('ThrottlingException'));
    const { problems } = await reconcile(home.ports, config);
    expect(problems.map(sweepProblemText)).toEqual(['builder base: ThrottlingException']);
    expect(await home.build(waiting)).toMatchObject({ state: 'running' });
  });
});

describe('the word to go', () => {
  it('is told only once the records name the run', async () => {
    const id = await home.accepted();
    const tell = home.ports.objects.tell.bind(home.ports.objects);
    const recorded: unknown[] = [];
    home.ports.objects.tell = async (run, word, reason) => {
      recorded.push([run, word, (await home.build(id)).attempts.at(-1)?.run]);
      return tell(run, word, reason);
    };
    await home.step();
    expect(recorded).toEqual([['run-1', 'go', 'run-1']]);
  });

  it('is told by the next caller where a crash kept it back', async () => {
    await home.accepted();
    const tell = home.ports.objects.tell.bind(home.ports.objects);
    home.ports.objects.tell = () => Promise.reject(new Error('the process died'));
    await expect(home.step()).rejects.toThrow('the process died');
    home.ports.objects.tell = tell;
    await home.step();
    expect(await home.document('control/run-1/go')).toBeDefined();
  });

  it('is never told to a second run for one token, which is stopped', async () => {
    const id = await home.accepted();
    const start = home.service.start.bind(home.service);
    home.service.start = async (request) => {
      // While this caller's answer is under way, another one starts the attempt, of which the service has lost the token.
      home.service.start = start;
      const answer = await start(request);
      home.service.forgetTokens();
      await home.step();
      return answer;
    };
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ run: 'run-2' }] });
    expect((await home.ports.objects.list('control/', { limit: 10 })).items).toEqual(['control/run-2/go']);
    expect(home.service.stopped).toEqual(['run-1']);
  });
});

describe('a stop before the run is recorded', () => {
  it('ends the build without starting anything', async () => {
    const id = await home.accepted();
    const start = home.service.start.bind(home.service);
    home.service.start = () => Promise.reject(new Error('the connection broke'));
    await expect(home.step()).rejects.toThrow('the connection broke');
    home.service.start = start;
    await stopBuild(home.ports, id, 'ops');
    await home.step();
    expect(await home.result(id)).toMatchObject({ state: 'stopped', exit_code: 1 });
    expect(home.service.asked).toEqual([]);
  });
});

describe('a build service that is full for one caller and has room for another', () => {
  it('runs the attempt once: the start is asked for with the same token again', async () => {
    const id = await home.accepted();
    const start = home.service.start.bind(home.service);
    home.service.start = async (request) => {
      await start(request);
      return { state: 'full', message: 'for this caller' };
    };
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'queued', attempts: [] });
    home.service.start = start;
    home.pass(15_000);
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ attempt: 1, run: 'run-1' }] });
  });

  it('leaves a run alone whose answer came late, after the attempt was put back: the next start is given it', async () => {
    const id = await home.accepted();
    const start = home.service.start.bind(home.service);
    home.service.start = async (request) => {
      home.service.start = start;
      const answer = await start(request);
      home.service.answerNext({ state: 'full', message: 'for the other caller' });
      await home.step();
      return answer;
    };
    await home.step();
    expect(home.service.stopped).toEqual([]);
    home.pass(15_000);
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ run: 'run-1' }] });
  });

  it('is asked under another token where another thing is asked for, and a run of the first is ended', async () => {
    await home.accepted();
    await home.step();
    await home.handOver((await home.ports.records.readBuilder(base))?.current ?? buildIdOf(1));
    home.service.end('SUCCEEDED');
    await home.step();
    const asking = { only_if_changed: true, max_age: '1h', variables: { n: '1' } };
    const id = await home.accepted(base, asking);
    const start = home.service.start.bind(home.service);
    home.service.start = async (request) => {
      home.service.start = start;
      // The service has room for this caller, whose answer comes late, and none for another one meanwhile.
      const answer = await start(request);
      home.service.answerNext({ state: 'full', message: 'for the other caller' });
      await home.step();
      home.pass(3_600_000);
      await home.step();
      return answer;
    };
    await home.step();
    const [, first, , second] = home.service.asked;
    expect(first?.environment['HYBRIDCORE_UNLESS']).toBeDefined();
    expect(second?.environment['HYBRIDCORE_UNLESS']).toBeUndefined();
    expect(second?.token).not.toBe(first?.token);
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{ run: 'run-3' }] });
    expect(home.service.stopped).toEqual(['run-2']);
  });
});
