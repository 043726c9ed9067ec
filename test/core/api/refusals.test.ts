import { beforeEach, describe, expect, it } from 'vitest';

import { largestBody } from '../../../core/api/answer-api.ts';
import { operations } from '../../../core/api/operations.ts';
import { FailureError } from '../../../core/failure-error.ts';
import { namesOf } from '../../../core/names-of.ts';
import { type Api, apiOver } from '../../fixtures/api.ts';
import { type Dispatcher, base, dispatcher } from '../../fixtures/dispatcher.ts';
import { openApiDocument } from '../../fixtures/open-api.ts';

let home: Dispatcher;
let api: Api;

beforeEach(async () => {
  home = await dispatcher();
  api = apiOver(home);
});

interface Refused {
  readonly code: string;
  readonly faults: readonly { readonly message: string }[];
}

async function faultsOf(method: string, target: string, body?: unknown): Promise<readonly string[]> {
  const answer = await api.ask(method, target, body);
  expect(answer.status).toBe(400);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  return (answer.document as Refused).faults.map(({ message }) => message);
}

describe('a request with several faults', () => {
  it('is told all of them in one answer: of its path, its query and its body', async () => {
    const faults = await faultsOf('POST', '/builders/Base/builds?limit=1', {
      variables: { '1x': 'y' },
      only_if_changed: 'yes',
      colour: 'red',
    });
    for (const fault of [
      /^path\.name: a builder is named/,
      /^query: .*limit/,
      /^body\.variables\.1x: /,
      /^body\.only_if_changed: /,
      /^body: .*colour/,
    ])
      expect(faults).toContainEqual(expect.stringMatching(fault));
    expect(faults).toHaveLength(5);
  });

  it('is told all that the builder does not allow', async () => {
    const faults = await faultsOf('POST', '/builders/base/builds', { variables: { size: '1' }, retention: 'forever', max_age: '1d' });
    expect(faults).toHaveLength(3);
  });

  it('is told of what stands there more than once', async () => {
    expect(await faultsOf('GET', '/builders?limit=1&limit=2')).toEqual(['query.limit: stands there more than once']);
  });

  it.each(['0', '51', '1.5', '1e1', '-1', 'x', ''])('is told of a limit of %j', async (limit) => {
    expect(await faultsOf('GET', `/builders?limit=${limit}`)).toHaveLength(1);
  });

  it('leaves nothing behind', async () => {
    await faultsOf('POST', '/builders/base/builds', { variables: { size: '1' } });
    expect((await home.ports.records.listBuilds(base, { limit: 1 })).items).toEqual([]);
    expect(api.turns).toEqual([]);
  });

  it.each([[{}], [{ build: '01JD8Z0000000000000000000A', fingerprint: `sha256:${'0'.repeat(64)}` }]])(
    'is told to say what to publish, once: %j',
    async (body) => {
      expect(await faultsOf('POST', '/builders/base/publish', body)).toEqual([
        expect.stringMatching(/name a build, or give the fingerprint/),
      ]);
    },
  );
});

describe('a request that is none of ours', () => {
  it.each(['/', '/builds', '/builds/', '/builders/base/', '/builders//builds', '/Builders', '/builds/%zz', '//builders', '/healthz/x'])(
    'finds nothing at %s',
    async (target) => {
      expect(await api.ask('GET', target)).toMatchObject({ status: 404, document: { code: 'NOT_FOUND' } });
    },
  );

  it('is told with which methods its path is asked', async () => {
    expect(await api.ask('DELETE', '/builders/base/builds')).toMatchObject({
      status: 405,
      headers: { allow: 'POST, GET' },
      document: { code: 'METHOD_NOT_ALLOWED' },
    });
  });
});

describe('a body', () => {
  const sent = (body: Uint8Array, contentType: string | undefined = 'application/json') =>
    api.send({ method: 'POST', target: '/builders/base/builds', contentType, body });

  it('may be as large as 64 KiB, and no larger', async () => {
    const padded = (size: number) => new TextEncoder().encode('{}'.padEnd(size));
    expect((await sent(padded(largestBody))).status).toBe(202);
    expect(await sent(padded(largestBody + 1))).toMatchObject({ status: 413 });
  });

  it.each([[undefined], ['text/plain'], ['application/jsonx'], ['application/x-www-form-urlencoded']])(
    'is to be called JSON, not %s',
    async (contentType) => {
      expect(
        await api.send({ method: 'POST', target: '/builders/base/builds', contentType, body: new TextEncoder().encode('{}') }),
      ).toMatchObject({ status: 415 });
    },
  );

  it.each(['', '{', '\uFEFF', 'undefined'])('is to be JSON, not %j', async (text) => {
    const answer = await sent(new TextEncoder().encode(text));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'REQUEST_INVALID', faults: [{ message: 'body: is no JSON in UTF-8' }] });
  });

  it('is to be UTF-8', async () => {
    expect((await sent(Uint8Array.of(0x22, 0xff, 0x22))).status).toBe(400);
  });
});

describe('where the world fails', () => {
  const failing = (cause: Error) => {
    api.dispatcher.ports = { ...home.ports, records: { ...home.ports.records, readBuilder: () => Promise.reject(cause) } };
  };

  it('nobody outside is told of what, but that it may be asked again; the dispatcher is told the whole', async () => {
    const cause = new FailureError({ rule: 'STORAGE', message: 'disk /dev/sda1 is full', remedy: 'x' });
    failing(cause);
    const answer = await api.ask('GET', '/builders/base');
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' }, document: { code: 'STORAGE', exit_code: 2 } });
    expect(answer.body).not.toContain('sda1');
    expect(api.told).toEqual([cause]);
  });

  it('a fault of our own is one', async () => {
    const cause = new TypeError('x of undefined');
    failing(cause);
    const answer = await api.ask('GET', '/builders/base');
    expect(answer).toMatchObject({ status: 500, document: { code: 'INTERNAL', exit_code: 2 } });
    expect(answer.body).not.toContain('undefined');
    expect(api.told).toEqual([cause]);
  });

  it('a record of a newer version is told as what it is', async () => {
    failing(new FailureError({ rule: 'RECORD_NEWER', message: 'the record is newer', remedy: 'update' }));
    expect(await api.ask('GET', '/builders/base')).toMatchObject({ status: 500, document: { code: 'RECORD_NEWER' } });
  });
});

it('the OpenAPI document has every operation of the table', () => {
  const documented = Object.values(openApiDocument.paths).flatMap((here) => Object.values(here).map(({ operationId }) => operationId));
  expect(documented.toSorted()).toEqual([...namesOf(operations), 'readHealth'].toSorted());
});
