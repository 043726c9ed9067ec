import { describe, expect, it } from 'vitest';

import { Problem } from '../../core/api/problem.ts';
import { digestOf } from '../../core/digest.ts';
import { success } from '../../core/failure.ts';
import { createOutgoing } from '../../core/scrub/outgoing.ts';
import { answerEvent } from '../../lambdas/api/answer-event.ts';
import { requestOf } from '../../lambdas/api/proxy-event.ts';
import { apiOver } from '../fixtures/api.ts';
import { base, dispatcher as dispatcherOf } from '../fixtures/dispatcher.ts';

const tester = 'arn:aws:iam::123456789012:user/tester';

function eventOf(about: object): object {
  return {
    httpMethod: 'GET',
    resource: '/builders',
    pathParameters: null,
    headers: null,
    multiValueQueryStringParameters: null,
    body: null,
    isBase64Encoded: false,
    requestContext: { identity: { userArn: tester } },
    ...about,
  };
}
const asking = eventOf({
  httpMethod: 'POST',
  resource: '/builders/{name}/builds',
  pathParameters: { name: base },
  headers: { 'Content-Type': 'application/json' },
  body: '{}',
});

/** The function over the domain's rig, with what it logs and counts. */
async function api() {
  const { dispatcher } = apiOver(await dispatcherOf());
  const [lines, counts]: [unknown[], unknown[]] = [[], []];
  const dependencies = {
    dispatcher,
    outgoing: createOutgoing(new Uint8Array(32)),
    log: (code: string, keys: object) => void lines.push({ code, ...keys }),
    logProblem: async (code: string, keys: object, problem: string) => void lines.push({ code, ...keys, problem }),
    count: (counted: object) => void counts.push(counted),
  };
  return { dispatcher, lines, counts, ask: (event: unknown) => answerEvent(dependencies, event) };
}

describe('an event of API Gateway', () => {
  it('is the request that was sent: its path put together, its query and body as they were', () => {
    const request = requestOf(
      eventOf({
        resource: '/builders/{name}/builds',
        pathParameters: { name: 'a/b?c' },
        multiValueQueryStringParameters: { limit: ['5', '6'], cursor: ['x y'] },
        headers: { 'CONTENT-TYPE': 'application/json' },
        body: Buffer.from('{"n":"ä"}').toString('base64'),
        isBase64Encoded: true,
      }),
    );
    expect(request).toMatchObject({
      method: 'GET',
      target: '/builders/a%2Fb%3Fc/builds?limit=5&limit=6&cursor=x+y',
      contentType: 'application/json',
      by: tester,
    });
    expect(Buffer.from(request?.body ?? []).toString()).toBe('{"n":"ä"}');
  });

  it('is answered by the domain, in the name of who signed, logged without what was asked, and counted', async () => {
    const { ask, lines, counts, dispatcher } = await api();
    const answer = await ask(asking);
    expect(answer).toMatchObject({ statusCode: 202, headers: { 'content-type': 'application/json' }, isBase64Encoded: false });
    const { dispatched } = JSON.parse(answer.body) as { dispatched: { build_id: string } };
    const { items } = await dispatcher.ports.records.listBuilds(base, { limit: 5 });
    expect(items).toMatchObject([{ build_id: dispatched.build_id, requested_by: tester }]);
    await ask({ ...asking, body: '{"retention":"none"}' });
    expect(lines).toEqual([
      { code: 'API_ANSWERED', status: 202 },
      { code: 'API_ANSWERED', status: 400, problem_code: 'REQUEST_INVALID' },
    ]);
    expect(counts).toEqual([{ accepted: 1 }, { refused: 1 }]);
  });

  it('is refused where nobody signed it, and where it is none', async () => {
    const { ask } = await api();
    const unsigned = await ask(eventOf({ requestContext: { identity: { userArn: null } } }));
    expect([unsigned.statusCode, Problem.parse(JSON.parse(unsigned.body)).code]).toEqual([403, 'FORBIDDEN']);
    for (const strange of [{}, null, 'text', { Records: [] }])
      expect(Problem.parse(JSON.parse((await ask(strange)).body)).code).toBe('INTERNAL');
  });

  it('gets an answer that passed the hook, but for the links in it', async () => {
    const { ask, dispatcher } = await api();
    const secret = ['AKIA', 'IOSFODNN7EXAMQLE'].join('');
    const url = `https://bucket.example.com/log?X-Amz-Credential=${secret}`;
    dispatcher.links = { link: async () => ({ url, expires_at: '2026-11-25T10:15:00.000Z', size: 1 }) };
    dispatcher.bundle = async () => success({ path: `diag/${secret}`, digest: digestOf(''), newer: null });
    const asked = JSON.parse((await ask(asking)).body) as { dispatched: { build_id: string } };
    const answer = await ask(eventOf({ resource: '/builds/{id}/diag', pathParameters: { id: asked.dispatched.build_id } }));
    const document = JSON.parse(answer.body) as { path: string; link: { url: string } };
    expect(document.link.url).toBe(url);
    expect(document.path).not.toContain(secret);
  });

  it('gets a problem where the answer is more than Lambda can give', async () => {
    const { ask, dispatcher } = await api();
    const { build_id: id } = (JSON.parse((await ask(asking)).body) as { dispatched: { build_id: string } }).dispatched;
    dispatcher.bundle = async () => success({ path: 'x'.repeat(6_000_000), digest: digestOf(''), newer: null });
    dispatcher.links = {
      link: async () => ({ url: 'https://x.example.com', expires_at: '2026-11-25T10:15:00.000Z', size: 1 }),
    };
    const answer = await ask(eventOf({ resource: '/builds/{id}/diag', pathParameters: { id } }));
    expect(Problem.parse(JSON.parse(answer.body))).toMatchObject({ code: 'ANSWER_TOO_LARGE', status: 422 });
  });

  it('that meets a failing world is told of in the log, and to who asked in general words', async () => {
    const { ask, lines, dispatcher } = await api();
    const failing = { ...dispatcher.ports.records, readBuilder: () => Promise.reject(new Error('the table is on fire')) };
    dispatcher.ports = { ...dispatcher.ports, records: failing };
    const answer = await ask(asking);
    expect([answer.statusCode, answer.body.includes('on fire')]).toEqual([500, false]);
    expect(lines).toMatchObject([
      { code: 'CALL_FAILED', problem: 'Error: the table is on fire' },
      { code: 'API_ANSWERED', status: 500 },
    ]);
  });
});
