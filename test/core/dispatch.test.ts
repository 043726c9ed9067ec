import { beforeEach, describe, expect, it } from 'vitest';

import { joinLimit } from '../../core/build.ts';
import { queueLimit } from '../../core/builder-record.ts';
import { dispatch } from '../../core/dispatch.ts';
import { type BuildId, timestamp } from '../../core/identity.ts';
import { stopBuild } from '../../core/stop.ts';
import { type Dispatcher, base, config, dispatcher, other } from '../fixtures/dispatcher.ts';
import { buildIdOf, someTime } from '../fixtures/records.ts';

let home: Dispatcher;

beforeEach(async () => {
  home = await dispatcher();
});

const day = 86_400_000;

/** What a request was given: the number of its build in the order of the requests, and how. */
async function given(...request: Parameters<Dispatcher['ask']>): Promise<{ id: BuildId; how: string }> {
  const asked = await home.ask(...request);
  if (!asked.ok) throw new Error(asked.failure.message);
  return { id: asked.value.build.build_id, how: asked.value.how };
}

describe('the first request for an idle builder', () => {
  it('has its turn at once, and the next one waits', async () => {
    const [first, second] = [await home.accepted(), await home.accepted()];
    expect(await home.ports.records.readBuilder(base)).toMatchObject({ current: first, queue: [second] });
  });

  it('is not joined by an equal one, which waits for a build of its own', async () => {
    const first = await given(base);
    const second = await given(base);
    expect(second).toMatchObject({ how: 'accepted' });
    expect(second.id).not.toBe(first.id);
  });
});

describe('a request that is equal to one that waits', () => {
  it('joins it, and who asked is recorded', async () => {
    await home.accepted();
    const waiting = await given(base, {}, 'alice');
    expect(await given(base, {}, 'bob')).toEqual({ id: waiting.id, how: 'joined' });
    expect(await given(base, { retention: 'standard' }, 'carol')).toEqual({ id: waiting.id, how: 'joined' });
    expect(await home.build(waiting.id)).toMatchObject({ requested_by: 'alice', joined: [{ by: 'bob' }, { by: 'carol' }] });
  });

  it.each([
    ['other variables', { variables: { n: 'another' } }],
    ['variables where that one has none', { variables: { n: '' } }],
  ])('but for %s has a build of its own', async (_, changes) => {
    await home.accepted();
    const waiting = await given(base);
    expect(await given(base, changes)).toMatchObject({ how: 'accepted', id: expect.not.stringMatching(waiting.id) as string });
  });

  it('joins neither one of another builder, nor one that is to be stopped, nor one that has its turn', async () => {
    await home.accepted();
    const waiting = await given(base);
    await home.accepted(other);
    expect((await given(other)).how).toBe('accepted');
    await stopBuild(home.ports, waiting.id, 'ops');
    expect((await given(base)).how).toBe('accepted');
  });

  it('joins one that is built in any case, and not one that may be skipped', async () => {
    await home.accepted();
    const certain = await given(base);
    expect(await given(base, { only_if_changed: true })).toEqual({ id: certain.id, how: 'joined' });
    const skippable = await given(base, { variables: { n: 'x' }, only_if_changed: true, max_age: '30d' });
    expect((await given(base, { variables: { n: 'x' } })).how).toBe('accepted');
    await stopBuild(home.ports, skippable.id, 'ops');
  });

  it('joins one that may be skipped on the same terms alone', async () => {
    await home.accepted();
    const terms = { only_if_changed: true, max_age: '30d' };
    const waiting = await given(base, terms);
    expect(await given(base, { ...terms, max_age: '1d' })).toMatchObject({ how: 'accepted' });
    expect(await given(base, terms)).toEqual({ id: waiting.id, how: 'joined' });
  });

  it('joins it though the line is full', async () => {
    await home.accepted();
    const waiting = await given(base);
    for (let number = 1; number < queueLimit; number += 1) await home.accepted();
    expect(await home.ask(base, { variables: { n: 'one more' } })).toMatchObject({ ok: false, failure: { rule: 'QUEUE_FULL' } });
    expect(await given(base)).toEqual({ id: waiting.id, how: 'joined' });
  });

  it('is refused once as many as one build takes have joined', async () => {
    await home.accepted();
    const waiting = await given(base);
    const build = await home.build(waiting.id);
    const joined = Array.from({ length: joinLimit }, () => ({ at: build.requested_at, by: 'tester' }));
    await home.ports.records.commit([{ type: 'build', expected: 1, document: { ...build, version: 2, joined } }]);
    expect(await home.ask(base)).toMatchObject({
      ok: false,
      failure: { rule: 'QUEUE_FULL', message: expect.stringContaining(waiting.id) as string },
    });
  });

  it('has a build of its own where the other one gets its turn just then', async () => {
    const first = await home.accepted();
    const waiting = await given(base);
    const readBuild = home.ports.records.readBuild.bind(home.ports.records);
    home.ports.records.readBuild = async (id) => {
      const build = await readBuild(id);
      if (id === waiting.id) {
        home.ports.records.readBuild = readBuild;
        await home.step();
        await stopBuild(home.ports, first, 'ops');
        home.service.end('STOPPED');
        await home.step();
      }
      return build;
    };
    expect(await given(base)).toMatchObject({ how: 'accepted', id: expect.not.stringMatching(waiting.id) as string });
    expect(await home.build(waiting.id)).toMatchObject({ state: 'running', joined: [] });
  });
});

describe('who asks, and how,', () => {
  it('is kept as far as a record holds it: of a long name and a long command the beginning and the end', async () => {
    const by = `arn:aws:iam::123456789012:user/${'division/'.repeat(80)}alice`;
    const command = `hybridcore-packer build base ${'--var n=1 '.repeat(1000)}--json`;
    const asked = await dispatch(home.ports, config, { request: { builder: base }, command, by });
    const build = asked.ok ? asked.value.build : undefined;
    expect(build?.requested_by).toMatch(/^arn:aws:iam::123456789012:user\/division.* … .*alice$/);
    expect(build?.command).toMatch(/^hybridcore-packer build base --var .* … .* --json$/);
    expect(build?.requested_by.length).toBeLessThanOrEqual(512);
    expect(build?.command.length).toBeLessThanOrEqual(4096);
  });

  it('is told from others by the whole name', async () => {
    const name = (last: string) => `${'x'.repeat(300)}${last}${'x'.repeat(700)}`;
    const token = { client_token: 'the-same' };
    expect((await given(base, token, name('a'))).id).not.toBe((await given(base, token, name('b'))).id);
  });
});

describe('a client token', () => {
  const token = { client_token: 'schedule-2026-11-22T03:00Z' };

  it('gives the same build for the same request, also when that has long ended, for a day', async () => {
    const first = await given(base, token);
    expect(await given(base, token)).toEqual({ id: first.id, how: 'known' });
    await stopBuild(home.ports, first.id, 'ops');
    await home.step();
    home.pass(day);
    expect(await given(base, token)).toEqual({ id: first.id, how: 'known' });
    expect(home.service.asked).toHaveLength(0);
  });

  it('is a conflict for another request, and names the build that it stands for', async () => {
    const first = await given(base, token);
    expect(await home.ask(base, { ...token, variables: { n: '1' } })).toMatchObject({
      ok: false,
      failure: { rule: 'TOKEN_CONFLICT', message: expect.stringContaining(first.id) as string },
    });
  });

  it('stands for what is asked for, not for what the caller saw meanwhile', async () => {
    const seen = (digit: string) => ({ ...token, only_if_changed: true, fingerprint: `sha256:${digit.repeat(64)}` });
    const first = await given(base, seen('0'));
    expect(await given(base, seen('1'))).toEqual({ id: first.id, how: 'known' });
  });

  it('is valid for one caller and one builder', async () => {
    const first = await given(base, token, 'alice');
    expect((await given(base, token, 'bob')).id).not.toBe(first.id);
    expect((await given(other, token, 'alice')).id).not.toBe(first.id);
  });

  it('stands for the build that its request joined', async () => {
    await home.accepted();
    const waiting = await given(base);
    expect(await given(base, token)).toEqual({ id: waiting.id, how: 'joined' });
    expect(await given(base, token)).toEqual({ id: waiting.id, how: 'known' });
    expect((await home.build(waiting.id)).joined).toHaveLength(1);
  });

  it('is free again when it has expired', async () => {
    const first = await given(base, token);
    home.pass(3 * day);
    expect(await given(base, { ...token, variables: { n: '1' } })).toMatchObject({ how: 'accepted' });
    expect((await given(base, { ...token, variables: { n: '1' } })).id).not.toBe(first.id);
  });

  it('gives one build however many ask at once', async () => {
    const asked = await Promise.all(Array.from({ length: 10 }, () => given(base, token)));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect(asked.filter(({ how }) => how === 'accepted')).toHaveLength(1);
  });

  it('gives its build also to who was held up, and would be refused by now', async () => {
    const readBuilder = home.ports.records.readBuilder.bind(home.ports.records);
    let meanwhile = '';
    home.ports.records.readBuilder = async (name) => {
      home.ports.records.readBuilder = readBuilder;
      meanwhile = (await given(base, token)).id;
      const builder = await readBuilder(name);
      if (builder === undefined) throw new Error('a builder whose build was accepted has a record');
      const quarantine = { build_id: buildIdOf(1), since: timestamp(someTime), rule: 'INPUT_SECRET', reason: 'a secret', evidence: [] };
      const closed = { ...builder, version: builder.version + 1, quarantine };
      await home.ports.records.commit([{ type: 'builder', expected: builder.version, document: closed }]);
      return readBuilder(name);
    };
    expect(await given(base, token)).toEqual({ id: meanwhile, how: 'known' });
    expect(await home.ask(base)).toMatchObject({ ok: false, failure: { rule: 'BUILDER_QUARANTINED' } });
  });

  it('of a request that was refused is free for the next one', async () => {
    for (let number = 0; number <= queueLimit; number += 1) await home.accepted();
    expect((await home.ask(base, token)).ok).toBe(false);
    const [waiting] = (await home.ports.records.readBuilder(base))?.queue ?? [];
    if (waiting === undefined) throw new Error('nothing waits');
    await stopBuild(home.ports, waiting, 'ops');
    await home.step();
    expect((await given(base, token)).how).toBe('accepted');
  });
});
