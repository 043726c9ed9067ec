import { beforeEach, describe, expect, it } from 'vitest';

import { digestOf } from '../../core/digest.ts';
import { type BuildId } from '../../core/identity.ts';
import { type Dispatcher, base, dispatcher, inputsFingerprint as fingerprint } from '../fixtures/dispatcher.ts';

let home: Dispatcher;

beforeEach(async () => {
  home = await dispatcher();
});

const day = 86_400_000;
const other = `sha256:${'0'.repeat(64)}`;

async function asked(changes: object): Promise<BuildId> {
  const answer = await home.ask(base, changes);
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value.build.build_id;
}

async function succeeded(changes: object = {}): Promise<BuildId> {
  const id = await asked(changes);
  await home.step();
  await home.handOver(id);
  home.service.end('SUCCEEDED');
  await home.step();
  return id;
}

describe('a request for a build only if something changed', () => {
  it('whose fingerprint is that of the newest manifest is skipped at once: nothing starts, and the manifest is named', async () => {
    const sealed = await succeeded();
    const id = await asked({ only_if_changed: true, fingerprint });
    await home.step();
    expect(await home.result(id)).toMatchObject({
      exit_code: 0,
      state: 'skipped',
      attempt: 0,
      stderr: '',
      fingerprint,
      artifacts: [],
      manifest_path: `artifacts/base/${sealed}.hash.json`,
      classification: { rule: 'UNCHANGED', evidence: [expect.stringContaining(sealed) as string] },
    });
    expect(await home.build(id)).toMatchObject({ manifest: null, decision: { unchanged: { build_id: sealed } } });
    expect(await home.summary(id)).toMatchObject({ state: 'skipped', exit_code: 0 });
    expect(home.service.asked).toHaveLength(1);
    expect(await home.document('artifacts/base.hash.json')).toMatchObject({ build_id: sealed, sequence: 1 });
  });

  it.each([
    ['has another fingerprint', { fingerprint: other }],
    ['has changed variables', { fingerprint, variables: { n: '1' } }],
  ])('starts where it %s', async (_, changes) => {
    await succeeded();
    const id = await asked({ only_if_changed: true, ...changes });
    await home.step();
    expect((await home.build(id)).state).toBe('running');
  });

  it('starts where there is no manifest yet', async () => {
    const id = await asked({ only_if_changed: true, fingerprint });
    await home.step();
    expect((await home.build(id)).state).toBe('running');
  });

  it('is held against the newest manifest of equal variables, not against the newest of all', async () => {
    const plain = await succeeded();
    await succeeded({ variables: { n: '1' } });
    const id = await asked({ only_if_changed: true, fingerprint });
    await home.step();
    expect(await home.result(id)).toMatchObject({ state: 'skipped', manifest_path: `artifacts/base/${plain}.hash.json` });
  });

  it('starts where the manifest is as old as it may be, and is skipped just before', async () => {
    await succeeded();
    home.pass(30 * day - 1);
    const young = await asked({ only_if_changed: true, max_age: '30d', fingerprint });
    await home.step();
    expect((await home.build(young)).state).toBe('skipped');
    home.pass(1);
    const old = await asked({ only_if_changed: true, max_age: '30d', fingerprint });
    await home.step();
    expect((await home.build(old)).state).toBe('running');
  });

  it('is skipped in the line, without waiting for its turn', async () => {
    await succeeded();
    const running = await home.accepted();
    await home.step();
    const id = await asked({ only_if_changed: true, fingerprint });
    await home.step();
    expect([(await home.build(running)).state, (await home.build(id)).state]).toEqual(['running', 'skipped']);
    expect(await home.ports.records.readBuilder(base)).toMatchObject({ current: running, queue: [] });
  });
});

describe('a request that sends no fingerprint, to a dispatcher that knows the source', () => {
  it('is skipped in the line: nothing starts', async () => {
    const sealed = await succeeded();
    home.ports.deployedSource.fingerprint = async () => fingerprint;
    const id = await asked({ only_if_changed: true });
    await home.step();
    expect(await home.result(id)).toMatchObject({
      state: 'skipped',
      attempt: 0,
      fingerprint,
      manifest_path: `artifacts/base/${sealed}.hash.json`,
    });
    expect(home.announced.at(-1)).toMatchObject({ state: 'skipped', attempts: 0, manifest_path: `artifacts/base/${sealed}.hash.json` });
    expect(home.service.asked).toHaveLength(1);
  });

  it.each([
    ['the source has changed', { only_if_changed: true }, async () => digestOf('another source')],
    ['its variables are not known', { only_if_changed: true }, async () => null],
    ['it is wanted in any case', {}, async () => fingerprint],
  ])('starts where %s', async (_, request, known) => {
    await succeeded();
    home.ports.deployedSource.fingerprint = known;
    const id = await asked(request);
    await home.step();
    expect((await home.build(id)).state).toBe('running');
  });
});

describe('an attempt that is to find out whether something changed', () => {
  async function started(changes: object = {}): Promise<BuildId> {
    const id = await asked({ only_if_changed: true, ...changes });
    await home.step();
    return id;
  }

  it('is told the fingerprint at which packer need not run, and the build is skipped where it found that', async () => {
    const sealed = await succeeded();
    const id = await started();
    expect(home.service.asked.at(-1)?.environment).toMatchObject({ HYBRIDCORE_UNLESS: fingerprint });
    await home.handOver(id, { unchanged: true, packer: null, command: null });
    home.service.end('SUCCEEDED');
    await home.step();
    expect(await home.result(id)).toMatchObject({
      exit_code: 0,
      state: 'skipped',
      attempt: 1,
      fingerprint,
      manifest_path: `artifacts/base/${sealed}.hash.json`,
    });
  });

  it('is told nothing where the build is wanted in any case, or the manifest is too old', async () => {
    await succeeded();
    await home.accepted();
    await home.step();
    expect(home.service.asked.at(-1)?.environment).not.toHaveProperty('HYBRIDCORE_UNLESS');
  });

  it.each([
    ['was not to be skipped', {}, { unchanged: true, packer: null }],
    ['has another fingerprint', { only_if_changed: true }, { unchanged: true, packer: null, fingerprint: null, inputs: [] }],
    ['ran packer', { only_if_changed: true }, { unchanged: true }],
  ])('and claims that nothing changed, though it %s, is a violation', async (_, request, report) => {
    await succeeded();
    const id = await asked(request);
    await home.step();
    await home.handOver(id, report);
    home.service.end('SUCCEEDED');
    await home.step();
    expect(await home.result(id)).toMatchObject({ exit_code: 3, state: 'quarantined', classification: { rule: 'HANDOVER_INVALID' } });
  });
});
