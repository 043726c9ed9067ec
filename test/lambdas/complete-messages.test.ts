import { beforeEach, describe, expect, it } from 'vitest';

import { advance } from '../../core/advance.ts';
import { Config } from '../../core/config.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type BuildId, BuilderName, timestamp } from '../../core/identity.ts';
import { RunEvent } from '../../core/run-event.ts';
import { completeMessages } from '../../lambdas/complete/complete-messages.ts';
import { type Dispatcher, base, config, dispatcher, other } from '../fixtures/dispatcher.ts';
import { type FunctionDependencies, functionDependencies } from '../fixtures/function-dependencies.ts';

let home: Dispatcher;
let given: FunctionDependencies;

beforeEach(async () => {
  home = await dispatcher();
  given = functionDependencies();
});

function readRunEvent(event: unknown): Outcome<RunEvent> {
  const parsed = RunEvent.safeParse(event);
  return parsed.success ? success(parsed.data) : failure('REQUEST_INVALID', 'a message is no event', 'see which rule sends it');
}

/** Hands a batch over, its messages named `m1`, `m2` and so on. @returns the names of those that are to come again. */
async function take(...bodies: readonly unknown[]): Promise<readonly string[]> {
  const Records = bodies.map((body, index) => ({
    messageId: `m${index + 1}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }));
  const answer = await completeMessages({ ...given, ports: home.ports, config, readRunEvent }, { Records });
  return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

const event = (build_id: BuildId, run = 'run-1') => ({ run, status: 'SUCCEEDED', build_id });

/** A build whose run has ended and handed over a success. */
async function ended(builder: BuilderName = base): Promise<BuildId> {
  const id = await home.accepted(builder);
  await home.step(builder);
  await home.handOver(id);
  home.service.end('SUCCEEDED');
  return id;
}

describe('an event of the build service', () => {
  it('completes its build', async () => {
    const id = await ended();
    expect(await take(event(id))).toEqual([]);
    expect(await home.build(id)).toMatchObject({ state: 'succeeded' });
    expect(given.lines).toEqual([{ code: 'EVENT_TAKEN', build_id: id, run: 'run-1' }]);
  });

  it('may come twice, also in one batch', async () => {
    const id = await ended();
    expect(await take(event(id), event(id))).toEqual([]);
    expect(await home.build(id)).toMatchObject({ state: 'succeeded' });
    expect(await home.result(id)).toMatchObject({ exit_code: 0 });
  });

  it('after which the build waits for its retry sends a turn for that time', async () => {
    const id = await home.accepted();
    await home.step();
    home.service.end('FAULT');
    expect(await take(event(id))).toEqual([]);
    const { state, retry_at } = await home.build(id);
    expect(state).toBe('retrying');
    expect(given.sent).toEqual([{ turn: base, due: retry_at, delay: Date.parse(retry_at ?? '') - home.ports.clock.now() }]);
  });
});

describe('a turn', () => {
  it('starts the retry whose time has come', async () => {
    const id = await home.accepted();
    await home.step();
    home.service.end('FAULT');
    await home.step();
    home.pass(3 * 60_000);
    expect(await take({ turn: 'base' })).toEqual([]);
    expect(await home.build(id)).toMatchObject({ state: 'running', attempts: [{}, { run: 'run-2' }] });
    expect(given.lines).toEqual([{ code: 'TURN_TAKEN', builder: base }]);
    expect(given.sent).toEqual([]);
  });

  it('that comes too early sends the next one', async () => {
    const id = await home.accepted();
    await home.step();
    home.service.end('FAULT');
    await home.step();
    const { retry_at: due } = await home.build(id);
    expect(await take({ turn: 'base', due })).toEqual([]);
    expect(given.sent).toMatchObject([{ turn: base, due }]);
    // Somebody else's: the one for that time is under way.
    expect(await take({ turn: 'base' })).toEqual([]);
    expect(given.sent).toHaveLength(1);
  });

  it('asks a build service again that had no room, and again', async () => {
    const id = await home.accepted();
    home.service.answerNext({ state: 'full', message: 'no room' });
    home.service.answerNext({ state: 'full', message: 'no room' });
    expect(await take({ turn: 'base' })).toEqual([]);
    home.pass(15_000);
    expect(await take({ turn: 'base' })).toEqual([]);
    expect(given.sent).toMatchObject([
      { turn: base, delay: 15_000 },
      { turn: base, delay: 15_000 },
    ]);
    home.pass(15_000);
    expect(await take({ turn: 'base' })).toEqual([]);
    expect(await home.build(id)).toMatchObject({ state: 'running' });
  });

  it('looks for an image again that does not show yet, when it may', async () => {
    const id = await ended();
    home.service.show({ finished_at: timestamp(home.ports.clock.now()) });
    const failure = { rule: 'ARTIFACT_UNCONFIRMED', message: 'it does not show', remedy: 'look' } as const;
    home.ports.artifactCheck.look = async () => ({ state: 'absent', failure });
    expect(await take(event(id))).toEqual([]);
    expect(given.sent).toMatchObject([{ turn: base, delay: 15_000 }]);
    expect(await home.build(id)).toMatchObject({ state: 'running', decision: null });
    home.ports.artifactCheck.look = async () => ({ state: 'there' });
    home.pass(15_000);
    expect(await take({ turn: 'base' })).toEqual([]);
    expect(await home.build(id)).toMatchObject({ state: 'succeeded' });
  });

  it('for a builder of which nothing is known does no harm', async () => {
    expect(await take({ turn: 'unheard-of' })).toEqual([]);
  });
});

describe('the turn of a sweep', () => {
  it('settles what has ended, and goes on with the line', async () => {
    const [first, second] = [await ended(), await home.accepted()];
    home.ports.announcements.announce = () => Promise.reject(new Error('no bus'));
    await expect(home.step()).rejects.toThrow('no bus');
    home.ports.announcements.announce = async () => undefined;
    expect(await take({ turn: 'base', open: [first, second] })).toEqual([]);
    expect(await home.build(first)).toMatchObject({ state: 'succeeded', settled_at: expect.any(String) as string });
    expect(await home.build(second)).toMatchObject({ state: 'running' });
  });

  it('goes on with the line though what has ended cannot be settled, and leaves that to the next sweep', async () => {
    const [first, second] = [await ended(), await home.accepted()];
    home.ports.announcements.announce = () => Promise.reject(new Error('no bus'));
    await expect(home.step()).rejects.toThrow('no bus');
    expect(await take({ turn: 'base', open: [first, second] })).toEqual([]);
    expect(await home.build(second)).toMatchObject({ state: 'running' });
    expect(given.lines).toEqual([
      { code: 'SWEEP_PROBLEM', message_id: 'm1', builder: base, problem: `AggregateError: build ${first}: no bus` },
    ]);
    expect(given.counted).toEqual({ unreadableMessages: 0, failedMessages: 0, sweepProblems: 1 });
  });

  it('leaves what is due later to the next sweep, and sends a turn for what is due before it', async () => {
    const id = await ended();
    home.service.end('FAULT');
    home.ports.objects.read = async () => ({ state: 'absent' });
    const late = Config.parse({ version: 1, builders: { base: { template: 'base', retry: { delay: '1h' } } } });
    await advance(home.ports, late, base);
    const { state, retry_at: due } = await home.build(id);
    expect(state).toBe('retrying');
    expect(await take({ turn: 'base', open: [id] })).toEqual([]);
    expect(given.sent).toEqual([]);
    home.pass(Date.parse(due ?? '') - home.ports.clock.now() - 4 * 60_000);
    expect(await take({ turn: 'base', open: [id] })).toEqual([]);
    expect(given.sent).toEqual([{ turn: base, due, delay: 4 * 60_000 }]);
  });
});

describe('a batch', () => {
  it('fails the one message that fails, and goes on with the others', async () => {
    const [bad, good] = [await ended(base), await ended(other)];
    const readBuild = home.ports.records.readBuild.bind(home.ports.records);
    home.ports.records.readBuild = (id) => (id === bad ? Promise.reject(new Error('damaged')) : readBuild(id));
    expect(await take(event(bad), event(good, 'run-2'), { turn: 'other' })).toEqual(['m1']);
    expect(await home.build(good)).toMatchObject({ state: 'succeeded' });
    expect(given.lines.filter(({ code }) => code === 'MESSAGE_FAILED')).toEqual([
      { code: 'MESSAGE_FAILED', message_id: 'm1', build_id: bad, run: 'run-1', problem: 'Error: damaged' },
    ]);
    expect(given.counted).toEqual({ unreadableMessages: 0, failedMessages: 1, sweepProblems: 0 });
  });

  it('fails a message whose turn could not be sent', async () => {
    await home.accepted();
    home.service.answerNext({ state: 'full', message: 'no room' });
    given.breakQueue('no queue');
    expect(await take({ turn: 'base' })).toEqual(['m1']);
  });

  it.each([
    ['no JSON', '{"planted-value'],
    ['something else', { planted: 'planted-value' }],
    ['a turn of nothing that can be a builder', { turn: 'Planted Value' }],
    ['nothing', ''],
  ])('drops a message that is %s, logs it once, and is not blocked by it', async (_, poison) => {
    const id = await ended();
    expect(await take(poison, event(id))).toEqual([]);
    expect(await home.build(id)).toMatchObject({ state: 'succeeded' });
    expect(given.codes().filter((code) => code === 'MESSAGE_UNREADABLE')).toHaveLength(1);
    expect(given.lines[0]).toMatchObject({ code: 'MESSAGE_UNREADABLE', message_id: 'm1' });
    expect(given.counted).toEqual({ unreadableMessages: 1, failedMessages: 0, sweepProblems: 0 });
    expect(JSON.stringify(given.lines)).not.toMatch(/planted/i);
  });

  it('of no queue at all is an error', async () => {
    const call = completeMessages({ ...given, ports: home.ports, config, readRunEvent }, { detail: 'planted-value' });
    await expect(call).rejects.toThrow('this function takes batches of an SQS queue, and was called with something else');
    expect(given.codes()).toEqual(['BATCH_FAILED']);
  });

  it('goes on with one builder one message after another, and with different builders at once', async () => {
    const builders = ['a', 'b', 'c', 'd', 'e', 'f'];
    const under: string[] = [];
    let [most, together] = [0, 0];
    const readBuilder = home.ports.records.readBuilder.bind(home.ports.records);
    home.ports.records.readBuilder = async (name) => {
      if (under.includes(name)) together += 1;
      under.push(name);
      most = Math.max(most, under.length);
      await new Promise((resolve) => setTimeout(resolve, 5));
      under.splice(under.indexOf(name), 1);
      return readBuilder(name);
    };
    expect(await take(...builders.flatMap((turn) => [{ turn }, { turn }]))).toEqual([]);
    expect({ most, together }).toEqual({ most: 2, together: 0 });
  });

  it('puts an event and a turn of one builder behind each other', async () => {
    const id = await ended();
    expect(await take(event(id), { turn: 'base' }, event(id))).toEqual([]);
    expect(given.codes()).toEqual(['EVENT_TAKEN', 'TURN_TAKEN', 'EVENT_TAKEN']);
  });
});
