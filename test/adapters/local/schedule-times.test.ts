import { describe, expect, it } from 'vitest';

import { nextTimes, scheduleTimes } from '../../../adapters/local/schedule-times.ts';
import { Schedule } from '../../../core/schedule.ts';
import { scheduledTimeText } from '../../../core/scheduled-call.ts';

function next(declared: object, from: string, count = 3, origin = from): string[] {
  const times = scheduleTimes(Schedule.parse(declared), Date.parse(origin));
  return nextTimes(times, Date.parse(from), count).map((time) => scheduledTimeText(time).replace(/:00Z$/, 'Z'));
}

describe('the times of a cron expression, as the user guides of EventBridge have them', () => {
  // "Cron-based schedules" of EventBridge Scheduler, and the examples beside the rules of EventBridge, which have the same cron().
  it.each([
    ['at 10:00 every day', '0 10 * * ? *', '2026-11-25T10:00Z', ['2026-11-26T10:00Z', '2026-11-27T10:00Z', '2026-11-28T10:00Z']],
    ['at 12:15 every day', '15 12 * * ? *', '2026-12-30T13:00Z', ['2026-12-31T12:15Z', '2027-01-01T12:15Z', '2027-01-02T12:15Z']],
    [
      'at 18:00 from Monday to Friday',
      '0 18 ? * MON-FRI *',
      '2026-11-26T18:00Z',
      ['2026-11-27T18:00Z', '2026-11-30T18:00Z', '2026-12-01T18:00Z'],
    ],
    [
      'at 8:00 on the first day of the month',
      '0 8 1 * ? *',
      '2026-11-25T00:00Z',
      ['2026-12-01T08:00Z', '2027-01-01T08:00Z', '2027-02-01T08:00Z'],
    ],
    ['every 15 minutes', '0/15 * * * ? *', '2026-11-25T10:01Z', ['2026-11-25T10:15Z', '2026-11-25T10:30Z', '2026-11-25T10:45Z']],
    [
      'every tenth minute from the first on',
      '1/10 * * * ? *',
      '2026-11-25T10:05Z',
      ['2026-11-25T10:11Z', '2026-11-25T10:21Z', '2026-11-25T10:31Z'],
    ],
    [
      'every 10 minutes from Monday to Friday',
      '0/10 * ? * MON-FRI *',
      '2026-11-27T23:45Z',
      ['2026-11-27T23:50Z', '2026-11-30T00:00Z', '2026-11-30T00:10Z'],
    ],
    [
      'every 5 minutes between 8:00 and 17:55 from Monday to Friday',
      '0/5 8-17 ? * MON-FRI *',
      '2026-11-27T17:50Z',
      ['2026-11-27T17:55Z', '2026-11-30T08:00Z', '2026-11-30T08:05Z'],
    ],
    [
      'every 30 minutes from evening to 2:30, and so in the night to Monday and not in the one to Saturday',
      '0/30 20-2 ? * MON-FRI *',
      '2026-11-27T23:00Z',
      [
        '2026-11-27T23:30Z',
        '2026-11-30T00:00Z',
        '2026-11-30T00:30Z',
        '2026-11-30T01:00Z',
        '2026-11-30T01:30Z',
        '2026-11-30T02:00Z',
        '2026-11-30T02:30Z',
        '2026-11-30T20:00Z',
      ],
    ],
    [
      'at 10:15 on the last Friday of each month of two years',
      '15 10 ? * 6L 2022-2023',
      '2023-10-01T00:00Z',
      ['2023-10-27T10:15Z', '2023-11-24T10:15Z', '2023-12-29T10:15Z'],
    ],
    [
      'on the second Tuesday: the 3 is Tuesday, the 2 the second one',
      '0 3 ? * 3#2 *',
      '2026-11-25T00:00Z',
      ['2026-12-08T03:00Z', '2027-01-12T03:00Z', '2027-02-09T03:00Z'],
    ],
    [
      'at 8:00 on the first Monday of the month',
      '0 8 ? * 2#1 *',
      '2026-11-25T00:00Z',
      ['2026-12-07T08:00Z', '2027-01-04T08:00Z', '2027-02-01T08:00Z'],
    ],
    [
      'on the working day nearest to the third',
      '0 9 3W * ? *',
      '2026-09-30T00:00Z',
      ['2026-10-02T09:00Z', '2026-11-03T09:00Z', '2026-12-03T09:00Z'],
    ],
    ['on the last day of the month', '0 0 L * ? *', '2027-12-31T12:00Z', ['2028-01-31T00:00Z', '2028-02-29T00:00Z', '2028-03-31T00:00Z']],
    [
      'on the last day of the week, which is Saturday',
      '0 12 ? * L *',
      '2026-11-25T00:00Z',
      ['2026-11-28T12:00Z', '2026-12-05T12:00Z', '2026-12-12T12:00Z'],
    ],
    [
      'in January, February and March',
      '0 0 1 JAN,FEB,MAR ? *',
      '2026-11-25T00:00Z',
      ['2027-01-01T00:00Z', '2027-02-01T00:00Z', '2027-03-01T00:00Z'],
    ],
    [
      'on the 7th, whatever day of the week that is',
      '0 0 7 * ? *',
      '2026-11-25T00:00Z',
      ['2026-12-07T00:00Z', '2027-01-07T00:00Z', '2027-02-07T00:00Z'],
    ],
    [
      'on day 1 of the week, which is Sunday',
      '0 3 ? * 1 *',
      '2026-11-25T00:00Z',
      ['2026-11-29T03:00Z', '2026-12-06T03:00Z', '2026-12-13T03:00Z'],
    ],
  ])('%s', (_, cron, from, times) => {
    expect(next({ cron }, from, times.length)).toEqual(times);
  });

  it.each([
    [
      'the last working day of the month',
      '0 3 LW * ? *',
      '2026-01-01T00:00Z',
      ['2026-01-30T03:00Z', '2026-02-27T03:00Z', '2026-03-31T03:00Z', '2026-04-30T03:00Z', '2026-05-29T03:00Z'],
    ],
    [
      'a working day near the first, in the same month',
      '0 3 1W * ? *',
      '2026-01-15T00:00Z',
      ['2026-02-02T03:00Z', '2026-03-02T03:00Z', '2026-04-01T03:00Z', '2026-05-01T03:00Z'],
    ],
    [
      'a working day near the 31st, of months that have one',
      '0 3 31W * ? *',
      '2026-01-01T00:00Z',
      ['2026-01-30T03:00Z', '2026-03-31T03:00Z', '2026-05-29T03:00Z'],
    ],
    [
      'the fifth Sunday, of months that have one',
      '0 3 ? * SUN#5 *',
      '2026-11-25T00:00Z',
      ['2026-11-29T03:00Z', '2027-01-31T03:00Z', '2027-05-30T03:00Z'],
    ],
    ['leap days', '0 3 29 FEB ? *', '2026-11-25T00:00Z', ['2028-02-29T03:00Z', '2032-02-29T03:00Z', '2036-02-29T03:00Z']],
    ['leap days, of which 2100 has none', '0 3 29 2 ? *', '2095-01-01T00:00Z', ['2096-02-29T03:00Z', '2104-02-29T03:00Z']],
    ['the last minute that an expression can name', '59 23 31 12 ? 2199', '2026-11-25T00:00Z', ['2199-12-31T23:59Z']],
    [
      'a range round the end of the week',
      '0 1 ? * FRI-MON *',
      '2026-11-25T00:00Z',
      ['2026-11-27T01:00Z', '2026-11-28T01:00Z', '2026-11-29T01:00Z', '2026-11-30T01:00Z', '2026-12-04T01:00Z'],
    ],
    [
      'a range round the end of the year',
      '0 0 1 NOV-FEB ? *',
      '2026-11-25T00:00Z',
      ['2026-12-01T00:00Z', '2027-01-01T00:00Z', '2027-02-01T00:00Z', '2027-11-01T00:00Z'],
    ],
  ])('%s', (_, cron, from, times) => {
    expect(next({ cron }, from, times.length)).toEqual(times);
  });

  it.each([
    ['30 FEB', '0 3 30 FEB ? *', 'UTC'],
    ['29 FEB of a year without one', '0 3 29 FEB ? 2027', 'UTC'],
    ['a past year', '0 3 ? * SUN 2020', 'UTC'],
    ['the 31st of months that have 30 days', '0 3 31W APR,JUN,SEP,NOV ? *', 'UTC'],
    ['an hour that clocks skip', '30 2 ? MAR SUN#2 2027-2030', 'America/New_York'],
  ])('never come for %s', (_, cron, timezone) => {
    expect(next({ cron, timezone }, '2026-11-25T00:00Z')).toEqual([]);
  });
});

describe('the times of a cron expression where clocks are set', () => {
  it('are skipped with the hour that is, and come again the day after', () => {
    expect(next({ cron: '30 2 * * ? *', timezone: 'America/Los_Angeles' }, '2027-03-13T00:00Z')).toEqual([
      '2027-03-13T10:30Z',
      '2027-03-15T09:30Z',
      '2027-03-16T09:30Z',
    ]);
  });

  it('come once in an hour that is repeated, before the clocks are set back', () => {
    expect(next({ cron: '30 1 * * ? *', timezone: 'America/Los_Angeles' }, '2027-11-06T00:00Z')).toEqual([
      '2027-11-06T08:30Z',
      '2027-11-07T08:30Z',
      '2027-11-08T09:30Z',
    ]);
  });

  it('come once on the day on which they are set back, also after that', () => {
    expect(next({ cron: '30 2 * * ? *', timezone: 'America/Los_Angeles' }, '2027-11-06T00:00Z')).toEqual([
      '2027-11-06T09:30Z',
      '2027-11-07T10:30Z',
      '2027-11-08T10:30Z',
    ]);
  });

  it('are not repeated either where they come every few minutes', () => {
    expect(next({ cron: '0/30 * * * ? *', timezone: 'Europe/Berlin' }, '2026-10-25T00:15Z', 4)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-25T02:00Z',
      '2026-10-25T02:30Z',
      '2026-10-25T03:00Z',
    ]);
    // Asked within the repeated hour, too.
    expect(next({ cron: '0/30 * * * ? *', timezone: 'Europe/Berlin' }, '2026-10-25T01:10Z', 1)).toEqual(['2026-10-25T02:00Z']);
  });

  it('stay at the same time of day on both sides', () => {
    expect(next({ cron: '0 9 ? * MON *', timezone: 'Europe/Berlin' }, '2026-10-18T00:00Z', 2)).toEqual([
      '2026-10-19T07:00Z',
      '2026-10-26T08:00Z',
    ]);
    expect(next({ cron: '30 8 * * ? *', timezone: 'America/New_York' }, '2027-03-13T00:00Z', 2)).toEqual([
      '2027-03-13T13:30Z',
      '2027-03-14T12:30Z',
    ]);
  });

  it.each([
    ['half an hour', 'Australia/Lord_Howe', '45 1 * * ? *', '2027-04-03T00:00Z', ['2027-04-03T14:45Z', '2027-04-04T15:15Z']],
    ['at midnight', 'Africa/Cairo', '30 0 * * ? *', '2027-04-28T00:00Z', ['2027-04-28T22:30Z', '2027-04-30T21:30Z']],
    [
      'not at all, in a zone of three quarters of an hour',
      'Asia/Kathmandu',
      '0 0 * * ? *',
      '2026-11-25T00:00Z',
      ['2026-11-25T18:15Z', '2026-11-26T18:15Z'],
    ],
    ['by a whole day', 'Pacific/Apia', '0 12 * * ? *', '2011-12-28T23:00Z', ['2011-12-29T22:00Z', '2011-12-30T22:00Z']],
  ])('hold where they are set by %s', (_, timezone, cron, from, times) => {
    expect(next({ cron, timezone }, from, times.length)).toEqual(times);
  });

  it('do not move in UTC', () => {
    expect(next({ cron: '30 2 * * ? *' }, '2027-03-27T03:00Z', 2)).toEqual(['2027-03-28T02:30Z', '2027-03-29T02:30Z']);
  });
});

describe('the times of a rate', () => {
  it('count from its origin, which is the first', () => {
    expect(next({ rate: '7 days' }, '2026-11-24T00:00Z', 3, '2026-11-25T10:01Z')).toEqual([
      '2026-11-25T10:01Z',
      '2026-12-02T10:01Z',
      '2026-12-09T10:01Z',
    ]);
    expect(next({ rate: '7 days' }, '2026-12-02T10:01Z', 1, '2026-11-25T10:01Z')).toEqual(['2026-12-09T10:01Z']);
    expect(next({ rate: '90 minutes' }, '2027-01-01T00:00Z', 2, '2026-11-25T10:01Z')).toEqual(['2027-01-01T01:01Z', '2027-01-01T02:31Z']);
  });

  it('are 24 hours apart for a day, whatever the clocks do', () => {
    expect(next({ rate: '1 day', timezone: 'Europe/Berlin' }, '2027-03-27T05:00Z', 2, '2027-03-01T10:00Z')).toEqual([
      '2027-03-27T10:00Z',
      '2027-03-28T10:00Z',
    ]);
  });
});
