import { describe, expect, it } from 'vitest';

import { openDispatchCall } from '../../core/dispatch-call.ts';
import { BuilderName } from '../../core/identity.ts';
import { BuildRequest } from '../../core/request.ts';
import { Schedule, rateInterval, scheduleExpression, scheduleText } from '../../core/schedule.ts';
import { scheduledCall, scheduledTime, scheduledTimeText } from '../../core/scheduled-call.ts';

const builder = BuilderName.parse('base');

/** What Scheduler does with what it is told to send. */
function delivered(call: unknown): unknown {
  return JSON.parse(JSON.stringify(call).replaceAll(scheduledTime, '2026-11-22T03:00:00Z'));
}

describe('what a schedule calls dispatch with', () => {
  it.each([{ rate: '1 day' }, { cron: '0 3 ? * SUN *', only_if_changed: true, max_age: '30d' }])(
    'is a good call, and a good request: %j',
    (declared) => {
      const schedule = Schedule.parse(declared);
      const opened = openDispatchCall(delivered(scheduledCall(builder, schedule)), 'an invocation');
      if (!opened.ok) throw new Error(opened.failure.message);
      expect(opened.value).toMatchObject({ by: 'schedule', builder: 'base' });
      expect(BuildRequest.parse(opened.value.request)).toEqual({
        builder: 'base',
        variables: {},
        client_token: '2026-11-22T03:00:00Z',
        only_if_changed: schedule.only_if_changed,
        ...(schedule.max_age === undefined ? {} : { max_age: schedule.max_age }),
      });
    },
  );

  it('is refused where the time was not put in: the token would be the same for every build', () => {
    expect(openDispatchCall(scheduledCall(builder, Schedule.parse({ rate: '1 day' })), 'an invocation')).toMatchObject({ ok: false });
  });

  it('is the same where the machine at hand puts the time in', () => {
    const schedule = Schedule.parse({ cron: '0 3 ? * SUN *', only_if_changed: true });
    const time = scheduledTimeText(Date.parse('2026-11-22T03:00:00.000Z'));
    expect(scheduledCall(builder, schedule, time)).toEqual(delivered(scheduledCall(builder, schedule)));
  });
});

describe('a schedule in the words of EventBridge Scheduler', () => {
  it('is its expression, and for a person its zone where that matters', () => {
    const cron = Schedule.parse({ cron: '0 3  ? * sun *', timezone: 'Europe/Berlin' });
    expect(scheduleExpression(cron)).toBe('cron(0 3 ? * SUN *)');
    expect(scheduleText(cron)).toBe('cron(0 3 ? * SUN *) Europe/Berlin');
    expect(scheduleText(Schedule.parse({ rate: '7 days', timezone: 'Europe/Berlin' }))).toBe('rate(7 days)');
  });

  it.each([
    ['1 minute', 60_000],
    ['90 minutes', 5_400_000],
    ['1 hour', 3_600_000],
    ['7 days', 604_800_000],
  ])('has a rate of %s', (rate, milliseconds) => {
    expect(rateInterval(Schedule.parse({ rate }).rate ?? '')).toBe(milliseconds);
  });
});
