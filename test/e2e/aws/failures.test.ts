import { afterEach, expect, it } from 'vitest';

import { type FunctionName } from '../../../core/contract/deployment.ts';
import { BuildId, BuilderName } from '../../../core/identity.ts';
import { type Result } from '../../../core/result.ts';
import { describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { type AwsCall, type FaultRule } from '../../fixtures/aws/deployment/recording-proxy.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';
import { ebsBuilder, scriptBuilder } from '../../fixtures/aws/stage/image-repository.ts';
import { stageOfFile } from './stage-of-test.ts';

describeWithMoto('what fails on AWS', () => {
  describeWithAwsCommandLine('as deployed', () => {
    const stage = stageOfFile(() => ({
      builders: {
        scarce: ebsBuilder({ retry: { delay: '5s' } }),
        throttled: ebsBuilder(),
        barred: ebsBuilder(),
        quick: scriptBuilder('quick'),
        swift: scriptBuilder('quick'),
        brisk: scriptBuilder('quick'),
      },
      scripts: { quick: 'echo done' },
    }));
    const heal: (() => void)[] = [];
    afterEach(() => {
      for (const each of heal.splice(0)) each();
      stage().events('delivered');
    });
    const fail = (builder: string, action: string, code: string) => {
      const rule: FaultRule = { principal: stage().roleOf(builder), service: 'ec2', action, times: Infinity, fault: { code } };
      heal.push(stage().world.proxy.fail(rule));
    };
    const resultOf = async (path: string | null) => (await stage().json(path ?? '')) as unknown as Result;
    const delaysOfTurns = () =>
      stage()
        .world.proxy.calls.filter(
          ({ action, parameters }) => action === 'SendMessage' && String(parameters['MessageBody']).includes('"due"'),
        )
        .map(({ parameters }) => parameters['DelaySeconds']);

    it('no capacity: tries once more after the delay, which the queue itself holds back, and heals', async () => {
      fail('scarce', 'RunInstances', 'InsufficientInstanceCapacity');
      const id = await stage().dispatch('scarce');
      const waiting = await stage().until(id, ({ state }) => state === 'retrying');
      expect(waiting.attempts[0]?.outcome?.verdict).toMatchObject({ exit_code: 2, classification: { rule: 'AWS_CAPACITY' } });
      // The record tells of the retry before the turn is sent. The delay is five seconds and its jitter, less what has passed.
      await expect.poll(delaysOfTurns).toHaveLength(1);
      expect([0, 1, 2, 3, 4, 5, 6]).toContain(delaysOfTurns()[0]);
      for (const each of heal.splice(0)) each();
      const build = await stage().ended(id);
      expect(build).toMatchObject({
        state: 'succeeded',
        attempts: [{ attempt: 1 }, { attempt: 2, outcome: { verdict: { exit_code: 0 } } }],
      });
      expect(await resultOf(build.result_path)).toMatchObject({ exit_code: 0, attempt: 2, retryable: false });
      expect(stage().told(id)).toEqual([]);
    });

    it('throttled twice: 2, escalated, and the operators are told once', async () => {
      fail('throttled', 'DescribeImages', 'RequestLimitExceeded');
      const id = await stage().dispatch('throttled');
      const build = await stage().ended(id);
      expect(build).toMatchObject({ state: 'escalated', manifest: null });
      expect(build.attempts.map(({ outcome }) => outcome?.verdict.classification.rule)).toEqual(['AWS_THROTTLED', 'AWS_THROTTLED']);
      expect(await resultOf(build.result_path)).toMatchObject({ exit_code: 2, attempt: 2, retryable: false });
      await stage().invoke('reconcile', {});
      expect(stage().told(id)).toHaveLength(1);
      expect(stage().announced(id)).toMatchObject([{ state: 'escalated', exit_code: 2 }]);
    });

    it('not authorised: 3, the builder is closed, and the next request is answered 3', async () => {
      fail('barred', 'RunInstances', 'UnauthorizedOperation');
      const id = await stage().dispatch('barred');
      const build = await stage().ended(id);
      expect(build.state).toBe('quarantined');
      expect(build.attempts).toHaveLength(1);
      expect(await resultOf(build.result_path)).toMatchObject({ exit_code: 3, retryable: false });
      expect(stage().told(id)).toHaveLength(1);
      const next = await stage().invoke('dispatch', { request: { builder: 'barred' } });
      expect(next).toMatchObject({
        state: 'returned',
        value: { exit_code: 3, build_id: null, classification: { rule: 'BUILDER_QUARANTINED' } },
      });
    });

    it('an event that is lost: the sweep finds the run that has ended', async () => {
      stage().events('lost');
      const id = await stage().dispatch('quick');
      const run = (await stage().records.readBuild(id))?.attempts[0]?.run;
      await expect.poll(() => stage().statusOf(run), { timeout: 90_000 }).toBe('SUCCEEDED');
      await stage().pump();
      expect(await stage().records.readBuild(id)).toMatchObject({ state: 'running' });
      expect(await stage().invoke('reconcile', {})).toMatchObject({ state: 'returned', value: { open: 1 } });
      expect(await stage().ended(id)).toMatchObject({ state: 'succeeded' });
    });

    it('an event that comes twice changes nothing', async () => {
      stage().events('twice');
      const id = await stage().dispatch('quick');
      const ended = await stage().ended(id);
      const keys = await stage().keys('');
      for (let again = 0; again < 3; again += 1) await stage().pump();
      expect(await stage().records.readBuild(id)).toEqual(ended);
      expect(await stage().keys('')).toEqual(keys);
      expect(stage().announced(id)).toHaveLength(1);
      expect(ended).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
    });

    /** The places at which the functions of a session write something, as numbers of its calls. */
    const writesOf = (calls: readonly AwsCall[], session: string | null | undefined) =>
      calls
        .filter((call) => call.session === session && !isLambdas(call))
        .flatMap(({ action }, index) => (/^(?:Put|Transact|StartBuild|Delete|Publish|SendMessage)/.test(action) ? [index + 1] : []));

    it('a function that is killed half-way is made good by the message that comes again', async () => {
      const { proxy } = stage().world;
      const host = stage().parts.host('complete');
      // What it calls where nothing goes wrong, in a process that has called nothing yet.
      await host.cool();
      proxy.forget();
      await stage().ended(await stage().dispatch('quick'));
      const calls = proxy.calls.filter(({ principal }) => principal === host.definition.roleName);
      const seal = calls.find(({ action, parameters }) => action === 'PutObject' && String(parameters['key']).startsWith('artifacts/'));
      const writes = writesOf(calls, seal?.session);
      expect(writes.length).toBeGreaterThan(8);
      const moments = [writes[0], writes[Math.floor(writes.length / 3)], writes[Math.floor((2 * writes.length) / 3)], writes.at(-1)];
      let killed = 0;
      for (const [index, call] of moments.entries()) {
        const id = await stage().dispatch('quick');
        const run = (await stage().records.readBuild(id))?.attempts[0]?.run;
        await expect.poll(() => stage().statusOf(run), { timeout: 90_000 }).toBe('SUCCEEDED');
        // Before the call is heard, and once it is carried out.
        host.killNext({ call: call ?? 0, at: index % 2 === 0 ? 'before' : 'after' });
        await stage().pump();
        if ((await stage().records.readBuild(id))?.settled_at === null) killed += 1;
        await stage().parts.mapping?.comeAgain();
        const build = await stage().ended(id);
        expect(build).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
        expect(await stage().json(`artifacts/quick/${id}.hash.json`)).toMatchObject({ build_id: id });
        expect(await resultOf(build.result_path)).toMatchObject({ exit_code: 0, build_id: id });
        await stage().invoke('reconcile', {});
        await stage().pump();
        expect((await stage().records.readBuild(id))?.settled_at).not.toBeNull();
        expect(stage().announced(id).length).toBeGreaterThanOrEqual(1);
      }
      expect(killed).toBeGreaterThanOrEqual(3);
      const sequence = (await stage().keys('artifacts/quick/')).length;
      expect(await stage().json('artifacts/quick.hash.json')).toMatchObject({ sequence });
    });

    it('a request that is killed before or after its turn is sent leaves one build with one attempt, which the sweep goes on with', async () => {
      const host = stage().parts.host('dispatch');
      const ask = (client_token: string) => ({ request: { builder: 'quick', client_token }, by: 'somebody' });
      const send = await callOf(
        'dispatch',
        () =>
          stage()
            .dispatch('quick')
            .then((id) => stage().ended(id)),
        1,
      );
      expect(send).toBeGreaterThan(1);
      for (const at of ['before', 'after'] as const) {
        await host.cool();
        host.killNext({ call: send, at });
        expect(await stage().invoke('dispatch', ask(at))).toMatchObject({ state: 'killed' });
        await stage().invoke('reconcile', {});
        // Whoever asked has heard nothing, and asks again.
        const again = await stage().invoke('dispatch', ask(at));
        expect(again).toMatchObject({ state: 'returned', value: { dispatched: { how: 'known' } } });
        const [newest] = (await stage().records.listBuilds(BuilderName.parse('quick'), { limit: 1 })).items;
        expect(again).toMatchObject({ value: { dispatched: { build_id: newest?.build_id } } });
        expect(await stage().ended(BuildId.parse(newest?.build_id))).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
      }
    });

    it.each(['before', 'after'] as const)(
      'a sweep that is killed %s the second of its turns is sent: the next one serves all',
      async (at) => {
        const host = stage().parts.host('reconcile');
        stage().events('lost');
        const ids: BuildId[] = [];
        for (const builder of ['quick', 'swift', 'brisk']) ids.push(await stage().dispatch(builder));
        const builds = () => Promise.all(ids.map((id) => stage().records.readBuild(id)));
        for (const build of await builds())
          await expect.poll(() => stage().statusOf(build?.attempts[0]?.run), { timeout: 90_000 }).toBe('SUCCEEDED');
        const second = await callOf('reconcile', () => stage().invoke('reconcile', {}), 2);
        // Its turns are lost, so that they do not make up for what follows.
        await stage().parts.mapping?.lose();
        host.killNext({ call: second, at });
        expect(await stage().invoke('reconcile', {})).toMatchObject({ state: 'killed' });
        await stage().parts.mapping?.lose();
        expect((await builds()).map((build) => build?.state)).toEqual(['running', 'running', 'running']);
        expect(await stage().invoke('reconcile', {})).toMatchObject({ state: 'returned', value: { open: 3 } });
        for (const id of ids) expect(await stage().ended(id)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
      },
    );

    /** Which call of a function sends the n-th turn, in a process that has called nothing yet; the next one begins anew. */
    async function callOf(name: FunctionName, work: () => Promise<unknown>, nth: number): Promise<number> {
      const { proxy } = stage().world;
      const host = stage().parts.host(name);
      await host.cool();
      proxy.forget();
      await work();
      await host.cool();
      const own = proxy.calls.filter((call) => call.principal === host.definition.roleName && !isLambdas(call));
      return own.flatMap(({ action }, index) => (action === 'SendMessage' ? [index + 1] : []))[nth - 1] ?? 0;
    }
  });
});

/** What Lambda asks for by itself in the name of the function. */
function isLambdas({ service }: AwsCall): boolean {
  return service === 'logs' || service === 'sts';
}
