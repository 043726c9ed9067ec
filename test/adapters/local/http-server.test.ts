import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { signedLinks } from '../../../adapters/local/signed-links.ts';
import { type ApiServer, type ApiServerOptions, serveApi } from '../../../adapters/local/http-server.ts';
import { answerApi } from '../../../core/api/answer-api.ts';
import { LogLinksDocument } from '../../../core/api/api-documents.ts';
import { ended, running } from '../../core/diag/bundles.ts';
import { apiRequests } from '../../fixtures/api-requests.ts';
import { apiOver } from '../../fixtures/api.ts';
import { type Dispatcher, dispatcher } from '../../fixtures/dispatcher.ts';
import { httpClient, rawAnswer } from '../../fixtures/http-client.ts';
import { openApiFaults } from '../../fixtures/open-api.ts';
import { buildIdOf } from '../../fixtures/records.ts';

const token = 'a-token-that-nobody-else-knows-of-here';

let home: Dispatcher;
let server: ApiServer;
/** The same, in a hurry. */
let hurried: ApiServer;
let client: ReturnType<typeof httpClient>;
let lines: string[];

beforeEach(async () => {
  home = await dispatcher();
  lines = [];
  const links = signedLinks({ home: home.home, secret: new Uint8Array(32), clock: home.ports.clock }, () => server.address);
  const { dispatcher: behind } = apiOver(home);
  behind.links = links;
  const place = { host: '127.0.0.1', port: 0 };
  const options: ApiServerOptions = {
    token,
    links,
    by: 'alice',
    answer: (request) => answerApi(behind, request),
    log: (line) => lines.push(line),
    now: () => 0,
  };
  server = await serveApi(place, options);
  hurried = await serveApi(place, { ...options, patience: { headers: 100, request: 200, idle: 1_000, check: 50 } });
  client = httpClient(server.address, token);
  onTestFinished(async () => {
    client.close();
    await Promise.all([server.stop(), hurried.stop()]);
  });
});

const get = (target: string, method = 'GET') => ({ method, target, contentType: undefined, body: new Uint8Array() });

describe('the HTTP server', () => {
  it('answers a thousand requests of any kind as the OpenAPI document says, and goes on', async () => {
    await ended(home, await running(home));
    await running(home);
    await fc.assert(
      fc.asyncProperty(apiRequests({ builders: ['base', 'other'], builds: [1, 2, 3].map(buildIdOf) }), async (request) => {
        const answer = await client.send(request);
        expect(openApiFaults(request, answer)).toEqual([]);
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: 1000 },
    );
    expect((await client.send(get('/healthz'))).status).toBe(200);
  });

  it('needs no token for its health, and for nothing else', async () => {
    const stranger = httpClient(server.address);
    onTestFinished(() => stranger.close());
    expect(await stranger.send(get('/healthz'))).toMatchObject({ status: 200, body: '{"status":"ok"}\n' });
    expect(await stranger.send(get('/healthz', 'POST'))).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    for (const target of ['/builders', '/nowhere', '/healthz/', `/objects/x`]) {
      const answer = await stranger.send(get(target));
      expect([401, 403]).toContain(answer.status);
    }
    expect(await stranger.send(get('/builders'), { authorization: `Basic ${token}` })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
    });
  });

  it.each([
    ['another host', { host: 'images.example.com' }],
    ['this host at another port', { host: '127.0.0.1:1' }],
    ['a web page', { origin: 'http://localhost:3000' }],
    ['a sandboxed web page', { origin: 'null' }],
  ])('refuses a request that names %s, token or not', async (_, headers) => {
    expect((await client.send(get('/builders'), headers)).status).toBe(403);
    expect((await client.send(get('/healthz'), headers)).status).toBe(403);
  });

  it('gives an answer also to a body that is larger than any request', async () => {
    const sent = { method: 'POST', target: '/builders/base/builds', contentType: 'application/json', body: new Uint8Array(5_000_000) };
    const answer = await client.send(sent);
    expect(answer.status).toBe(413);
    expect(openApiFaults(sent, answer)).toEqual([]);
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['no version of it that there is', 'GET / HTTP/9.9\r\n\r\n', 400],
    ['headers larger than any', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['two lengths', 'POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
    ['no host', 'GET /builders HTTP/1.1\r\nconnection: close\r\n\r\n', 403],
  ])('answers %s with a problem, and goes on', async (_, bytes, status) => {
    const [head = '', body = ''] = (await rawAnswer(server.address, bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status });
    expect((await client.send(get('/builders'))).status).toBe(200);
  });

  it.each([
    ['headers', 'GET /builders HTTP/1.1\r\nx: '],
    [
      'a body',
      `POST /builders/base/builds HTTP/1.1\r\nhost: HOST\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
    ],
  ])('does not wait for ever for %s', async (_, bytes) => {
    const sent = bytes.replace('HOST', new URL(hurried.address).host);
    const [head = '', body = ''] = (await rawAnswer(hurried.address, sent)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 408 /);
    expect(JSON.parse(body)).toMatchObject({ status: 408, code: 'TOO_SLOW' });
  });

  it('writes a line for each request, without what may be secret', async () => {
    await client.send(get(`/builders?cursor=secret`));
    await client.send({
      ...get('/builders/base/builds', 'POST'),
      contentType: 'application/json',
      body: new TextEncoder().encode('{"secret":1}'),
    });
    await expect.poll(() => lines).toEqual(['GET /builders 400 0 ms', 'POST /builders/base/builds 400 0 ms']);
  });
});

describe('a link', () => {
  async function logLink(): Promise<string> {
    const id = await running(home);
    await ended(home, id);
    const { attempts } = LogLinksDocument.parse(JSON.parse((await client.send(get(`/builds/${id}/log`))).body));
    return attempts[0]?.link?.url ?? '';
  }

  it('lets in whoever has it, for fifteen minutes', async () => {
    const url = await logLink();
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(new Uint8Array(await answer.arrayBuffer()).slice(0, 2)).toEqual(Uint8Array.of(0x1f, 0x8b));
    home.pass(15 * 60_000);
    expect((await fetch(url)).status).toBe(200);
    home.pass(1);
    expect((await fetch(url)).status).toBe(403);
  });

  it('leads to its object alone', async () => {
    const url = new URL(await logLink());
    for (const change of [
      (link: URL) => (link.pathname = link.pathname.replace('1.log.gz', '2.log.gz')),
      (link: URL) => (link.pathname = '/objects/state/hybridcore.db'),
      (link: URL) => (link.pathname = '/objects/..%2F..%2Fetc%2Fpasswd'),
      (link: URL) => link.searchParams.set('expires', `${Number(link.searchParams.get('expires')) + 1}`),
      (link: URL) => link.searchParams.set('signature', '0'.repeat(64)),
      (link: URL) => link.searchParams.set('signature', 'é'.repeat(64)),
      (link: URL) => link.searchParams.delete('signature'),
    ]) {
      const changed = new URL(url);
      change(changed);
      expect((await fetch(changed)).status).toBe(403);
    }
  });
});
