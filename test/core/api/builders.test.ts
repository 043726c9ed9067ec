import { beforeEach, describe, expect, it } from 'vitest';

import { documentText } from '../../../core/document-text.ts';
import { type Api, apiOver } from '../../fixtures/api.ts';
import { type Dispatcher, base, config, dispatcher, inputsFingerprint, other } from '../../fixtures/dispatcher.ts';
import { buildIdOf, builderNamed } from '../../fixtures/records.ts';
import { ended, running, tamper } from '../diag/bundles.ts';

let home: Dispatcher;
let api: Api;

beforeEach(async () => {
  home = await dispatcher();
  api = apiOver(home);
});

interface Page {
  readonly builders: readonly { readonly builder: string }[];
  readonly builds: readonly { readonly build_id: string }[];
  readonly cursor: string | null;
}

async function page(target: string): Promise<Page> {
  return (await api.ask('GET', target)).document as Page;
}

describe('the builders', () => {
  it('are listed by name, with what each is doing', async () => {
    const id = await running(home);
    await home.accepted();
    expect(await page('/builders')).toMatchObject({
      builders: [
        { builder: 'base', current: id, waiting: 1, last: null, quarantine: null },
        { builder: 'other', current: null, waiting: 0 },
      ],
      cursor: null,
    });
  });

  it('come in pages that neither shift nor repeat when a builder is added', async () => {
    const first = await page('/builders?limit=1');
    expect(first.builders.map(({ builder }) => builder)).toEqual(['base']);
    const added = config.builders[base];
    if (added === undefined) throw new Error('base is declared');
    api.dispatcher.config = { ...config, builders: { ...config.builders, [builderNamed('aaa')]: added, [builderNamed('zzz')]: added } };
    const second = await page(`/builders?cursor=${first.cursor}`);
    expect(second.builders.map(({ builder }) => builder)).toEqual(['other', 'zzz']);
    expect(second.cursor).toBeNull();
  });

  it.each(['/builders', '/builders/base/builds'])('are not paged with a cursor of something else: %s', async (target) => {
    for (const cursor of ['x', Buffer.from('["other","x"]').toString('base64url')])
      expect(await api.ask('GET', `${target}?cursor=${cursor}`)).toMatchObject({ status: 400, document: { code: 'REQUEST_INVALID' } });
  });
});

describe('a builder', () => {
  it('says how it is', async () => {
    const id = await running(home);
    await ended(home, id);
    expect((await api.ask('GET', '/builders/base')).document).toMatchObject({
      builder: 'base',
      current: null,
      last: { build_id: id, state: 'succeeded' },
      newest_manifest: { build_id: id },
    });
  });

  it('costs as many reads whatever is recorded', async () => {
    let reads = 0;
    const { records } = home.ports;
    const count =
      <Arguments extends unknown[], Value>(read: (...words: Arguments) => Promise<Value>) =>
      (...words: Arguments) => {
        reads += 1;
        return read(...words);
      };
    api.dispatcher.ports = {
      ...home.ports,
      records: {
        ...records,
        readBuild: count(records.readBuild.bind(records)),
        readBuilder: count(records.readBuilder.bind(records)),
        listBuilds: count(records.listBuilds.bind(records)),
        listChannels: count(records.listChannels.bind(records)),
      },
    };
    const costs: number[] = [];
    for (let builds = 1; builds <= 4; builds += 1) {
      await ended(home, await running(home));
      reads = 0;
      await api.ask('GET', '/builders/base');
      await api.ask('GET', `/builds/${buildIdOf(1)}`);
      costs.push(reads);
    }
    expect(new Set(costs).size).toBe(1);
  });

  it('lists its builds, the newest first, in pages that hold when builds are added', async () => {
    for (let n = 0; n < 3; n += 1) await home.accepted();
    const first = await page('/builders/base/builds?limit=2');
    await home.accepted();
    const second = await page(`/builders/base/builds?limit=2&cursor=${first.cursor}`);
    expect([...first.builds, ...second.builds].map(({ build_id }) => build_id)).toEqual([3, 2, 1].map(buildIdOf));
    expect(second.cursor).toBeNull();
  });

  it.each([
    ['GET', '', undefined],
    ['GET', '/builds', undefined],
    ['GET', '/manifest', undefined],
    ['POST', '/builds', {}],
    ['POST', '/publish', { build: buildIdOf(1) }],
    ['POST', '/quarantine/release', { reason: 'looked' }],
  ])('that is not declared is told so: %s /builders/NAME%s', async (method, rest, body) => {
    expect(await api.ask(method, `/builders/nobody${rest}`, body)).toMatchObject({ status: 404, document: { code: 'BUILDER_UNKNOWN' } });
  });
});

describe('the manifest of a builder', () => {
  it('is the newest, or that of a build', async () => {
    const first = await running(home);
    await ended(home, first);
    const later = await running(home);
    await ended(home, later);
    expect((await api.ask('GET', '/builders/base/manifest')).document).toMatchObject({ build_id: later });
    expect((await api.ask('GET', `/builders/base/manifest?build=${first}`)).document).toEqual(
      await home.document(`artifacts/base/${first}.hash.json`),
    );
  });

  it('is told to be missing where none was sealed', async () => {
    expect(await api.ask('GET', '/builders/base/manifest')).toMatchObject({ status: 404, document: { code: 'MANIFEST_MISSING' } });
    expect(await api.ask('GET', `/builders/base/manifest?build=${buildIdOf(1)}`)).toMatchObject({
      status: 404,
      document: { code: 'MANIFEST_MISSING' },
    });
  });

  it('is evidence where it is no manifest any more', async () => {
    const id = await running(home);
    await ended(home, id);
    await tamper(home, `artifacts/base/${id}.hash.json`, () => documentText({ is: 'not one' }));
    expect(await api.ask('GET', `/builders/base/manifest?build=${id}`)).toMatchObject({
      status: 409,
      document: { code: 'CHAIN_BROKEN', exit_code: 3 },
    });
  });
});

describe('publishing', () => {
  it('moves the channel to the newest build where the inputs are what they were, and with check only says so', async () => {
    const id = await running(home, { variables: {} });
    await ended(home, id);
    const body = { fingerprint: inputsFingerprint };
    expect((await api.ask('POST', '/builders/base/publish', { ...body, check: true })).document).toMatchObject({
      outcome: 'would-move',
      published: { build_id: id },
    });
    expect((await api.ask('POST', '/builders/base/publish', body)).document).toMatchObject({ outcome: 'moved', channel: 'latest' });
    expect((await api.ask('POST', '/builders/base/publish', body)).document).toMatchObject({ outcome: 'stays' });
    expect((await api.ask('GET', '/builders/base')).document).toMatchObject({ channels: [{ channel: 'latest', published_by: 'alice' }] });
  });

  it('moves another channel to an earlier build, on purpose', async () => {
    const id = await running(home);
    await ended(home, id);
    await ended(home, await running(home));
    expect((await api.ask('POST', '/builders/base/publish', { build: id, channel: 'stable' })).document).toMatchObject({
      outcome: 'moved',
      channel: 'stable',
      published: { build_id: id },
    });
  });

  it.each([
    ['inputs that have changed', 409, 'INPUTS_DRIFTED', { fingerprint: `sha256:${'0'.repeat(64)}` }],
    ['variables that were never built', 404, 'MANIFEST_MISSING', { fingerprint: inputsFingerprint, variables: { n: 'never' } }],
    ['a variable that a request may not set', 400, 'VARIABLE_NOT_ALLOWED', { fingerprint: inputsFingerprint, variables: { m: '1' } }],
    ['a build that there is not', 404, 'BUILD_UNKNOWN', { build: buildIdOf(9) }],
    ['a build that has not ended', 409, 'BUILD_NOT_PUBLISHABLE', { build: buildIdOf(2) }],
  ])('is refused for %s', async (_, status, code, body) => {
    await ended(home, await running(home, { variables: {} }));
    await running(home);
    expect(await api.ask('POST', '/builders/base/publish', body)).toMatchObject({ status, document: { code } });
  });
});

describe('releasing a quarantine', () => {
  it('opens the builder in the name of the caller, with the reason as the hook lets it through, and has its turn taken', async () => {
    await ended(home, await running(home), { builder: other });
    expect(await api.ask('POST', '/builders/base/publish', { build: buildIdOf(1) })).toMatchObject({
      status: 409,
      document: { code: 'BUILDER_QUARANTINED' },
    });
    expect(
      (await api.ask('POST', '/builders/base/quarantine/release', { reason: 'the image with a-planted-secret was deleted by hand' }))
        .document,
    ).toMatchObject({
      builders: [{ builder: 'base', quarantine: null, released: { by: 'alice', reason: 'the image with [REDACTED] was deleted by hand' } }],
    });
    expect(api.turns).toEqual([{ turn: 'base' }]);
  });

  it('is refused where there is none', async () => {
    expect(await api.ask('POST', `/builders/${other}/quarantine/release`, { reason: 'x' })).toMatchObject({
      status: 400,
      document: { code: 'REQUEST_INVALID' },
    });
  });
});
