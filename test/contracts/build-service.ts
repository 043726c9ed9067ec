import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { RunId } from '../../core/identity.ts';
import { type BuildService, type StartRequest } from '../../core/ports.ts';
import { RunRecord } from '../../core/run-record.ts';
import { runsAtOnce } from '../fixtures/build-service/runs-at-once.ts';

/** What a run of a request does: end well, end with exit status 7 in its build phase, or go on until it is stopped. */
export type Behaviour = 'succeeds' | 'fails with 7' | 'goes on';

export interface BuildServiceRig extends AsyncDisposable {
  readonly service: BuildService;
  /** Another client of the same service; where an adapter serves several processes, it may be in another one. */
  readonly other: BuildService;
  /** A request whose run behaves so. @param timeLimit milliseconds. */
  request(token: string, behaviour: Behaviour, timeLimit?: number): StartRequest;
  /** Lets time pass, on whichever clock the service goes by. Milliseconds. */
  pass(milliseconds: number): Promise<void>;
}

/**
 * What every build service promises, whatever runs behind it.
 *
 * @param make a service without any runs, that takes `runsAtOnce`.
 */
export function buildServiceContract(name: string, make: () => Promise<BuildServiceRig>): void {
  describe(`the contract of a build service: ${name}`, () => {
    let rig: BuildServiceRig;
    beforeEach(async () => {
      rig = await make();
    });
    afterEach(() => rig[Symbol.asyncDispose]());

    const start = async (token: string, behaviour: Behaviour) => {
      const answer = await rig.service.start(rig.request(token, behaviour));
      if (answer.state !== 'started') throw new Error(`not started: ${JSON.stringify(answer)}`);
      return answer.run;
    };
    const look = async (run: RunId) => {
      const [record] = await rig.service.look([run]);
      if (record === undefined) throw new Error(`${run} is not known`);
      return record;
    };
    const ended = async (run: RunId) => {
      for (let looks = 0; looks < 1000; looks += 1) {
        const record = await look(run);
        if (record.status !== 'IN_PROGRESS') return record;
        await rig.pass(20);
      }
      throw new Error(`${run} did not end`);
    };
    const phaseOf = (record: RunRecord, phase: string) => record.phases.find((each) => each.phase === phase);

    it('tells of a run that succeeds: its id, its phases and their times', async () => {
      const run = await start('a', 'succeeds');
      expect(RunId.safeParse(run).success).toBe(true);
      const record = await ended(run);
      expect(RunRecord.parse(record)).toStrictEqual(record);
      expect(record).toMatchObject({ run, status: 'SUCCEEDED' });
      expect(phaseOf(record, 'BUILD')).toMatchObject({ status: 'SUCCEEDED', contexts: [] });
      expect(record.phases.at(-1)?.phase).toBe('COMPLETED');
      expect(Date.parse(record.finished_at ?? '')).toBeGreaterThanOrEqual(Date.parse(record.started_at));
    });

    it('tells of a run that fails the exit status of the command', async () => {
      const record = await ended(await start('a', 'fails with 7'));
      expect(record.status).toBe('FAILED');
      expect(phaseOf(record, 'BUILD')?.status).toBe('FAILED');
      expect(phaseOf(record, 'BUILD')?.contexts[0]).toMatchObject({
        status_code: 'COMMAND_EXECUTION_ERROR',
        message: expect.stringMatching(/Reason: exit status 7\s*$/),
      });
    });

    it('gives equal tokens the same run, and other tokens another', async () => {
      const first = await start('a', 'succeeds');
      expect(await start('a', 'succeeds')).toBe(first);
      await ended(first);
      expect(await start('a', 'succeeds')).toBe(first);
      expect(await start('b', 'succeeds')).not.toBe(first);
    });

    it('makes one run of starts with one token, however many clients start it at once', async () => {
      const clients = [rig.service, rig.other, rig.service, rig.other, rig.other, rig.service];
      const answers = await Promise.all(clients.map((client) => client.start(rig.request('a', 'succeeds'))));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect((await ended(await start('a', 'succeeds'))).status).toBe('SUCCEEDED');
    });

    it('takes as many runs as it has room for, and no more, however many are started at once', async () => {
      const tokens = ['a', 'b', 'c', 'd', 'e', 'f'];
      const answers = await Promise.all(
        tokens.map((token, index) => (index % 2 === 0 ? rig.service : rig.other).start(rig.request(token, 'goes on'))),
      );
      const runs = answers.flatMap((answer) => (answer.state === 'started' ? [answer.run] : []));
      expect(answers.filter(({ state }) => state === 'full')).toHaveLength(tokens.length - runs.length);
      expect(new Set(runs).size).toBe(runs.length);
      expect(runs).toHaveLength(runsAtOnce);
      for (const run of runs) {
        await rig.other.stop(run);
        await ended(run);
      }
    });

    it('ends a run that outlives its time limit, and says so', async () => {
      const answer = await rig.service.start(rig.request('a', 'goes on', 1500));
      if (answer.state !== 'started') throw new Error(`not started: ${JSON.stringify(answer)}`);
      expect((await look(answer.run)).status).toBe('IN_PROGRESS');
      expect((await ended(answer.run)).status).toBe('TIMED_OUT');
    });

    it('looks up several runs at once and leaves out those that it does not know', async () => {
      const runs = [await start('a', 'succeeds'), await start('b', 'succeeds')];
      const records = await rig.service.look([
        ...runs,
        RunId.parse('arn:aws:codebuild:us-east-1:123456789012:build/other:1'),
        RunId.parse('tokens/x'),
      ]);
      expect(records.map((record) => record.run).sort()).toStrictEqual([...runs].sort());
      expect(await rig.service.look([])).toStrictEqual([]);
    });

    it('says that a run is in progress until it is stopped by force, and then what it was', async () => {
      const run = await start('a', 'goes on');
      expect(await look(run)).toMatchObject({ status: 'IN_PROGRESS', finished_at: null });
      await rig.service.stop(run);
      expect((await ended(run)).status).toBe('STOPPED');
    });

    it('takes a stop of a run that has ended, or that it does not know, without an error and without an effect', async () => {
      const run = await start('a', 'succeeds');
      const record = await ended(run);
      await rig.service.stop(run);
      await rig.service.stop(RunId.parse('unknown'));
      expect(await look(run)).toStrictEqual(record);
    });

    it('is full when as many runs are under way as it takes, and not for a token that it knows', async () => {
      const first = await start('a', 'goes on');
      const second = await start('b', 'goes on');
      expect(await rig.service.start(rig.request('c', 'succeeds'))).toMatchObject({ state: 'full', message: expect.stringContaining('2') });
      expect(await start('a', 'goes on')).toBe(first);
      await rig.service.stop(first);
      await ended(first);
      const third = await start('c', 'succeeds');
      expect((await ended(third)).status).toBe('SUCCEEDED');
      await rig.service.stop(second);
      await ended(second);
    });

    it('refuses variables that are reserved', async () => {
      const request = rig.request('a', 'succeeds');
      const answer = await rig.service.start({ ...request, environment: { ...request.environment, CODEBUILD_BUILD_ARN: 'forged' } });
      expect(answer).toMatchObject({
        state: 'refused',
        failure: { rule: 'SERVICE_REFUSED', message: expect.stringContaining('CODEBUILD_BUILD_ARN') },
      });
    });

    it('still gives the token of a forgotten run to that run', async () => {
      const run = await start('a', 'succeeds');
      await ended(run);
      await rig.service.forget(run);
      expect(await start('a', 'succeeds')).toBe(run);
    });
  });
}
