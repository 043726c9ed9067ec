import { beforeEach, describe, expect, it } from 'vitest';

import { holdBuild } from '../../../core/retention/hold.ts';
import { changePortsOf } from '../../../core/retention/change.ts';
import { raiseClass } from '../../../core/retention/raise.ts';
import { type Dispatcher, config, dispatcher, other } from '../../fixtures/dispatcher.ts';
import { type Api, apiOver } from '../../fixtures/api.ts';
import { digestOf } from '../../../core/digest.ts';
import { buildIdOf } from '../../fixtures/records.ts';
import { ended, failedPacker, failedScript, running } from '../diag/bundles.ts';

let home: Dispatcher;
let api: Api;

beforeEach(async () => {
  home = await dispatcher();
  api = apiOver(home);
});

describe('asking for a build', () => {
  it('takes the request in the name of the caller, and has the turn taken', async () => {
    const answer = await api.ask('POST', '/builders/base/builds', { variables: { n: '1' } });
    expect(answer).toMatchObject({
      status: 202,
      document: { dispatched: { build_id: buildIdOf(1), builder: 'base', state: 'queued', how: 'accepted' } },
    });
    expect(await home.build(buildIdOf(1))).toMatchObject({
      requested_by: 'alice',
      command: 'hybridcore-packer dispatch base',
      variables: { n: '1' },
    });
    expect(api.turns).toEqual([{ turn: 'base' }]);
  });

  it('gives the same build for the same client token', async () => {
    const body = { client_token: 'nightly' };
    await api.ask('POST', '/builders/base/builds', body);
    expect(await api.ask('POST', '/builders/base/builds', body)).toMatchObject({
      status: 202,
      document: { dispatched: { build_id: buildIdOf(1), how: 'known' } },
    });
    expect(await api.ask('POST', '/builders/base/builds', { ...body, variables: { n: '1' } })).toMatchObject({
      status: 409,
      document: { code: 'TOKEN_CONFLICT' },
    });
  });

  it('stands though the turn could not be sent, which is told', async () => {
    const broken = new Error('the queue is away');
    api.dispatcher.turns = { send: () => Promise.reject(broken) };
    expect((await api.ask('POST', '/builders/base/builds', {})).status).toBe(202);
    expect(api.told).toEqual([broken]);
  });

  it('is refused for the moment where the line is full, and says when to come again', async () => {
    for (let n = 0; n < 30; n += 1) {
      const answer = await api.ask('POST', '/builders/base/builds', { variables: { n: `${n}` } });
      if (answer.status === 202) continue;
      expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '15' }, document: { code: 'QUEUE_FULL', exit_code: 2 } });
      return;
    }
    throw new Error('the line has an end');
  });

  it('is refused for a builder in quarantine, with exit code 3', async () => {
    await ended(home, await running(home), { builder: other });
    expect(await api.ask('POST', '/builders/base/builds', {})).toMatchObject({
      status: 409,
      document: { code: 'BUILDER_QUARANTINED', exit_code: 3 },
    });
  });
});

describe('a build', () => {
  it('says what it waits for, what it does, and how it ended', async () => {
    const first = await running(home);
    const second = await home.accepted();
    expect((await api.ask('GET', `/builds/${second}`)).document).toMatchObject({ state: 'queued', waits_behind: 1, runs: [] });
    expect((await api.ask('GET', `/builds/${first}`)).document).toMatchObject({
      state: 'running',
      waits_behind: null,
      exit_code: null,
      runs: [{ attempt: 1, run: 'run-1', rule: null }],
    });
    await ended(home, first);
    expect((await api.ask('GET', `/builds/${first}`)).document).toMatchObject({
      state: 'succeeded',
      exit_code: 0,
      rule: 'SUCCESS',
      runs: [{ attempt: 1, exit_code: 0 }],
      result_path: `state/packer/results/base/${first}.json`,
      manifest: { path: `artifacts/base/${first}.hash.json` },
    });
  });

  it('is stopped in the name of the caller', async () => {
    const id = await running(home);
    expect(await api.ask('POST', `/builds/${id}/stop`)).toMatchObject({ status: 202, document: { build_id: id, stop: { by: 'alice' } } });
    expect(api.turns).toEqual([{ turn: 'base' }]);
    expect((await home.build(id)).stop).toMatchObject({ by: 'alice' });
  });

  it.each([
    ['GET', ''],
    ['POST', '/stop'],
    ['GET', '/result'],
    ['GET', '/summary'],
    ['GET', '/log'],
    ['GET', '/diag'],
  ])('that there is not is told so: %s /builds/ID%s', async (method, rest) => {
    expect(await api.ask(method, `/builds/${buildIdOf(9)}${rest}`)).toMatchObject({ status: 404, document: { code: 'BUILD_UNKNOWN' } });
  });
});

describe('what a build leaves', () => {
  it.each(['result', 'summary'])('is there when it has ended, and not before: its %s', async (what) => {
    const id = await running(home);
    expect(await api.ask('GET', `/builds/${id}/${what}`)).toMatchObject({ status: 409, document: { code: 'BUILD_NOT_ENDED' } });
    await ended(home, id);
    const answer = await api.ask('GET', `/builds/${id}/${what}`);
    expect(answer.status).toBe(200);
    expect(answer.document).toEqual(what === 'result' ? await home.result(id) : await home.summary(id));
  });

  it('is its log: what the console says while it runs, from a place on, and a link for fifteen minutes when it has ended', async () => {
    const id = await running(home);
    expect((await api.ask('GET', `/builds/${id}/log?after=20`)).document).toMatchObject({
      attempts: [{ attempt: 1, log_path: null, link: null, live: { text: 'run-1 from 20', next: '30' } }],
    });
    await ended(home, id);
    const path = `state/packer/logs/base/${id}/1.log.gz`;
    expect((await api.ask('GET', `/builds/${id}/log`)).document).toMatchObject({
      attempts: [
        {
          attempt: 1,
          log_path: path,
          live: null,
          link: {
            url: expect.stringContaining(`/objects/${path}?`) as string,
            expires_at: new Date(home.ports.clock.now() + 900_000).toISOString(),
          },
        },
      ],
    });
  });

  it('is the log of each attempt, or of the one that was asked for', async () => {
    const id = await running(home);
    await ended(home, id, failedPacker, failedScript('E: Failed to fetch http://mirror/x  503  Service Unavailable'), 'FAILED');
    expect(await home.build(id)).toMatchObject({ state: 'retrying' });
    home.pass(600_000);
    await home.step();
    const attempts = [
      { attempt: 1, live: null },
      { attempt: 2, link: null },
    ];
    expect((await api.ask('GET', `/builds/${id}/log`)).document).toMatchObject({ attempts });
    expect((await api.ask('GET', `/builds/${id}/log?attempt=2`)).document).toMatchObject({ attempts: attempts.slice(1) });
  });

  it('is a diag bundle, made when it is asked for', async () => {
    const id = await running(home);
    await ended(home, id);
    expect(await api.ask('GET', `/builds/${id}/diag`)).toMatchObject({
      status: 200,
      document: {
        path: `diag/base/${id}.tar.gz`,
        digest: expect.stringMatching(/^sha256:/) as string,
        newer: null,
        link: { size: expect.any(Number) as number },
      },
    });
  });

  it('is the first diag bundle of a build that is held, beside the digest of the one that would be made now', async () => {
    const id = await running(home);
    await ended(home, id);
    const first = (await api.ask('GET', `/builds/${id}/diag`)).document;
    // Its bundle says by what class it is kept.
    const policy = { ...config.retention, classes: { ...config.retention.classes, long: { days: 400 } } };
    await raiseClass(changePortsOf({ ...home.ports, kept: home.kept }), policy, id, { class: 'long', by: 'ops', reason: 'case 7' });
    await holdBuild(home.ports, id, 'ops', 'case 7');
    const { digest } = first as { digest: string };
    const answer = await api.ask('GET', `/builds/${id}/diag`);
    expect(answer).toMatchObject({ status: 200, document: { digest, newer: expect.stringMatching(/^sha256:/) as string } });
  });

  it('makes no bundle where a secret stands in what would go into it', async () => {
    const id = await running(home);
    await ended(home, id);
    api.dispatcher.bundle = async () => ({
      ok: false,
      failure: { rule: 'DIAG_SECRET', message: 'a secret stands in build.json', remedy: 'look' },
    });
    expect(await api.ask('GET', `/builds/${id}/diag`)).toMatchObject({ status: 409, document: { code: 'DIAG_SECRET', exit_code: 3 } });
  });

  it('is no bundle once its retention is over, since that would have to go at once', async () => {
    const id = await running(home);
    await ended(home, id);
    home.pass(366 * 86_400_000);
    expect(await api.ask('GET', `/builds/${id}/diag`)).toMatchObject({ status: 410, document: { code: 'GONE', exit_code: 1 } });
  });

  it('is gone where its retention is over, which says the class, when, and who let it go', async () => {
    const id = await running(home);
    await ended(home, id);
    const build = await home.build(id);
    const at = build.finished_at;
    const expired = { at, by: 'the sweeper', policy_digest: digestOf('a policy'), manifest_at: at };
    const records = { ...home.ports.records, readBuild: async () => ({ ...build, expired }) } as typeof home.ports.records;
    api.dispatcher.ports = { ...home.ports, records, objects: { ...home.ports.objects, read: async () => ({ state: 'absent' }) } };
    for (const path of [`/builds/${id}/result`, `/builds/${id}/summary`, `/builders/base/manifest?build=${id}`])
      expect(await api.ask('GET', path)).toMatchObject({
        status: 410,
        document: {
          code: 'GONE',
          exit_code: 1,
          detail: expect.stringMatching(`retention class .* went at ${at} \\(the sweeper\\)`) as string,
        },
      });
  });

  it('is told to be away where somebody removed it', async () => {
    const id = await running(home);
    await ended(home, id);
    api.dispatcher.ports = { ...home.ports, objects: { ...home.ports.objects, read: async () => ({ state: 'absent' }) } };
    expect(await api.ask('GET', `/builds/${id}/result`)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      document: { code: 'STORAGE' },
    });
  });
});
