import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type ApiCall, type ApiClient, apiClient } from '../../../adapters/api/api-client.ts';
import { bearerToken } from '../../../adapters/api/bearer-token.ts';
import * as z from '../../../core/zod.ts';

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

const Said = z.strictObject({ said: z.string() });
const get: ApiCall = { method: 'GET', path: '/builds/1', repeatable: true };
const once: ApiCall = { method: 'POST', path: '/once', body: { reason: 'ä' }, repeatable: false };

let server: Server;
let replies: Reply[];
let seen: { method: string | undefined; url: string | undefined; headers: IncomingMessage['headers']; body: string }[];
let waits: number[];
let root: URL;

beforeEach(async () => {
  [replies, seen, waits] = [[], [], []];
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
      (replies.shift() ?? answer(500))(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  root = new URL(`http://127.0.0.1:${portOf(server)}/stage/`);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function portOf(listening: Server): number {
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return address.port;
}

function client(timeLimit?: number): ApiClient {
  return apiClient({
    url: root,
    authorize: async () => ({ authorization: 'Bearer of-the-test' }),
    wait: async (milliseconds) => void waits.push(milliseconds),
    random: () => 0.5,
    ...(timeLimit === undefined ? {} : { timeLimit }),
  });
}

function answer(status: number, document: unknown = { said: 'hello' }, headers: Readonly<Record<string, string>> = {}): Reply {
  return (_, response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(document));
}

function broken(): Reply {
  return (request) => request.socket.destroy();
}

describe('a call of the API', () => {
  it('goes to its path below the root, with what lets it in, and is held against its schema', async () => {
    replies = [answer(200)];
    expect(await client().send({ ...get, query: { cursor: 'a b&c' } }, Said)).toEqual({ ok: true, value: { said: 'hello' } });
    expect(seen).toMatchObject([
      { method: 'GET', url: '/stage/builds/1?cursor=a+b%26c', headers: { authorization: 'Bearer of-the-test' }, body: '' },
    ]);
  });

  it('carries a body as JSON', async () => {
    replies = [answer(202)];
    await client().send(once, Said);
    expect(seen).toMatchObject([{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"reason":"ä"}' }]);
  });

  it.each([429, 503])('that is refused for the moment (%d) is sent again, after the pause that the answer asks for', async (status) => {
    replies = [answer(status, {}, { 'retry-after': '7' }), answer(200)];
    expect(await client().send(once, Said)).toMatchObject({ ok: true });
    expect(waits).toEqual([7000]);
  });

  it('waits longer each time where nothing is asked for, and gives up after five trials', async () => {
    replies = Array.from({ length: 6 }, () => answer(503, { message: 'Service Unavailable' }));
    expect(await client().send(get, Said)).toMatchObject({ ok: false, failure: { rule: 'API_UNREACHABLE' } });
    expect(seen).toHaveLength(5);
    expect(waits).toEqual([187.5, 375, 750, 1500]);
  });

  it('never waits half an hour because it was told to', async () => {
    replies = [answer(503, {}, { 'retry-after': '1800' }), answer(200)];
    await client().send(get, Said);
    expect(waits).toEqual([30_000]);
  });

  it.each([
    ['breaks', broken()],
    ['is answered with 502', answer(502)],
  ])('that %s is sent again only where that does no harm', async (_, reply) => {
    replies = [reply, answer(200)];
    expect(await client().send(get, Said)).toMatchObject({ ok: true });
    expect(seen).toHaveLength(2);
    replies = [reply, answer(200)];
    expect(await client().send(once, Said)).toMatchObject({ ok: false, failure: { rule: 'API_UNREACHABLE' } });
    expect(seen).toHaveLength(3);
  });

  it('whose answer is lost says that it may have been done', async () => {
    replies = [broken()];
    expect(await client().send(once, Said)).toMatchObject({ failure: { remedy: expect.stringContaining('look before you ask again') } });
  });

  it('ends where no answer comes in time', async () => {
    replies = [() => undefined];
    expect(await client(50).send(once, Said)).toMatchObject({ failure: { message: expect.stringContaining('no answer in time') } });
  });

  it('says so where nobody listens', async () => {
    server.close();
    expect(await client().send(get, Said)).toMatchObject({
      failure: { rule: 'API_UNREACHABLE', message: expect.stringContaining('127.0.0.1') },
    });
  });
});

describe('what the API refuses', () => {
  it('is the failure that its problem document holds, with every fault', async () => {
    const faults = [{ message: 'variables.a: no' }, { message: 'retention: no' }];
    replies = [answer(400, { code: 'REQUEST_INVALID', detail: 'the request has 2 faults', remedy: 'see the schema', faults, status: 400 })];
    expect(await client().send(get, Said)).toEqual({
      ok: false,
      failure: {
        rule: 'REQUEST_INVALID',
        message: 'the request has 2 faults',
        remedy: 'see the schema',
        evidence: ['variables.a: no', 'retention: no'],
      },
    });
  });

  it.each([
    ['a code of a later version', 409, { code: 'NOT_YET_KNOWN', detail: 'no', remedy: '' }, 'API_ANSWER'],
    ['the token', 401, { code: 'UNAUTHORIZED', detail: 'no', remedy: '' }, 'API_REFUSED'],
    ['what API Gateway itself lets nobody do', 403, { message: 'User: x is not authorized to perform: execute-api:Invoke' }, 'API_REFUSED'],
    ['a page of something else', 404, '<html>', 'API_ANSWER'],
  ])('as %s', async (_, status, document, rule) => {
    replies = [answer(status, document)];
    expect(await client().send(get, Said)).toMatchObject({ ok: false, failure: { rule } });
  });

  it('is not taken for an answer where it is another document', async () => {
    replies = [answer(200, { other: 1 })];
    expect(await client().send(get, Said)).toMatchObject({
      failure: { rule: 'API_ANSWER', remedy: expect.stringContaining('same version') },
    });
  });

  it('follows nobody elsewhere, who would be shown the token', async () => {
    replies = [answer(302, {}, { location: `http://127.0.0.1:${portOf(server)}/elsewhere` }), answer(200)];
    expect(await client().send(get, Said)).toMatchObject({ ok: false, failure: { rule: 'API_ANSWER' } });
    expect(seen).toHaveLength(1);
  });
});

describe('a link of the API', () => {
  it('is followed without what lets requests in, to a bound', async () => {
    replies = [answer(200, 'content'), answer(200, 'x'.repeat(100))];
    const bytes = await client().download(new URL('/large', root).href, 50);
    expect(bytes.ok && Buffer.from(bytes.value).toString()).toEqual('"content"');
    expect(seen[0]?.headers.authorization).toBeUndefined();
    replies = Array.from({ length: 5 }, () => answer(200, 'x'.repeat(100)));
    expect(await client().download(new URL('/large', root).href, 50)).toMatchObject({
      ok: false,
      failure: { message: expect.stringContaining('larger than 50 bytes') },
    });
  });
});

describe('the token of `serve`', () => {
  it('is read with each request, and missed where there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bearer-token-'));
    const file = join(folder, 'api-token');
    const request = { method: 'GET', url: root, headers: {}, body: undefined } as const;
    const authorize = bearerToken(file);
    await expect(authorize(request)).rejects.toMatchObject({ failure: { rule: 'API_REFUSED', message: expect.stringContaining(file) } });
    for (const token of ['first', 'second']) {
      await writeFile(file, `${token}\n`);
      expect(await authorize(request)).toEqual({ authorization: `Bearer ${token}` });
    }
    await rm(folder, { recursive: true });
  });
});
