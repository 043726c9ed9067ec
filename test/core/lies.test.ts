import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { advance } from '../../core/advance.ts';
import { absencePatience } from '../../core/complete.ts';
import { Config } from '../../core/config.ts';
import { keys } from '../../core/contract/keys.ts';
import { handoverLimits } from '../../core/handed-over.ts';
import { fingerprintOf, toolInput } from '../../core/fingerprint.ts';
import { type BuildId, type RunId, timestamp } from '../../core/identity.ts';
import { mergeArtifacts } from '../../core/packer-log/packer-run.ts';
import { type ArtifactsFound } from '../../core/ports.ts';
import { type Dispatcher, base, dispatcher, inputsFingerprint } from '../fixtures/dispatcher.ts';
import { endlessLog } from '../fixtures/endless-log.ts';

let home: Dispatcher;

beforeEach(async () => {
  home = await dispatcher();
});

async function started(): Promise<BuildId> {
  const id = await home.accepted();
  await home.step();
  return id;
}

async function ended(): Promise<void> {
  home.service.end('SUCCEEDED');
  await home.step();
}

const otherInputs = [toolInput('packer', '6.6.6')];
const image = { id: 'us-east-1:ami-0123456789abcdef0', type: 'amazon-ebs', builder_id: 'mitchellh.amazonebs', name: 'x', files: [] };
const write = (run: RunId, part: 'report' | 'log' | 'scrubManifest', content: string | Uint8Array) =>
  writeFile(join(home.home, keys.incoming(run)[part]), content);

/** Artifacts that do not hold. */
function unconfirmed(state: 'absent' | 'false', message: string): ArtifactsFound {
  return { state, failure: { rule: 'ARTIFACT_UNCONFIRMED', message, remedy: 'look', evidence: [message] } };
}

/** An option among the inputs, of a value as it is spelled out. */
const option = (value: string) => `{"kind":"option","name":"x","digest":"sha256:${'0'.repeat(64)}","value":${value}}`;

/** Hands over a report in which a text was put in the place of another. */
async function forged(id: BuildId, text: string, instead: string): Promise<void> {
  const run = await home.handOver(id);
  const report = JSON.stringify(await home.document(keys.incoming(run).report));
  expect(report).toContain(text);
  await write(
    run,
    'report',
    report.replace(text, () => instead),
  );
}

describe('an attempt that lies', () => {
  const lies: readonly (readonly [string, (id: BuildId) => Promise<unknown>, string, RegExp])[] = [
    [
      'about its builder',
      async (id) => home.handOver(id, { builder: 'other' as typeof base }),
      'HANDOVER_INVALID',
      /speaks of the builder other, but this is base/,
    ],
    [
      'about its fingerprint, where the source is known',
      async (id) => home.handOver(id, { inputs: otherInputs, fingerprint: fingerprintOf(otherInputs) }),
      'HANDOVER_INVALID',
      new RegExp(`fingerprint ${fingerprintOf(otherInputs)}, but those of the deployed source have ${inputsFingerprint}`),
    ],
    [
      'about its fingerprint in a failure',
      async (id) =>
        home.handOver(id, { inputs: otherInputs, fingerprint: fingerprintOf(otherInputs), packer: { exit_code: 1, signal: null } }),
      'HANDOVER_INVALID',
      /those of the deployed source/,
    ],
    [
      'about inputs that do not give its fingerprint',
      async (id) => home.handOver(id, { inputs: otherInputs }),
      'HANDOVER_INVALID',
      /fingerprint that its own inputs do not give/,
    ],
    [
      'about its image',
      async (id) => home.handOver(id, { recorded: [image] }),
      'ARTIFACT_UNCONFIRMED',
      /ami-0123456789abcdef0 is not there/,
    ],
    [
      'about its log, which is none',
      async (id) => write(await home.handOver(id), 'log', 'everything went well'),
      'HANDOVER_INVALID',
      /packer\.log\.gz is no gzip/,
    ],
    [
      'about the size of its log, which expands without end',
      async (id) => write(await home.handOver(id), 'log', endlessLog(handoverLimits.expandedLog)),
      'HANDOVER_INVALID',
      new RegExp(`holds more than ${handoverLimits.expandedLog} bytes`),
    ],
    [
      'with a report that no attempt could be so long',
      async (id) => write(await home.handOver(id), 'report', Buffer.alloc(handoverLimits.report + 1, ' ')),
      'HANDOVER_INVALID',
      new RegExp(`report\\.json has ${handoverLimits.report + 1} bytes`),
    ],
    [
      'with half a character, which no document could hold',
      (id) => forged(id, '"packer build base"', String.raw`"\ud83d"`),
      'HANDOVER_INVALID',
      /report\.json is no JSON/,
    ],
    [
      'with a number that has no end',
      (id) => forged(id, '"inputs":[', `"inputs":[${option('1e999')},`),
      'HANDOVER_INVALID',
      /report\.json is no JSON/,
    ],
    [
      'with lists within lists, deeper than anybody can go',
      (id) => forged(id, '"inputs":[', `"inputs":[${option(`${'['.repeat(2500)}${']'.repeat(2500)}`)},`),
      'HANDOVER_INVALID',
      /report\.json is nested deeper than 128 levels/,
    ],
  ];

  it.each(lies)('%s is quarantined: the verdict names the lie, and nothing is sealed', async (_, lie, rule, named) => {
    home.ports.deployedSource.fingerprint = async () => inputsFingerprint;
    home.ports.artifactCheck.look = async (artifacts) =>
      artifacts.some(({ id }) => id === image.id) ? unconfirmed('false', `${image.id} is not there`) : { state: 'there' };
    const id = await started();
    await lie(id);
    await ended();
    const result = await home.result(id);
    expect(result).toMatchObject({ exit_code: 3, state: 'quarantined', manifest_path: null, artifacts: [], fingerprint: null });
    expect(result.classification).toMatchObject({ rule, evidence: [expect.stringMatching(named) as string] });
    expect(result.stderr).toMatch(named);
    expect((await home.ports.objects.list('artifacts/', { limit: 10 })).items).toEqual([]);
    expect(await home.ports.records.readBuilder(base)).toMatchObject({ newest: null, quarantine: { rule } });
    expect(home.notices.map((notice) => notice.key)).toEqual([`${id}:quarantined`]);
  });
});

describe('what an attempt claims to have made', () => {
  it('is asked about with the time at which the attempt was intended, and only where all else is a success', async () => {
    const asked: unknown[] = [];
    home.ports.artifactCheck.look = async (artifacts, made) => {
      asked.push([artifacts.map(({ id }) => id), made]);
      return { state: 'there' };
    };
    const failed = await started();
    await home.handOver(failed, { failure: { rule: 'INPUTS_CHANGED', message: 'changed', remedy: 'again' } });
    await ended();
    expect(asked).toEqual([]);
    home.pass(60_000);
    const id = await started();
    await home.handOver(id);
    await ended();
    expect((await home.build(id)).state).toBe('succeeded');
    expect(asked).toEqual([[['File'], { after: Date.parse('2026-11-22T10:01:00.000Z'), accounts: [] }]]);
  });

  it('leaves the build as it is while it cannot be known', async () => {
    const id = await started();
    await home.handOver(id);
    home.service.end('SUCCEEDED');
    home.ports.artifactCheck.look = () => Promise.reject(new Error('throttled'));
    await expect(home.step()).rejects.toThrow('throttled');
    expect(await home.build(id)).toMatchObject({ state: 'running', decision: null });
    home.ports.artifactCheck.look = async () => ({ state: 'there' });
    await home.step();
    expect((await home.build(id)).state).toBe('succeeded');
  });

  it('is not asked about again once the end is decided', async () => {
    const id = await started();
    await home.handOver(id);
    home.service.end('SUCCEEDED');
    home.ports.artifactCheck.look = async () => unconfirmed('false', 'not there');
    const create = home.ports.objects.create.bind(home.ports.objects);
    home.ports.objects.create = () => Promise.reject(new Error('killed'));
    await expect(home.step()).rejects.toThrow('killed');
    home.ports.objects.create = create;
    home.ports.artifactCheck.look = () => Promise.reject(new Error('asked again'));
    await home.step();
    expect(await home.result(id)).toMatchObject({ state: 'quarantined', classification: { rule: 'ARTIFACT_UNCONFIRMED' } });
    expect((await home.build(id)).attempts[0]?.outcome).toMatchObject({ verdict: { exit_code: 3 }, artifacts: [], fingerprint: null });
  });
});

describe('an image that does not show', () => {
  const minute = 60_000;
  const looks: number[] = [];
  const absent = async () => {
    looks.push(home.ports.clock.now());
    return unconfirmed('absent', `${image.id} does not show`);
  };
  /** A success whose run has ended now, and whose image EC2 does not show. */
  const claimed = async () => {
    looks.length = 0;
    const id = await started();
    home.pass(20 * minute);
    await home.handOver(id);
    home.service.end('SUCCEEDED');
    home.service.show({ finished_at: timestamp(home.ports.clock.now()) });
    home.ports.artifactCheck.look = absent;
    return id;
  };

  it('is no verdict as long as it may be on its way, and its run is completed when it shows', async () => {
    const id = await claimed();
    expect(await home.step()).toEqual({ until: home.ports.clock.now() + 15_000, ours: true });
    expect(await home.build(id)).toMatchObject({ state: 'running', decision: null, attempts: [{ outcome: null }] });
    home.pass(9 * minute);
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'running', decision: null });
    home.ports.artifactCheck.look = async () => ({ state: 'there' });
    expect(await home.step()).toBeUndefined();
    expect(await home.result(id)).toMatchObject({ state: 'succeeded', exit_code: 0 });
  });

  it('is looked for at longer and longer pauses, which end with the patience', async () => {
    await claimed();
    const ended = home.ports.clock.now();
    for (let wait = await home.step(); wait !== undefined; wait = await home.step()) home.pass(wait.until - home.ports.clock.now());
    expect(looks.map((at) => (at - ended) / 1000)).toEqual([0, 15, 30, 60, 120, 240, 480, 600]);
  });

  it('is a violation once its run has ended long enough ago', async () => {
    const id = await claimed();
    home.pass(absencePatience - 1);
    await home.step();
    expect((await home.build(id)).state).toBe('running');
    home.pass(1);
    await home.step();
    expect(await home.result(id)).toMatchObject({
      state: 'quarantined',
      exit_code: 3,
      classification: { rule: 'ARTIFACT_UNCONFIRMED', reason: `${image.id} does not show` },
    });
  });

  it('keeps nobody waiting for what time does not heal', async () => {
    const id = await claimed();
    home.ports.artifactCheck.look = async () => unconfirmed('false', `${image.id} was there before`);
    await home.step();
    expect(await home.result(id)).toMatchObject({ state: 'quarantined', classification: { reason: `${image.id} was there before` } });
  });

  it('of a run that the build service has forgotten is waited for as long as that could have run, whatever it says itself', async () => {
    const id = await claimed();
    await home.handOver(id, { finished_at: '2030-01-01T00:00:00.000Z' });
    home.service.look = async () => [];
    await home.step();
    const { started_at: at, time_limit: limit } = (await home.build(id)).attempts[0] ?? {};
    home.pass(Date.parse(at ?? '') + (limit ?? 0) + absencePatience - home.ports.clock.now() - 1);
    await home.step();
    expect((await home.build(id)).state).toBe('running');
    home.pass(1);
    await home.step();
    expect((await home.build(id)).state).toBe('quarantined');
  });

  it('may belong to the accounts that its builder names', async () => {
    const asked: unknown[] = [];
    home.ports.artifactCheck.look = async (_, { accounts }) => {
      asked.push(accounts);
      return { state: 'there' };
    };
    const named = Config.parse({
      version: 1,
      builders: { base: { template: 'base', variables: ['n'], aws: { image_accounts: ['210987654321'] } } },
    });
    const id = await started();
    await home.handOver(id);
    home.service.end('SUCCEEDED');
    await advance(home.ports, named, base);
    expect(asked).toEqual([['210987654321']]);
  });
});

describe('an attempt of a source that the dispatcher knows', () => {
  it('is told the fingerprint, and is believed where it says the same', async () => {
    home.ports.deployedSource.fingerprint = async (builder, variables) => (builder === base && 'n' in variables ? inputsFingerprint : null);
    const id = await started();
    expect(home.service.asked[0]?.environment).toMatchObject({ HYBRIDCORE_EXPECTED: inputsFingerprint });
    await home.handOver(id);
    await ended();
    expect(await home.build(id)).toMatchObject({ state: 'succeeded', attempts: [{ expected: inputsFingerprint }] });
  });

  it('that met another one and left packer alone is a config error, and no liar', async () => {
    home.ports.deployedSource.fingerprint = async () => inputsFingerprint;
    const id = await started();
    const failure = { rule: 'SOURCE_DIFFERS', message: 'other inputs', remedy: 'deploy them' } as const;
    await home.handOver(id, { packer: null, fingerprint: null, inputs: [], failure });
    await ended();
    expect(await home.result(id)).toMatchObject({ exit_code: 1, state: 'failed', classification: { rule: 'SOURCE_DIFFERS' } });
  });
});

describe('what a decision rests on', () => {
  /** Decides the end of a build, and is killed before anything is written that follows from it. */
  async function decided(): Promise<{ readonly id: BuildId; readonly run: RunId }> {
    const id = await started();
    const run = await home.handOver(id);
    home.service.end('SUCCEEDED');
    const createFrom = home.ports.objects.createFrom.bind(home.ports.objects);
    home.ports.objects.createFrom = () => Promise.reject(new Error('killed'));
    await expect(home.step()).rejects.toThrow('killed');
    home.ports.objects.createFrom = createFrom;
    return { id, run };
  }

  it('is kept with its versions, and just those are read by who carries it out', async () => {
    const read = home.ports.objects.read.bind(home.ports.objects);
    const asked: string[] = [];
    home.ports.objects.read = async (key, { bytes, version }) => {
      if (version !== undefined) asked.push(`${key} ${version}`);
      const found = await read(key, { bytes });
      return found.state === 'read' && key.startsWith('incoming/') ? { ...found, version: `version of ${key}` } : found;
    };
    const open = home.ports.objects.open.bind(home.ports.objects);
    home.ports.objects.open = async (key, { bytes, version }) => {
      if (version !== undefined) asked.push(`${key} ${version}`);
      const found = await open(key, { bytes });
      return found.state === 'open' ? { ...found, version: `version of ${key}` } : found;
    };
    const { id, run } = await decided();
    const at = keys.incoming(run);
    expect((await home.build(id)).decision?.rests_on).toEqual({
      report: { version: `version of ${at.report}` },
      scrub_manifest: { version: `version of ${at.scrubManifest}` },
      log: { version: `version of ${at.log}` },
    });
    // The log is read a second time once it is decided, since memory does not hold it.
    expect(asked).toEqual([`${at.log} version of ${at.log}`]);
    await home.step();
    expect(asked.slice(1)).toEqual([at.report, at.scrubManifest, at.log, at.log].map((key) => `${key} version of ${key}`));
    expect((await home.build(id)).state).toBe('succeeded');
  });

  it('does not grow: what was not there when the end was decided is not read later', async () => {
    const id = await started();
    home.service.end('FAULT');
    const commit = home.ports.records.commit.bind(home.ports.records);
    let commits = 0;
    home.ports.records.commit = (writes) => ((commits += 1) === 2 ? Promise.reject(new Error('killed')) : commit(writes));
    await expect(home.step()).rejects.toThrow('killed');
    home.ports.records.commit = commit;
    expect(await home.build(id)).toMatchObject({ decision: { event: 'transient', rests_on: null } });
    await home.handOver(id);
    await home.step();
    expect(await home.build(id)).toMatchObject({ state: 'retrying', attempts: [{ outcome: { verdict: { exit_code: 2 }, log: null } }] });
  });

  it('and is gone, though a success rests on it, is a violation: nothing is sealed', async () => {
    const { id, run } = await decided();
    await home.ports.objects.removeRun(run);
    await home.step();
    expect(await home.result(id)).toMatchObject({
      exit_code: 3,
      state: 'quarantined',
      manifest_path: null,
      classification: { rule: 'HANDOVER_INVALID', reason: expect.stringContaining('is not there any more') as string },
    });
    expect((await home.build(id)).attempts[0]?.outcome?.verdict.classification.rule).toBe('SUCCESS');
  });
});

describe('what an attempt says beyond all measure', () => {
  it('of its redactions keeps no build from its end', async () => {
    const id = await started();
    const run = await home.handOver(id);
    const actions = [1, 2].map((line) => ({ rule: 'X', id: null, count: Number.MAX_SAFE_INTEGER, line, column: 1 }));
    const digest = 'f'.repeat(64);
    const file = {
      file: 'packer.log',
      lines: 1,
      bytes_before: 1,
      bytes_after: 1,
      digest_before: `hmac-sha256:${digest}`,
      digest_after: `sha256:${digest}`,
      aggregated: false,
      actions,
    };
    const scrub = await home.document(keys.incoming(run).scrubManifest);
    await write(run, 'scrubManifest', JSON.stringify({ ...(scrub as object), files: [file] }));
    await ended();
    expect(await home.build(id)).toMatchObject({ state: 'succeeded', attempts: [{ outcome: { redactions: Number.MAX_SAFE_INTEGER } }] });
  });

  it('of its artifacts takes no time that others would miss', () => {
    const files = Array.from({ length: 500 }, (_, n) => `out/${n}`);
    const artifacts = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ ...image, files: [...files, `${from + n}`] }));
    const merged = mergeArtifacts(artifacts(0, 200), artifacts(100, 2000));
    expect(merged).toHaveLength(2100);
  });
});
