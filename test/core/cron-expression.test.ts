import { describe, expect, it } from 'vitest';

import { parseCron } from '../../core/cron-expression.ts';

function parsed(expression: string) {
  const cron = parseCron(expression);
  if (!cron.ok) throw new Error(cron.problem);
  return cron.value;
}

describe('a cron expression of EventBridge Scheduler', () => {
  it('has values, lists, ranges and steps, by number or by name', () => {
    expect(parsed('0,30 8-17/3 ? FEB,APR-JUN 2-6 2026-2028')).toEqual({
      minutes: [0, 30],
      hours: [8, 11, 14, 17],
      days: { by: 'weekdays', weekdays: [2, 3, 4, 5, 6] },
      months: [2, 4, 5, 6],
      years: [2026, 2027, 2028],
    });
    expect(parsed('1/10 07/12 ? * mon-fri *')).toEqual({ ...parsed('1,11,21,31,41,51 7,19 ? 1-12 2,3,4,5,6 1970-2199') });
    expect(parsed('*/20  */12  15,1  *  ?  2026/2')).toMatchObject({
      minutes: [0, 20, 40],
      hours: [0, 12],
      days: { by: 'dates', dates: [1, 15] },
      years: Array.from({ length: 87 }, (_, index) => 2026 + 2 * index),
    });
  });

  it('has ranges that go round the end', () => {
    expect(parsed('50-5 20-2 ? NOV-FEB FRI-MON *')).toMatchObject({
      minutes: [0, 1, 2, 3, 4, 5, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59],
      hours: [0, 1, 2, 20, 21, 22, 23],
      months: [1, 2, 11, 12],
      days: { by: 'weekdays', weekdays: [1, 2, 6, 7] },
    });
    expect(parsed('0 22-4/2 * * ? *').hours).toEqual([0, 2, 4, 22]);
  });

  it.each([
    ['0 3 ? * 1 *', { by: 'weekdays', weekdays: [1] }],
    ['0 3 ? * L *', { by: 'weekdays', weekdays: [7] }],
    ['0 3 ? * 6L *', { by: 'last-weekday', weekday: 6 }],
    ['0 3 ? * FRIL *', { by: 'last-weekday', weekday: 6 }],
    ['0 3 ? * 3#2 *', { by: 'nth-weekday', weekday: 3, nth: 2 }],
    ['0 3 ? * TUE#5 *', { by: 'nth-weekday', weekday: 3, nth: 5 }],
    ['0 3 L * ? *', { by: 'last-day' }],
    ['0 3 LW * ? *', { by: 'last-working-day' }],
    ['0 3 15W * ? *', { by: 'working-day-near', date: 15 }],
  ])('says by %s which days it means', (expression, days) => {
    expect(parsed(expression).days).toEqual(days);
  });

  it.each([
    ['0 3 * * 0', /has six fields/],
    ['0 3 ? * SUN * *', /has six fields/],
    [' 0 3 ? * SUN *', /has six fields/],
    ['0\t3 ? * SUN *', /has six fields/],
    ['60 3 ? * SUN *', /field 1 is "60"; minutes takes 0-59/],
    ['? 3 ? * SUN *', /field 1 is "\?"/],
    ['*/0 3 ? * SUN *', /field 1 is "\*\/0"/],
    ['0/90 3 ? * SUN *', /field 1 is "0\/90"/],
    ['1,,2 3 ? * SUN *', /field 1 is "1,,2"/],
    ['5- 3 ? * SUN *', /field 1 is "5-"/],
    ['1/2/3 3 ? * SUN *', /field 1/],
    ['000 3 ? * SUN *', /field 1/],
    ['0 24 ? * SUN *', /field 2 is "24"; hours takes 0-23/],
    ['0 3 0 * ? *', /field 3 is "0"; day-of-month takes 1-31/],
    ['0 3 32W * ? *', /field 3 is "32W"/],
    ['0 3 W * ? *', /field 3 is "W"/],
    ['0 3 L-3 * ? *', /field 3 is "L-3"/],
    ['0 3 1,15W * ? *', /field 3 is "1,15W"/],
    ['0 3 1,L * ? *', /field 3 is "1,L"/],
    ['0 3 ? JANUARY SUN *', /field 4 is "JANUARY"; month takes 1-12 or JAN-DEC/],
    ['0 3 ? 13 SUN *', /field 4 is "13"/],
    ['0 3 ? * FUN *', /field 5 is "FUN"; day-of-week takes 1-7 or SUN-SAT \(1 is SUN\)/],
    ['0 3 ? * 0 *', /field 5 is "0"/],
    ['0 3 ? * 8 *', /field 5 is "8"/],
    ['0 3 ? * 3#6 *', /field 5 is "3#6"/],
    ['0 3 ? * 3#1,6#3 *', /field 5 is "3#1,6#3"/],
    ['0 3 ? * MON/2 *', /field 5 is "MON\/2"/],
    ['0 3 ? * SUN 1969', /field 6 is "1969"; year takes 1970-2199/],
    ['0 3 ? * SUN 2200', /field 6 is "2200"/],
    ['0 3 ? * SUN 2028-2026', /field 6 is "2028-2026"/],
    ['0 3 * * * *', /just one of day-of-month .* and day-of-week .* is \?/],
    ['0 3 ? * ? *', /just one of/],
    ['0 3 1 * SUN *', /just one of/],
  ])('is refused with the field and what it takes: %j', (expression, problem) => {
    expect(parseCron(expression)).toEqual({ ok: false, problem: expect.stringMatching(problem) as string });
  });
});
