import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { type ScheduleBook, catchUpWindow, scheduleBook } from '../../../adapters/local/schedule-book.ts';
import { type ScheduleNews, scheduleNewsText } from '../../../adapters/local/schedule-news.ts';
import { openDatabase } from '../../../adapters/local/sqlite-database.ts';
import { sqliteRecords } from '../../../adapters/local/sqlite-records.ts';
import { startSchedules } from '../../../adapters/local/start-schedules.ts';
import { Config } from '../../../core/config.ts';
import { type Dispatched, dispatch } from '../../../core/dispatch.ts';
import { type Outcome, failure } from '../../../core/failure.ts';
import { type ScheduledCall } from '../../../core/scheduled-call.ts';
import { buildIdOf, builderRecord } from '../../fixtures/records.ts';
import { type VirtualTime, virtualTime } from '../../fixtures/virtual-time.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse('2026-11-25T12:00:00.250Z');

let ids = 0;

interface Schedule {
  readonly cron?: string;
  readonly rate?: string;
  readonly timezone?: string;
}

function configOf(schedules: Readonly<Record<string, Schedule>>): Config {
  return Config.parse({
    version: 1,
    builders: {
      unscheduled: { template: 'u' },
      ...Object.fromEntries(Object.entries(schedules).map(([name, schedule]) => [name, { template: name, schedule }])),
    },
  });
}

/** Of a machine that never restarts: it spares thousands of writes to the disk. */
const forgetfulBook: ScheduleBook = {
  open: (schedules, now) => new Map(schedules.map(({ builder }) => [builder, { origin: now, settled: now - 1 }])),
  settle: () => undefined,
};

/** A folder with a database that vanishes after the test; opened once for each process. */
async function home(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'schedules-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'hybridcore.db');
}

interface Machine {
  /** The times that were asked for, each with its builder, as often as they were. */
  readonly fired: string[];
  readonly news: ScheduleNews[];
  readonly texts: () => string[];
  /** The builds that the records have of a builder. */
  builds(builder?: string): Promise<number>;
  /** Writes that a builder is quarantined. */
  quarantine(builder: string): Promise<void>;
  stop(): Promise<void>;
}

/** One process that fires the schedules over the records in a file. @param answers what is given instead of dispatching. */
async function machine(
  file: string,
  config: Config,
  time: VirtualTime,
  answers: (call: ScheduledCall) => Outcome<Dispatched> | undefined = () => undefined,
): Promise<Machine> {
  const database = await openDatabase(file);
  const records = sqliteRecords(database);
  const ports = { records, clock: time.clock, ids: { buildId: () => buildIdOf((ids += 1)) } };
  const fired: string[] = [];
  const news: ScheduleNews[] = [];
  const running = startSchedules(config, {
    book: scheduleBook(database),
    clock: time.clock,
    wait: time.wait,
    async fire(call) {
      fired.push(`${call.request.builder} ${call.request.client_token}`);
      return answers(call) ?? (await dispatch(ports, config, { request: call.request, by: call.by, command: 'serve' }));
    },
    tell: (each) => news.push(each),
  });
  let stopped: Promise<void> | undefined;
  const stop = () =>
    (stopped ??= (async () => {
      await running.stop();
      database.close();
    })());
  onTestFinished(stop);
  return {
    fired,
    news,
    texts: () => news.map(scheduleNewsText),
    builds: async (builder = 'base') => (await records.listBuilds(builderRecord(builder).builder, { limit: 100 })).items.length,
    async quarantine(builder) {
      const quarantine = {
        since: '2026-11-25T12:00:00.000Z',
        build_id: buildIdOf(1),
        rule: 'INPUT_SECRET',
        reason: 'a secret',
        evidence: [],
      };
      await records.commit([{ type: 'builder', expected: null, document: { ...builderRecord(builder), quarantine } }]);
    },
    stop,
  };
}

describe('the schedules of one machine', () => {
  it('ask for the build of each time under the token and the caller that the deployed home has', async () => {
    const time = virtualTime(start);
    const one = await machine(await home(), configOf({ base: { cron: '0 3 * * ? *', timezone: 'Europe/Berlin' } }), time);
    await time.runUntil(start + 2 * day);
    expect(one.fired).toEqual(['base 2026-11-26T02:00:00Z', 'base 2026-11-27T02:00:00Z']);
    expect(one.news).toMatchObject([
      {
        news: 'fired',
        time: '2026-11-26T02:00:00Z',
        dispatched: { how: 'accepted', build: { builder: 'base', requested_by: 'schedule' } },
      },
      { news: 'fired', time: '2026-11-27T02:00:00Z' },
    ]);
  });

  it('each keep to their own times, over years and every change of the clocks', async () => {
    const time = virtualTime(Date.parse('2026-01-01T00:00Z'));
    const cron = '30 2 * * ? *';
    const fired: string[] = [];
    const running = startSchedules(
      configOf({
        utc: { cron },
        berlin: { cron, timezone: 'Europe/Berlin' },
        'new-york': { cron, timezone: 'America/New_York' },
        'lord-howe': { cron: '45 1 ? * SUN *', timezone: 'Australia/Lord_Howe' },
        leap: { cron: '0 0 29 FEB ? *' },
        weekly: { rate: '7 days', timezone: 'Europe/Berlin' },
      }),
      {
        book: forgetfulBook,
        clock: time.clock,
        wait: time.wait,
        async fire({ request }) {
          fired.push(`${request.builder} ${request.client_token}`);
          return failure('QUEUE_FULL', 'full', 'wait');
        },
        tell: () => undefined,
      },
    );
    await time.runUntil(Date.parse('2029-01-01T00:00Z') - 1);
    await running.stop();
    const of = (name: string) => fired.filter((each) => each.startsWith(`${name} `)).map((each) => each.slice(name.length + 1));
    const days = 365 + 365 + 366;
    expect(of('utc')).toHaveLength(days);
    // Of each spring one time is skipped, and none of autumn comes twice.
    expect(of('berlin')).toHaveLength(days - 3);
    expect(of('new-york')).toHaveLength(days - 3);
    expect(of('berlin')).not.toContain('2027-03-28T01:30:00Z');
    expect(of('berlin').filter((each) => each.startsWith('2027-10-31'))).toEqual(['2027-10-31T00:30:00Z']);
    expect(of('new-york').filter((each) => each.startsWith('2028-03-12'))).toEqual([]);
    expect(of('lord-howe')).toHaveLength(157);
    expect(new Set(of('lord-howe').map((each) => each.slice(11)))).toEqual(new Set(['14:45:00Z', '15:15:00Z']));
    expect(of('leap')).toEqual(['2028-02-29T00:00:00Z']);
    expect(of('weekly')).toHaveLength(157);
    expect(new Set(of('weekly').map((each) => each.slice(11)))).toEqual(new Set(['00:00:00Z']));
    expect(new Set(fired).size).toBe(fired.length);
  });

  it('begin a rate at once and count it from there, also after a restart', async () => {
    const file = await home();
    const config = configOf({ base: { rate: '7 hours' } });
    const time = virtualTime(start);
    const first = await machine(file, config, time);
    await time.runUntil(start + 8 * hour);
    await first.stop();
    expect(first.fired).toEqual(['base 2026-11-25T12:00:01Z', 'base 2026-11-25T19:00:01Z']);
    const restarted = virtualTime(start + 10 * hour);
    const second = await machine(file, config, restarted);
    await restarted.runUntil(start + 10.5 * hour);
    await second.stop();
    expect(second.fired).toEqual([]);
    const later = virtualTime(start + 11 * hour);
    const third = await machine(file, config, later);
    await later.runUntil(start + 15 * hour);
    expect(third.fired).toEqual(['base 2026-11-26T02:00:01Z']);
  });

  it('make up once for what a sleep missed: for the latest time, and say so', async () => {
    const time = virtualTime(start);
    const one = await machine(await home(), configOf({ base: { cron: '0 * * * ? *' } }), time);
    await time.runUntil(start + hour);
    await time.jumpTo(start + 9.5 * hour);
    expect(one.fired).toEqual(['base 2026-11-25T13:00:00Z', 'base 2026-11-25T21:00:00Z']);
    expect(one.texts()).toContain('schedule of base: nobody was there at 2026-11-25T14:00:00Z; 2026-11-25T21:00:00Z is made up for');
    await time.runUntil(start + 10 * hour);
    expect(one.fired.slice(2)).toEqual(['base 2026-11-25T22:00:00Z']);
  });

  it('do not make up for what is older than a day, and say so once', async () => {
    const time = virtualTime(start);
    const file = await home();
    const config = configOf({ base: { cron: '0 3 ? * SUN *' } });
    const one = await machine(file, config, time);
    await time.jumpTo(Date.parse('2026-11-30T03:00:01Z'));
    expect(one.fired).toEqual([]);
    expect(one.texts()).toEqual(['schedule of base: nobody was there at 2026-11-29T03:00:00Z; that is too long ago to be made up for']);
    await time.jumpTo(Date.parse('2026-12-07T02:59:59Z'));
    expect(one.fired).toEqual(['base 2026-12-06T03:00:00Z']);
    await one.stop();
    const restarted = await machine(file, config, time);
    await time.runUntil(Date.parse('2026-12-07T04:00Z'));
    expect(restarted.news).toEqual([]);
  });

  it('make up after a restart for the latest missed time, and never ask for one again', async () => {
    const file = await home();
    const config = configOf({ base: { cron: '0 * * * ? *' } });
    const times = [1.5, 4.5, 4.6, 5.2];
    const fired: string[] = [];
    for (const at of times) {
      const time = virtualTime(start + at * hour);
      const one = await machine(file, config, time);
      await time.runUntil(start + at * hour + 1);
      await one.stop();
      fired.push(...one.fired);
    }
    // Nothing was ever due before the first start.
    expect(fired).toEqual(['base 2026-11-25T16:00:00Z', 'base 2026-11-25T17:00:00Z']);
  });

  it('give a time that a crash may have asked for already the same build', async () => {
    const file = await home();
    const config = configOf({ base: { cron: '0 13 * * ? *' } });
    const time = virtualTime(start);
    const first = await machine(file, config, time);
    await time.runUntil(start + 2 * hour);
    await first.stop();
    // As if it had ended before the time was settled.
    const database = await openDatabase(file);
    expect(database.run('UPDATE schedules SET settled = settled - 86400000').changes).toBe(1);
    database.close();
    const second = await machine(file, config, virtualTime(start + 3 * hour));
    await expect.poll(() => second.news).toMatchObject([{ news: 'fired', dispatched: { how: 'known' } }]);
    expect(await second.builds()).toBe(1);
  });

  it('fire one build for a time where two processes fire them over the same records', async () => {
    const file = await home();
    const config = configOf({ base: { cron: '0 * * * ? *' }, weekly: { rate: '1 day' } });
    const time = virtualTime(start);
    const [one, two] = [await machine(file, config, time), await machine(file, config, time)];
    await time.runUntil(start + 12 * hour + 1);
    const answers = [...one.news, ...two.news].flatMap((each) =>
      each.news === 'fired' ? [{ of: `${each.builder} ${each.time}`, how: each.dispatched.how }] : [],
    );
    expect(answers).toHaveLength(26);
    const taken = answers.filter(({ how }) => how !== 'known').map((each) => each.of);
    expect(taken).toHaveLength(13);
    expect(new Set(taken).size).toBe(13);
    // The first one runs; the others are equal, and share the one that waits.
    expect(await one.builds()).toBe(2);
  });

  it('start anew where they say something else, and are forgotten where they are gone', async () => {
    const file = await home();
    await (await machine(file, configOf({ base: { rate: '7 hours' }, other: { cron: '0 3 * * ? *' } }), virtualTime(start))).stop();
    const changed = virtualTime(start + hour);
    const second = await machine(file, configOf({ base: { rate: '5 hours' } }), changed);
    await changed.runUntil(start + 6.1 * hour);
    await second.stop();
    expect(second.fired).toEqual(['base 2026-11-25T13:00:01Z', 'base 2026-11-25T18:00:01Z']);
    // Back after a night: what was not declared then was not missed.
    const back = virtualTime(start + 20 * hour);
    const third = await machine(file, configOf({ other: { cron: '0 3 * * ? *' } }), back);
    await back.runUntil(start + 21 * hour);
    expect(third.fired).toEqual([]);
  });

  it('are told once that they are refused, and keep none of the others from firing', async () => {
    const time = virtualTime(start);
    const file = await home();
    const one = await machine(file, configOf({ base: { cron: '0 * * * ? *' }, other: { cron: '0 * * * ? *' } }), time);
    await one.quarantine('base');
    await time.runUntil(start + 5 * hour);
    expect(one.fired.filter((each) => each.startsWith('base'))).toHaveLength(5);
    expect(await one.builds()).toBe(0);
    expect(one.news.filter(({ news, builder }) => news === 'fired' && builder === 'other')).toHaveLength(5);
    expect(one.news.filter(({ news }) => news === 'refused')).toMatchObject([
      { builder: 'base', time: '2026-11-25T13:00:00Z', failure: { rule: 'BUILDER_QUARANTINED' } },
    ]);
  });

  it('try a time again that the world failed, and tell it once for each time', async () => {
    const time = virtualTime(start);
    let disk: 'full' | 'free' = 'full';
    const one = await machine(await home(), configOf({ base: { cron: '0 * * * ? *' } }), time, () => {
      if (disk === 'full') throw new Error('the disk is full');
      return undefined;
    });
    await time.runUntil(start + 1.1 * hour);
    disk = 'free';
    await time.runUntil(start + 1.5 * hour);
    expect(one.texts()[0]).toBe('schedule of base, 2026-11-25T13:00:00Z: could not be asked for, and is tried again: the disk is full');
    expect(one.news.map(({ news }) => news)).toEqual(['failed', 'fired']);
    expect(new Set(one.fired)).toEqual(new Set(['base 2026-11-25T13:00:00Z']));
    expect(await one.builds()).toBe(1);
  });

  it('are not thrown off by a clock that is set back, and fire no time again', async () => {
    const time = virtualTime(start);
    const one = await machine(await home(), configOf({ base: { cron: '0 * * * ? *' } }), time);
    await time.runUntil(start + 2 * hour);
    await time.jumpTo(start + 0.5 * hour);
    await time.runUntil(start + 2.9 * hour);
    expect(one.fired).toEqual(['base 2026-11-25T13:00:00Z', 'base 2026-11-25T14:00:00Z']);
  });

  it('go on where a clock was years ahead and is right again', async () => {
    const file = await home();
    const config = configOf({ base: { cron: '0 3 ? * SUN *' } });
    const wrong = virtualTime(Date.parse('2099-01-01T00:00Z'));
    const first = await machine(file, config, wrong);
    await wrong.runUntil(Date.parse('2099-01-05T00:00Z'));
    await first.stop();
    expect(first.fired).toHaveLength(1);
    const right = virtualTime(start);
    const second = await machine(file, config, right);
    await right.runUntil(start + 5 * day);
    await second.stop();
    expect(second.fired).toEqual(['base 2026-11-29T03:00:00Z']);
    const later = virtualTime(Date.parse('2026-12-06T04:00Z'));
    const third = await machine(file, config, later);
    await later.runUntil(Date.parse('2026-12-06T05:00Z'));
    expect(third.fired).toEqual(['base 2026-12-06T03:00:00Z']);
  });

  it('say that none of their times comes any more', async () => {
    const time = virtualTime(start);
    const one = await machine(await home(), configOf({ base: { cron: '0 13 25 11 ? 2026' } }), time);
    await time.runUntil(start + day);
    expect(one.news).toMatchObject([{ news: 'fired' }, { news: 'over', builder: 'base', expression: 'cron(0 13 25 11 ? 2026) UTC' }]);
  });

  it('stop when what is being asked for is answered, and fire nothing after it', async () => {
    const time = virtualTime(start);
    const database = await openDatabase(await home());
    onTestFinished(() => database.close());
    const asked = Promise.withResolvers<Outcome<Dispatched>>();
    const fired: string[] = [];
    const running = startSchedules(configOf({ base: { cron: '0 * * * ? *' } }), {
      book: scheduleBook(database),
      clock: time.clock,
      wait: time.wait,
      fire(call) {
        fired.push(call.request.builder);
        return asked.promise;
      },
      tell: () => undefined,
    });
    await time.runUntil(start + hour);
    let stopped = false;
    const stopping = (async () => {
      await running.stop();
      stopped = true;
    })();
    await time.runUntil(start + 2 * hour);
    expect(stopped).toBe(false);
    asked.resolve(failure('QUEUE_FULL', 'full', 'wait'));
    await stopping;
    await time.runUntil(start + 9 * hour);
    expect(fired).toEqual(['base']);
  });

  it('make up for nothing whose token may be forgotten', async () => {
    const { tokenLifetime } = await import('../../../core/request-token.ts');
    expect(catchUpWindow).toBeLessThan(tokenLifetime);
  });
});
