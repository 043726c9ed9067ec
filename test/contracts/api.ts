import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

import { BuildDocument, BuildersDocument, DiagLinkDocument, LogLinksDocument } from '../../core/api/api-documents.ts';
import { Problem } from '../../core/api/problem.ts';
import { BuildsDocument, DispatchDocument, PublishDocument, QuarantineDocument, StopDocument } from '../../core/documents.ts';
import { HashManifest } from '../../core/hash-manifest.ts';
import { type BuildId } from '../../core/identity.ts';
import { LogSummary } from '../../core/log-summary.ts';
import { RetentionRaiseDocument } from '../../core/retention/documents.ts';
import { Result } from '../../core/result.ts';
import { type GotAnswer, openApiFaults } from '../fixtures/open-api.ts';

/**
 * An API that is served, over builders whose templates are scripts: `base` prints the word "made" and takes the variable `n`,
 * `leaky` has a secret among its inputs, `slow` takes long. None of them has built anything. Their class is `standard`, and
 * `evidence` is kept for 2555 days under a lock.
 */
export interface ServedApi {
  /** Who asks, as the records have it. */
  readonly by: string;
  /** All builders, by name. */
  readonly builders: readonly string[];
  /** Sends a request as somebody who may do everything. */
  send(method: string, target: string, body?: { readonly type: string; readonly text: string }): Promise<GotAnswer>;
  /** Lets a build go on until something holds. */
  until(id: BuildId, holds: (build: BuildDocument) => boolean): Promise<BuildDocument>;
}

/** What both homes answer, each answer held against the OpenAPI document. The tests follow each other: later ones meet what earlier ones built. */
export function apiContract(served: () => ServedApi): void {
  async function ask(method: string, target: string, document?: unknown, type = 'application/json') {
    const text = document === undefined ? undefined : typeof document === 'string' ? document : JSON.stringify(document);
    const answer = await served().send(method, target, text === undefined ? undefined : { type, text });
    const contentType = text === undefined ? undefined : type;
    expect(openApiFaults({ method, target, contentType, body: new TextEncoder().encode(text ?? '') }, answer), target).toEqual([]);
    return { status: answer.status, document: JSON.parse(answer.body) as unknown };
  }
  const problemOf = async (...asked: Parameters<typeof ask>) => {
    const { status, document } = await ask(...asked);
    const { code, status: said } = Problem.parse(document);
    expect(said).toBe(status);
    return `${status} ${code}`;
  };
  const build = async (builder: string, body: object) =>
    DispatchDocument.parse((await ask('POST', `/builders/${builder}/builds`, body)).document).dispatched;
  const built = async (builder: string, body: object = {}) => {
    const { build_id: id } = await build(builder, body);
    return served().until(id, ({ finished_at }) => finished_at !== null);
  };

  it('gives one build for one client token, and refuses another body under it', async () => {
    const one = { client_token: 'one', variables: { n: '1' } };
    const accepted = await build('base', one);
    expect(accepted).toMatchObject({ builder: 'base', how: 'accepted' });
    expect(await build('base', one)).toMatchObject({ build_id: accepted.build_id, how: 'known' });
    expect(await problemOf('POST', '/builders/base/builds', { ...one, variables: { n: '2' } })).toBe('409 TOKEN_CONFLICT');
    await served().until(accepted.build_id, ({ finished_at }) => finished_at !== null);
  });

  it('answers for a build to its end: result, summary, manifest, and links that lead to what they say', async () => {
    const done = await built('base', { variables: { n: '2' } });
    const { build_id: id } = done;
    expect(done).toMatchObject({ builder: 'base', state: 'succeeded', exit_code: 0, runs: [{ attempt: 1, exit_code: 0 }] });
    const read = async (path: string) => (await ask('GET', path)).document;
    expect(Result.parse(await read(`/builds/${id}/result`))).toMatchObject({ build_id: id, exit_code: 0, state: 'succeeded' });
    expect(LogSummary.parse(await read(`/builds/${id}/summary`))).toMatchObject({ build_id: id, requested_by: served().by });
    const manifest = HashManifest.parse(await read(`/builders/base/manifest?build=${id}`));
    expect(manifest).toEqual(HashManifest.parse(await read('/builders/base/manifest')));
    expect(manifest).toMatchObject({ build_id: id, sequence: 2 });

    const { attempts } = LogLinksDocument.parse(await read(`/builds/${id}/log?attempt=1`));
    expect(attempts).toMatchObject([{ attempt: 1, live: null, link: { size: expect.any(Number) as number } }]);
    const log = await fetch(attempts[0]?.link?.url ?? '');
    const content = Buffer.from(await log.arrayBuffer());
    expect([log.status, content.length]).toEqual([200, attempts[0]?.link?.size]);
    expect(gunzipSync(content).toString()).toContain('made');
    const bundle = DiagLinkDocument.parse(await read(`/builds/${id}/diag`));
    expect((await (await fetch(bundle.link.url)).arrayBuffer()).byteLength).toBe(bundle.link.size);
    expect(Date.parse(bundle.link.expires_at)).toBeGreaterThan(Date.now());
  });

  it('lists in pages, whose cursors are of their own list alone', async () => {
    const page = async (query: string) => BuildsDocument.parse((await ask('GET', `/builders/base/builds${query}`)).document);
    const [first, all] = [await page('?limit=1'), await page('')];
    // In the order of their names: some clients that sign do not sort them, and are refused.
    const second = await page(`?cursor=${encodeURIComponent(first.cursor ?? '')}&limit=1`);
    expect([...first.builds, ...second.builds]).toEqual(all.builds.slice(0, 2));
    expect(await problemOf('GET', `/builders?cursor=${encodeURIComponent(first.cursor ?? '')}`)).toBe('400 REQUEST_INVALID');
    const builders = async (query: string) => BuildersDocument.parse((await ask('GET', `/builders${query}`)).document);
    const begun = await builders('?limit=1');
    const rest = await builders(`?cursor=${encodeURIComponent(begun.cursor ?? '')}`);
    expect([...begun.builders, ...rest.builders].map(({ builder }) => builder)).toEqual(served().builders);
    expect(rest.cursor).toBeNull();
  });

  it('publishes what is as it was built, decides without moving where it is asked to, and goes back', async () => {
    const { fingerprint } = HashManifest.parse((await ask('GET', '/builders/base/manifest')).document);
    const [newest, before] = BuildsDocument.parse((await ask('GET', '/builders/base/builds')).document).builds;
    const publish = async (body: object) => PublishDocument.parse((await ask('POST', '/builders/base/publish', body)).document);
    const wanted = { fingerprint, variables: { n: '2' } };
    expect(await publish({ ...wanted, check: true })).toMatchObject({ outcome: 'would-move', published: { build_id: newest?.build_id } });
    expect(await publish(wanted)).toMatchObject({ outcome: 'moved', before: null });
    expect(await publish(wanted)).toMatchObject({ outcome: 'stays' });
    expect(await publish({ build: before?.build_id })).toMatchObject({ outcome: 'moved', before: { build_id: newest?.build_id } });
    const other = { ...wanted, fingerprint: `sha256:${'0'.repeat(64)}` };
    expect(await problemOf('POST', '/builders/base/publish', other)).toBe('409 INPUTS_DRIFTED');
    expect(await problemOf('POST', '/builders/base/publish', {})).toBe('400 REQUEST_INVALID');
    expect(await problemOf('POST', '/builders/slow/publish', { fingerprint })).toBe('404 MANIFEST_MISSING');
  });

  it('gives what a build left a higher class, with who and why, and never a lower one', async () => {
    const [newest] = BuildsDocument.parse((await ask('GET', '/builders/base/builds')).document).builds;
    const path = `/builds/${newest?.build_id}/retention`;
    const raised = RetentionRaiseDocument.parse((await ask('POST', path, { class: 'evidence', reason: 'case 7' })).document);
    expect(raised).toMatchObject({
      build_id: newest?.build_id,
      class: 'evidence',
      terms: { days: 2555, lock: 'GOVERNANCE' },
      changes: [{ by: served().by, reason: 'case 7', from: 'standard', to: 'evidence', tagged_at: expect.any(String) as string }],
    });
    expect(await ask('GET', `/builds/${newest?.build_id}`)).toMatchObject({ document: { retention: 'evidence' } });
    expect(await problemOf('POST', path, { class: 'standard', reason: 'too dear' })).toBe('409 RAISE_REFUSED');
    expect(await problemOf('POST', path, { class: 'evidence' })).toBe('400 REQUEST_INVALID');
    expect(await problemOf('POST', `/builds/${'7'.repeat(26)}/retention`, { class: 'evidence', reason: 'x' })).toBe('404 BUILD_UNKNOWN');
  });

  it('says why a builder is closed, and opens it with a reason', async () => {
    expect(await built('leaky')).toMatchObject({ state: 'quarantined', exit_code: 3 });
    expect(await problemOf('POST', '/builders/leaky/builds', {})).toBe('409 BUILDER_QUARANTINED');
    expect(await problemOf('POST', '/builders/leaky/quarantine/release', { reason: '' })).toBe('400 REQUEST_INVALID');
    const released = await ask('POST', '/builders/leaky/quarantine/release', { reason: 'the token is revoked' });
    expect(QuarantineDocument.parse(released.document)).toMatchObject({
      builders: [{ builder: 'leaky', quarantine: null, released: { by: served().by, reason: 'the token is revoked' } }],
    });
  });

  it('stops a build, which has no result before it has ended', async () => {
    const { build_id: id } = await build('slow', {});
    await served().until(id, ({ runs }) => (runs[0]?.run ?? null) !== null);
    expect(await problemOf('GET', `/builds/${id}/result`)).toBe('409 BUILD_NOT_ENDED');
    const { attempts } = LogLinksDocument.parse((await ask('GET', `/builds/${id}/log`)).document);
    expect(attempts).toMatchObject([{ link: null, live: { next: expect.any(String) as string } }]);
    const again = await ask('GET', `/builds/${id}/log?after=${encodeURIComponent(attempts[0]?.live?.next ?? '')}`);
    expect(again.status).toBe(200);
    const stopped = await ask('POST', `/builds/${id}/stop`);
    expect([stopped.status, StopDocument.parse(stopped.document).stop?.by]).toEqual([202, served().by]);
    expect(await served().until(id, ({ finished_at }) => finished_at !== null)).toMatchObject({ state: 'stopped', exit_code: 1 });
  });

  it('refuses what does not fit, and says which code', async () => {
    expect(await problemOf('POST', '/builders/base/builds', { retention: 5 })).toBe('400 REQUEST_INVALID');
    expect(await problemOf('POST', '/builders/base/builds', { colour: 'red' })).toBe('400 REQUEST_INVALID');
    expect(await problemOf('POST', '/builders/base/builds', '{')).toBe('400 REQUEST_INVALID');
    expect(await problemOf('POST', '/builders/base/builds', {}, 'text/plain')).toBe('415 MEDIA_TYPE');
    expect(await problemOf('POST', '/builders/base/builds', { variables: { m: '1' } })).toBe('400 VARIABLE_NOT_ALLOWED');
    expect(await problemOf('POST', '/builders/other/builds', {})).toBe('404 BUILDER_UNKNOWN');
    expect(await problemOf('GET', '/builders/Base')).toBe('400 REQUEST_INVALID');
    expect(await problemOf('GET', '/builders/other/manifest')).toBe('404 BUILDER_UNKNOWN');
    for (const part of ['', '/result', '/summary', '/log', '/diag'])
      expect(await problemOf('GET', `/builds/7ZZZZZZZZZZZZZZZZZZZZZZZZZ${part}`), part).toBe('404 BUILD_UNKNOWN');
    expect(await problemOf('GET', '/builds/none')).toBe('400 REQUEST_INVALID');
    expect(await problemOf('GET', '/builders?limit=51')).toBe('400 REQUEST_INVALID');
    expect(await problemOf('GET', '/builders?limit=1&limit=2')).toBe('400 REQUEST_INVALID');
    expect(await problemOf('GET', '/builders?colour=red')).toBe('400 REQUEST_INVALID');
  });
}
