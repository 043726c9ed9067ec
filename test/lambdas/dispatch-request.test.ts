import { beforeEach, describe, expect, it } from 'vitest';

import { jsonSchema } from '../../core/contract/schemas.ts';
import { DispatchDocument } from '../../core/documents.ts';
import { Result } from '../../core/result.ts';
import { dispatchRequest } from '../../lambdas/dispatch/dispatch-request.ts';
import { type Dispatcher, base, config, dispatcher } from '../fixtures/dispatcher.ts';
import { type FunctionDependencies, functionDependencies } from '../fixtures/function-dependencies.ts';
import { buildIdOf } from '../fixtures/records.ts';

let home: Dispatcher;
let given: FunctionDependencies;
let invocations: number;

beforeEach(async () => {
  home = await dispatcher();
  given = functionDependencies();
  invocations = 0;
});

const call = (event: unknown, invocation = `invocation-${(invocations += 1)}`) =>
  dispatchRequest({ ...given, ports: home.ports, config }, event, invocation);

const scheduled = (time: string) => ({ by: 'schedule', request: { builder: base, client_token: time } });

describe('a call with a request', () => {
  it('is given a build, for which a turn is sent', async () => {
    const answer = await call({ request: { builder: base, variables: { n: '1' } }, by: 'arn:aws:iam::123456789012:user/ann' });
    expect(DispatchDocument.parse(answer)).toEqual({
      dispatched: { build_id: buildIdOf(1), builder: 'base', state: 'queued', how: 'accepted' },
    });
    expect(await home.build(buildIdOf(1))).toMatchObject({
      requested_by: 'arn:aws:iam::123456789012:user/ann',
      command: 'hybridcore-packer dispatch base',
      attempts: [],
    });
    expect(given.sent).toEqual([{ turn: base, delay: 0 }]);
    expect(given.lines).toEqual([
      { code: 'REQUEST_DISPATCHED', build_id: buildIdOf(1), builder: 'base', state: 'queued', how: 'accepted' },
    ]);
    expect(given.counted).toEqual({ accepted: 1 });
  });

  it('that has to wait in line is told so', async () => {
    await call({ request: { builder: base, variables: { n: '1' } } });
    await home.step();
    expect(await call({ request: { builder: base, variables: { n: '2' } } })).toMatchObject({
      dispatched: { state: 'queued', how: 'accepted' },
    });
    expect(await call({ request: { builder: base, variables: { n: '2' } } })).toMatchObject({
      dispatched: { build_id: buildIdOf(2), how: 'joined' },
    });
    expect(given.counted).toEqual({ accepted: 2 });
  });

  it('that Lambda repeats is given the same build, though its caller sent no token', async () => {
    const event = { request: { builder: base } };
    await call(event, 'the-same');
    expect(await call(event, 'the-same')).toMatchObject({ dispatched: { build_id: buildIdOf(1), how: 'known' } });
    expect(await call(event, 'another')).toMatchObject({ dispatched: { build_id: buildIdOf(3), how: 'accepted' } });
  });

  it('with a token of its own is known by that', async () => {
    const event = { request: { builder: base, client_token: 'mine' }, by: 'ann' };
    await call(event);
    expect(await call(event)).toMatchObject({ dispatched: { build_id: buildIdOf(1), how: 'known' } });
    // The first time it may have died before its turn was sent.
    expect(given.sent).toHaveLength(2);
    expect(await call({ ...event, by: 'bob' })).toMatchObject({ dispatched: { how: 'accepted' } });
  });
});

describe('a call that is refused', () => {
  it('is answered with a result that says why', async () => {
    const answer = await call({ request: { builder: base, variables: { secret: 'planted-value' } }, by: 'ann' });
    expect(Result.parse(answer)).toMatchObject({
      exit_code: 1,
      builder: 'base',
      build_id: null,
      command: 'hybridcore-packer dispatch base',
      classification: { rule: 'VARIABLE_NOT_ALLOWED' },
    });
    expect(given.lines).toEqual([
      { code: 'REQUEST_REFUSED', builder: 'base', rule: 'VARIABLE_NOT_ALLOWED', problem: expect.any(String) as string },
    ]);
    expect(given.counted).toEqual({ refused: 1 });
  });

  it.each([
    ['no object', 'build it', 'the call: '],
    ['no request', {}, 'request: '],
    ['a request that is no object', { request: 'base' }, 'request: '],
    ['keys that mean nothing', { request: { builder: base }, builder: base }, 'the call: '],
    ['a caller without a name', { request: { builder: base }, by: '' }, 'by: '],
    ['a schedule without its time', { by: 'schedule', request: { builder: base } }, 'request.client_token: '],
    ['a schedule whose time was not put in', scheduled('<aws.scheduler.scheduled-time>'), 'request.client_token: '],
  ])('since it has %s gets a result too', async (_, event, fault) => {
    const { classification, exit_code } = Result.parse(await call(event));
    expect(exit_code).toBe(1);
    expect(classification).toMatchObject({
      rule: 'REQUEST_INVALID',
      evidence: expect.arrayContaining([expect.stringContaining(fault)]) as string[],
    });
  });

  it('names its builder only where that is the name of one', async () => {
    expect(await call({ request: { builder: '\u001b[2J' } })).toMatchObject({ builder: null, command: 'hybridcore-packer dispatch' });
  });
});

describe('a call of a schedule', () => {
  it('stands for its scheduled time: the same time is the same build', async () => {
    const first = await call(scheduled('2026-11-22T03:00:00Z'));
    expect(await call(scheduled('2026-11-22T03:00:00Z'))).toMatchObject({ dispatched: { build_id: buildIdOf(1), how: 'known' } });
    expect(first).toMatchObject({ dispatched: { build_id: buildIdOf(1), how: 'accepted' } });
    expect(await home.build(buildIdOf(1))).toMatchObject({ requested_by: 'schedule' });
  });

  it('that is refused is counted as one, since nobody reads the answer', async () => {
    await call({ by: 'schedule', request: { builder: 'gone', client_token: '2026-11-22T03:00:00Z' } });
    await call({ by: 'schedule', request: null });
    expect(given.counted).toEqual({ refused: 2, refusedSchedules: 2 });
  });
});

describe('the run of another build that has ended', () => {
  it('is left to the queue: a caller waits for its own answer alone, and no call can die in the middle of it', async () => {
    const id = await home.accepted();
    await home.step();
    await home.handOver(id);
    home.service.end('SUCCEEDED');
    const touched: string[] = [];
    const watched = new Proxy(home.ports, {
      get(ports, name, receiver) {
        touched.push(String(name));
        return Reflect.get(ports, name, receiver) as unknown;
      },
    });
    const answer = await dispatchRequest({ ...given, ports: watched, config }, { request: { builder: base } }, 'invocation');
    expect(answer).toMatchObject({ dispatched: { how: 'accepted' } });
    expect(await home.build(id)).toMatchObject({ state: 'running', decision: null });
    expect(new Set(touched)).toEqual(new Set(['clock', 'ids', 'records']));
    expect(given.sent).toEqual([{ turn: base, delay: 0 }]);
  });
});

describe('a world that fails', () => {
  it('before the request was accepted throws, without the words of what failed', async () => {
    home.ports.records.commit = () => Promise.reject(new Error('planted-value'));
    await expect(call({ request: { builder: base } })).rejects.toThrow(/^the request could not be dispatched; the line CALL_FAILED/);
    expect(given.lines).toEqual([{ code: 'CALL_FAILED', builder: base, problem: 'Error: planted-value' }]);
  });

  it('once it was accepted does not hide the build from its caller, and the sweep comes back to it', async () => {
    given.breakQueue('no queue');
    expect(await call({ request: { builder: base } })).toMatchObject({ dispatched: { build_id: buildIdOf(1), state: 'queued' } });
    expect(given.lines).toEqual([
      { code: 'TURN_NOT_SENT', build_id: buildIdOf(1), builder: base, problem: 'Error: no queue' },
      { code: 'REQUEST_DISPATCHED', build_id: buildIdOf(1), builder: base, state: 'queued', how: 'accepted' },
    ]);
  });
});

it('documents what the function takes and answers', () => {
  expect(jsonSchema('dispatch-call')).toMatchObject({ required: ['request'] });
  expect(jsonSchema('dispatch')).toMatchObject({ required: ['dispatched'] });
});
