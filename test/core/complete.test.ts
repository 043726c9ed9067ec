import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';

import { advance } from '../../core/advance.ts';
import { completeAttempt } from '../../core/complete.ts';
import { ruleTable, ruleTableDigest } from '../../core/classification/rule-table.ts';
import { Config } from '../../core/config.ts';
import { digestOfJson } from '../../core/digest.ts';
import { manifestDigest } from '../../core/document-text.ts';
import { HashManifest } from '../../core/hash-manifest.ts';
import { type BuildId } from '../../core/identity.ts';
import { type LongObjects, type Objects } from '../../core/ports.ts';
import { dispatch } from '../../core/dispatch.ts';
import { reconcile, sweepProblemText } from '../../core/reconcile.ts';
import { ruleSetDigest } from '../../core/scrub/redaction-rules.ts';
import { stopBuild } from '../../core/stop.ts';
import { version } from '../../core/version.ts';
import { type Dispatcher, base, config, dispatcher, other, successLog } from '../fixtures/dispatcher.ts';
import { buildIdOf, runNamed } from '../fixtures/records.ts';

let home: Dispatcher;

beforeEach(async () => {
  home = await dispatcher();
});

async function succeeded(): Promise<BuildId> {
  const id = await home.accepted();
  await home.step();
  await home.handOver(id);
  home.service.end('SUCCEEDED');
  await home.step();
  return id;
}

async function handedOver(): Promise<BuildId> {
  const id = await home.accepted();
  await home.step();
  await home.handOver(id);
  home.service.end('SUCCEEDED');
  return id;
}

/** Lets `before` run once, just before an object of this key is read. */
function beforeReading(key: string, before: () => Promise<void>): void {
  const read = home.ports.objects.read.bind(home.ports.objects);
  home.ports.objects.read = async (wanted, limit) => {
    if (wanted === key) {
      home.ports.objects.read = read;
      await before();
    }
    return read(wanted, limit);
  };
}

describe('a success', () => {
  it('seals a chain of manifests, and the newest-of keys show its head', async () => {
    const [first, second] = [await succeeded(), await succeeded()];
    const manifests = await Promise.all(
      [first, second].map(async (id) => HashManifest.parse(await home.document(`artifacts/base/${id}.hash.json`))),
    );
    expect(manifests.map((manifest) => manifest.sequence)).toEqual([1, 2]);
    expect(manifests[0]?.previous).toBeNull();
    expect(manifests[1]?.previous?.digest).toBe(manifests[0] === undefined ? '' : manifestDigest(manifests[0]));
    expect(await home.document('artifacts/base.hash.json')).toEqual(manifests[1]);
    expect((await home.ports.records.readBuilder(base))?.newest).toMatchObject({ build_id: second, sequence: 2 });
    expect((await home.build(second)).manifest?.digest).toBe((await home.ports.records.readBuilder(base))?.newest?.digest);
  });

  it('leaves a summary with the retention that it was promised, and nothing of its run', async () => {
    const id = await succeeded();
    expect(await home.summary(id)).toMatchObject({
      finished_at: '2026-11-22T10:00:00.000Z',
      retention: { class: 'standard', days: 365, expires_at: '2027-11-22T10:00:00.000Z', policy_digest: digestOfJson(config.retention) },
    });
    expect((await home.ports.objects.list('incoming/', { limit: 10 })).items).toEqual([]);
    expect(await home.build(id)).toMatchObject({ decision: { redaction_key: null }, settled_at: expect.any(String) as string });
  });

  it('leaves a summary with the tools that it met, what its verdict rests on, and where its diag bundle goes', async () => {
    const id = await succeeded();
    const summary = await home.summary(id);
    expect(summary.diag_path).toBe(`diag/base/${id}.tar.gz`);
    expect(summary.tools).toEqual({ hybridcore_packer: version, packer: '1.6.6', plugins: {}, scrub_rules: ruleSetDigest() });
    expect(summary.attempts).toMatchObject([
      {
        decided_at: '2026-11-22T10:00:00.000Z',
        rules: ruleTableDigest(ruleTable(config.rules)),
        basis: { packer: { exit_code: 0, signal: null }, interrupted: null, own_rule: null, unchanged: false, recorded: false },
      },
    ]);
  });

  it('whose manifest stands there already with other content is a broken chain: quarantined, and nothing is overwritten', async () => {
    const id = await handedOver();
    const key = `artifacts/base/${id}.hash.json`;
    await home.ports.objects.create(key, new TextEncoder().encode('{}'), {
      kind: 'hash-manifest',
      builder: base,
      build: id,
      retention: 'standard',
    });
    await home.step();
    expect(await home.result(id)).toMatchObject({
      exit_code: 3,
      state: 'quarantined',
      manifest_path: null,
      stderr: expect.stringContaining(key) as string,
      classification: { rule: 'CHAIN_BROKEN', evidence: [key] },
    });
    expect(await home.document(key)).toEqual({});
    expect((await home.ports.records.readBuilder(base))?.newest).toBeNull();
  });

  it('is finished by another version of the program after a crash: what was written first stands, and what was promised holds', async () => {
    const id = await handedOver();
    const create = home.ports.objects.create.bind(home.ports.objects);
    home.ports.objects.create = async (key, ...rest) => {
      const created = await create(key, ...rest);
      if (key.includes('/results/')) throw new Error('the process died');
      return created;
    };
    await expect(home.step()).rejects.toThrow('the process died');
    home.ports.objects.create = create;
    const [log] = (await home.ports.objects.list('state/packer/logs/', { limit: 10 })).items;
    const before = await home.ports.objects.read(log ?? '', { bytes: 1_000_000 });
    const later = {
      ...home.ports,
      compression: {
        ...home.ports.compression,
        async *compressing(content: AsyncIterable<Uint8Array>) {
          yield gzipSync(await buffer(content), { level: 1, memLevel: 1 });
        },
      },
    };
    const policy = { default: 'short', classes: { short: { days: 1 } } };
    await advance(later, { ...config, retention: policy }, base);
    expect(await home.build(id)).toMatchObject({ state: 'succeeded', settled_at: expect.any(String) as string });
    expect(await home.ports.objects.read(log ?? '', { bytes: 1_000_000 })).toEqual(before);
    expect(before.state === 'read' ? before.content.length : 0).toBe((await home.build(id)).attempts[0]?.outcome?.log?.size);
    expect((await home.summary(id)).retention).toMatchObject({
      class: 'standard',
      days: 365,
      policy_digest: digestOfJson(config.retention),
    });
  });

  it('without inputs is no success, whatever the attempt says', async () => {
    const id = await home.accepted();
    await home.step();
    await home.handOver(id, { fingerprint: null, inputs: [] });
    home.service.end('SUCCEEDED');
    await home.step();
    expect(await home.result(id)).toMatchObject({ exit_code: 3, state: 'quarantined', classification: { rule: 'HANDOVER_INVALID' } });
  });

  it.each([
    ['ended before it began', '2026-11-22T10:01:00.000Z', '2026-11-22T10:00:59.000Z'],
    ['began long before its run', '2026-11-21T10:00:00.000Z', '2026-11-22T10:00:59.000Z'],
    ['ended long after its run', '2026-11-22T10:00:00.000Z', '9998-01-01T00:00:00.000Z'],
  ])('that says that it %s is no success', async (_, started_at, finished_at) => {
    const id = await home.accepted();
    await home.step();
    await home.handOver(id, { started_at, finished_at });
    home.service.end('SUCCEEDED');
    await home.step();
    expect(await home.result(id)).toMatchObject({ exit_code: 3, classification: { rule: 'HANDOVER_INVALID' } });
  });
});

describe('another object in the place of one that a build leaves', () => {
  it.each([
    'state/packer/results/base/ID.json',
    'state/packer/logs/base/ID.json',
    'state/packer/logs/base/ID/1.log.gz',
    'state/packer/scrub/base/ID/1.json',
  ])('%s is never passed over: the build goes on when it is gone from there', async (pattern) => {
    const id = await handedOver();
    const key = pattern.replace('ID', id);
    await home.ports.objects.create(key, new TextEncoder().encode('{}'), {
      kind: 'result',
      builder: base,
      build: buildIdOf(99),
      retention: 'standard',
    });
    await expect(home.step()).rejects.toThrow(`${key} is there already`);
    expect(await home.build(id)).toMatchObject({ state: 'running' });
    await rm(join(home.home, key));
    await home.step();
    expect(await home.result(id)).toMatchObject({ state: 'succeeded' });
  });
});

describe('a stop without a report', () => {
  it('names who asked for it', async () => {
    const id = await home.accepted();
    await home.step();
    await stopBuild(home.ports, id, 'ops');
    home.service.end('STOPPED');
    await home.step();
    expect(await home.result(id)).toMatchObject({ state: 'stopped', classification: { rule: 'STOPPED', reason: 'stopped by ops' } });
  });
});

describe('what was handed over', () => {
  it('is told in a result of bounded size', async () => {
    const id = await home.accepted();
    await home.step();
    const evidence = Array.from({ length: 100 }, (_, number) => `${number} ${'ü'.repeat(1000)}`);
    await home.handOver(id, { packer: null, failure: { rule: 'PACKER_INVALID', message: 'no', remedy: 'mend it', evidence } });
    home.service.end('FAILED');
    await home.step();
    const { stderr } = await home.result(id);
    expect(new TextEncoder().encode(stderr).length).toBeLessThanOrEqual(64 * 1024);
    expect(stderr.split('\n').at(-1)).toBe('mend it');
  });

  it('is kept whole in the objects and shortened in the record where it names more artifacts than a record holds', async () => {
    const recorded = Array.from({ length: 2000 }, (_, n) => ({
      id: `us-east-1:ami-${n}`,
      type: 'amazon-ebs',
      builder_id: null,
      name: `target-${n}`,
      files: [`out/${n}`],
    }));
    const id = await home.accepted();
    await home.step();
    await home.handOver(id, { recorded });
    home.service.end('SUCCEEDED');
    await home.step();
    const build = await home.build(id);
    const { artifacts } = HashManifest.parse(await home.document(build.manifest?.path ?? ''));
    expect(artifacts.slice(1)).toEqual(recorded);
    expect((await home.result(id)).artifacts).toEqual(artifacts);
    expect((await home.summary(id)).artifacts).toEqual(artifacts);
    const outcome = build.attempts[0]?.outcome;
    expect(outcome?.artifacts_shortened).toBe(true);
    expect(outcome?.artifacts.length).toBeGreaterThan(100);
    expect(outcome?.artifacts).toEqual(artifacts.slice(0, outcome?.artifacts.length).map((artifact) => ({ ...artifact, files: [] })));
    expect(Buffer.byteLength(JSON.stringify(outcome?.artifacts))).toBeLessThanOrEqual(32 * 1024);
  });

  it('passes the redaction on this side: log, command, artifacts and what own checks said; all of it is in the scrub manifest', async () => {
    const id = await home.accepted();
    await home.step();
    const secret = 'https://user:s3cr3t-pa55word@example.org/';
    const artifact = { id: secret, type: 'file', builder_id: null, name: 'image', files: [secret] };
    await home.handOver(
      id,
      {
        command: `packer build ${secret}`,
        recorded: [artifact],
        failure: { rule: 'INPUTS_CHANGED', message: secret, remedy: secret, evidence: [secret] },
      },
      [`1795378213,,ui,say,cloning ${secret}`, '1795378213,,ui,say,the key is AKIA\u001b[0mQ3EGRZ7N2JXWT5LV', ...successLog],
    );
    home.service.end('FAILED');
    await home.step();
    const build = await home.build(id);
    const log = await home.ports.objects.read(build.attempts[0]?.outcome?.log?.path ?? '', { bytes: 1_000_000 });
    const texts = [await home.result(id), await home.summary(id), build, await home.document('state/packer/logs/base.json')].map(
      (document) => JSON.stringify(document),
    );
    texts.push(
      log.state === 'read' ? new TextDecoder().decode(home.ports.compression.expand(log.content, { bytes: 1_000_000 })) : log.state,
    );
    for (const text of texts) expect(text).not.toContain('s3cr3t');
    expect(texts.at(-1)).toContain('cloning https://user:[REDACTED:');
    expect(texts.at(-1)).toContain('the key is [REDACTED:');
    const scrub = await home.document(build.attempts[0]?.outcome?.scrub_manifest_path ?? '');
    expect(scrub).toMatchObject({ files: [{ file: 'packer.log, on receipt' }, { file: 'report.json, on receipt' }] });
    expect(build.attempts[0]?.outcome?.redactions).toBe(8);
  });

  it('is judged from the log, not from what the attempt says: a denied call is a violation', async () => {
    const id = await home.accepted();
    await home.step();
    await home.handOver(id, {}, [
      '1795378213,amazon-ebs.x,error,Error launching source instance: UnauthorizedOperation: You are not authorized to perform this operation.\\n\\tstatus code: 403%!(PACKER_COMMA) request id: 1',
      ...successLog,
    ]);
    home.service.end('SUCCEEDED');
    await home.step();
    expect(await home.result(id)).toMatchObject({ exit_code: 3, state: 'quarantined' });
  });

  it('by the first attempt is gone when the retry waits', async () => {
    const id = await home.accepted();
    await home.step();
    await home.handOver(id, { packer: { exit_code: 1, signal: null }, interrupted: 'signal' }, [
      '1795378213,,ui,error,Cancelling build after receiving terminated',
    ]);
    home.service.end('FAILED');
    await home.step();
    expect(await home.build(id)).toMatchObject({
      state: 'retrying',
      decision: null,
      attempts: [{ outcome: { verdict: { exit_code: 2 } } }],
    });
    expect((await home.ports.objects.list('incoming/', { limit: 10 })).items).toEqual([]);
  });
});

describe('two that complete the same attempt at once', () => {
  it('agree, though one of them finds the handover half gone', async () => {
    const id = await handedOver();
    beforeReading('incoming/run-1/packer.log.gz', async () => void (await home.step()));
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'succeeded', manifest: { path: `artifacts/base/${id}.hash.json` } });
    expect(await home.result(id)).toMatchObject({ state: 'succeeded', exit_code: 0 });
    expect(await home.document('state/packer/logs/base.json')).toMatchObject({ build_id: id, state: 'succeeded' });
  });

  it('agree, though one of them finds the handover half gone when the end is decided already', async () => {
    const id = await handedOver();
    const create = home.ports.objects.create.bind(home.ports.objects);
    home.ports.objects.create = () => Promise.reject(new Error('killed'));
    await expect(home.step()).rejects.toThrow('killed');
    home.ports.objects.create = create;
    beforeReading('incoming/run-1/packer.log.gz', async () => void (await home.step()));
    await home.step();
    expect(await home.result(id)).toMatchObject({ state: 'succeeded', exit_code: 0 });
    expect(await home.build(id)).toMatchObject({ state: 'succeeded' });
  });

  it('agree on the redaction ids, so that both write the same log', async () => {
    const id = await home.accepted();
    await home.step();
    await home.handOver(id, {}, ['1795378213,,ui,say,https://user:s3cr3t-pa55word@example.org/', ...successLog]);
    home.service.end('SUCCEEDED');
    const [stale, builder] = [await home.build(id), await home.ports.records.readBuilder(base)];
    if (builder === undefined) throw new Error('the builder is known');
    // The first crashes when its log stands, the second goes on from what is decided.
    const create = home.ports.objects.create.bind(home.ports.objects);
    home.ports.objects.create = async (key, content, tags) => {
      if (key.endsWith('.hash.json')) throw new Error('killed');
      return create(key, content, tags);
    };
    await expect(completeAttempt(home.ports, config, stale, builder, undefined)).rejects.toThrow('killed');
    home.ports.objects.create = create;
    home.pass(60_000);
    await home.step();
    expect(await home.result(id)).toMatchObject({ state: 'succeeded', finished_at: '2026-11-22T10:00:00.000Z' });
  });
});

describe('a crash at any effect', () => {
  it('is made good by the next command, and leaves one chain, one result and no open build', { timeout: 60_000 }, async () => {
    for (let crash = 1, ended = false; !ended; crash += 1) {
      // Each crash needs a fresh dispatcher, one after the other.
      ended = await survives(crash);
    }
  });

  /** Runs a transient failure and its healed retry with a crash at the n-th write. @returns whether there were fewer writes. */
  async function survives(crash: number): Promise<boolean> {
    const here = await dispatcher();
    home = here;
    let writes = 0;
    const crashing = <Arguments extends unknown[], Answer>(write: (...arguments_: Arguments) => Promise<Answer>) => {
      return async (...arguments_: Arguments): Promise<Answer> => {
        writes += 1;
        if (writes === crash) throw new Error(`crash ${crash} before`);
        const answer = await write(...arguments_);
        writes += 1;
        if (writes === crash) throw new Error(`crash ${crash} after`);
        return answer;
      };
    };
    const objects: Objects & LongObjects = here.ports.objects;
    objects.create = crashing(objects.create.bind(objects));
    objects.createFrom = crashing(objects.createFrom.bind(objects));
    objects.replace = crashing(objects.replace.bind(objects));
    objects.removeRun = crashing(objects.removeRun.bind(objects));
    here.ports.records.commit = crashing(here.ports.records.commit.bind(here.ports.records));
    here.service.start = crashing(here.service.start.bind(here.service));
    const tolerant = async () => {
      try {
        await here.step();
      } catch (cause) {
        if (!String(cause).includes('crash')) throw cause;
      }
    };

    let id: BuildId | undefined;
    try {
      id = await here.accepted();
    } catch (cause) {
      if (!String(cause).includes('crash')) throw cause;
      id = (await here.ports.records.listBuilds(base, { limit: 1 })).items[0]?.build_id ?? (await here.accepted());
    }
    for (let tick = 0; tick < 40; tick += 1) {
      const build = await here.build(id);
      const attempt = build.attempts.at(-1);
      if (
        build.state === 'running' &&
        attempt?.run !== undefined &&
        attempt.run !== null &&
        build.decision === null &&
        (await here.ports.buildService.look([attempt.run]))[0]?.status === 'IN_PROGRESS'
      ) {
        if (attempt.attempt === 2) await here.handOver(id);
        here.service.end(attempt.attempt === 1 ? 'FAULT' : 'SUCCEEDED');
      }
      await tolerant();
      here.pass(30_000);
    }
    await reconcile(here.ports, config);
    const build = await here.build(id);
    expect(build, `crash ${crash}`).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }, { attempt: 2 }] });
    expect(await here.result(id)).toMatchObject({ state: 'succeeded', exit_code: 0, attempt: 2, finished_at: build.finished_at });
    expect(await here.document('state/packer/logs/base.json')).toEqual(await here.summary(id));
    expect(HashManifest.parse(await here.document('artifacts/base.hash.json'))).toMatchObject({
      sequence: 1,
      previous: null,
      build_id: id,
    });
    expect(new Set(here.service.asked.map((request) => request.token)).size).toBe(2);
    expect((await here.ports.records.listOpenBuilds({ limit: 10 })).items).toEqual([]);
    expect(await here.ports.records.readBuilder(base)).toMatchObject({ current: null, queue: [], last: id });
    return writes < crash;
  }
});

describe('a stop that comes when the end is decided', () => {
  it('is too late, and changes nothing', async () => {
    const id = await handedOver();
    const create = home.ports.objects.create.bind(home.ports.objects);
    home.ports.objects.create = () => Promise.reject(new Error('killed'));
    await expect(home.step()).rejects.toThrow('killed');
    home.ports.objects.create = create;
    await stopBuild(home.ports, id, 'ops');
    expect((await home.build(id)).stop).toBeNull();
    await home.step();
    expect(await home.result(id)).toMatchObject({ state: 'succeeded' });
  });
});

describe('the newest-of pointers', () => {
  it('are not set back by one that settles late', async () => {
    const first = await handedOver();
    const replace = home.ports.objects.replace.bind(home.ports.objects);
    let second: BuildId | undefined;
    home.ports.objects.replace = async (key, content, tags, standing) => {
      home.ports.objects.replace = replace;
      second = await succeeded();
      // The first one is held up until now, writes, and never does anything again.
      await replace(key, content, tags, standing);
      throw new Error('the process died');
    };
    await expect(home.step()).rejects.toThrow('the process died');
    await reconcile(home.ports, config);
    expect(second).toBeDefined();
    expect(await home.document('artifacts/base.hash.json')).toMatchObject({ build_id: second, sequence: 2 });
    expect(await home.document('state/packer/logs/base.json')).toMatchObject({ build_id: second });
    expect(await home.build(first)).toMatchObject({ state: 'succeeded', settled_at: expect.any(String) as string });
  });
});

describe('a sweep', () => {
  it('goes on with the other builders when one cannot be gone on with, and says which', async () => {
    const [bad, good] = [await home.accepted(base), await home.accepted(other)];
    const readBuild = home.ports.records.readBuild.bind(home.ports.records);
    home.ports.records.readBuild = async (id) => {
      if (id === bad) throw new Error('the record is damaged');
      return readBuild(id);
    };
    const { open, problems } = await reconcile(home.ports, config);
    expect({ open, problems: problems.map((problem) => sweepProblemText(problem)) }).toEqual({
      open: 2,
      problems: [`build ${bad}: the record is damaged`, 'builder base: the record is damaged'],
    });
    expect(await home.build(good)).toMatchObject({ state: 'running', attempts: [{ run: runNamed('run-1') }] });
  });

  it('looks at each run under way, and reads nothing of builds that are done', async () => {
    const many = Config.parse({
      version: 1,
      builders: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`b${n}`, { template: 'x' }])),
    });
    for (let done = 0; done < 3; done += 1) {
      const id = await home.accepted();
      await stopBuild(home.ports, id, 'ops');
      await home.step();
    }
    for (let n = 0; n < 101; n += 1) {
      const asked = await dispatch(home.ports, many, { request: { builder: `b${n}` }, command: 'x', by: 'tester' });
      if (!asked.ok) throw new Error(asked.failure.message);
    }
    expect((await reconcile(home.ports, many)).problems).toEqual([]);
    const looks: number[] = [];
    const look = home.service.look.bind(home.service);
    home.service.look = (runs) => {
      looks.push(runs.length);
      return look(runs);
    };
    const read: string[] = [];
    const readBuild = home.ports.records.readBuild.bind(home.ports.records);
    home.ports.records.readBuild = (id) => {
      read.push(id);
      return readBuild(id);
    };
    expect((await reconcile(home.ports, many)).problems).toEqual([]);
    expect(looks).toEqual(Array.from({ length: 101 }, () => 1));
    expect(new Set(read).size).toBe(101);
    expect(read).toHaveLength(202);
  });

  it('completes a run whose end was never reported', async () => {
    const id = await handedOver();
    expect((await reconcile(home.ports, config)).problems).toEqual([]);
    expect((await home.build(id)).state).toBe('succeeded');
  });
});
