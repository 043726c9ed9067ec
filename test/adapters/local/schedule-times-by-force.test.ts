import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { nextTimes, scheduleTimes } from '../../../adapters/local/schedule-times.ts';
import { Schedule } from '../../../core/schedule.ts';

/*
 * Every minute, or day, is asked whether it is meant, by rules that are written here beside the text of each field: neither
 * the parser nor the calendar under test has a part in the answer.
 */

/** What clocks show. */
interface Shown {
  readonly year: number;
  readonly month: number;
  readonly date: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

interface Field {
  readonly text: string;
  readonly means: (shown: Shown) => boolean;
}

const anyOf = (values: readonly string[], means: (value: number, shown: Shown) => boolean): fc.Arbitrary<Field> =>
  fc.array(fc.nat(values.length - 1), { minLength: 1, maxLength: 4 }).map((picked) => ({
    text: picked.map((index) => values[index]).join(','),
    means: (shown) => picked.some((index) => means(index, shown)),
  }));

/** A field of numbers: `of` says which of them clocks show, `first` is the least, `size` how many there are. */
function numbers(first: number, size: number, of: (shown: Shown) => number, wraps: boolean): fc.Arbitrary<Field> {
  const place = (shown: Shown) => of(shown) - first;
  const index = fc.nat(size - 1);
  const within = (value: number, from: number, to: number) => (from <= to ? value >= from && value <= to : value >= from || value <= to);
  return fc.oneof(
    fc.constant<Field>({ text: '*', means: () => true }),
    anyOf(
      Array.from({ length: size }, (_, value) => String(first + value)),
      (value, shown) => place(shown) === value,
    ),
    fc
      .tuple(index, index)
      .filter(([from, to]) => wraps || from <= to)
      .map(([from, to]): Field => ({ text: `${first + from}-${first + to}`, means: (shown) => within(place(shown), from, to) })),
    fc.tuple(index, fc.integer({ min: 1, max: size - 1 })).map(([from, step]): Field => ({
      text: `${first + from}/${step}`,
      means: (shown) => place(shown) >= from && (place(shown) - from) % step === 0,
    })),
    fc.integer({ min: 1, max: size - 1 }).map((step): Field => ({ text: `*/${step}`, means: (shown) => place(shown) % step === 0 })),
  );
}

const weekdayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

const lengthOf = ({ year, month }: Shown) => new Date(Date.UTC(year, month, 0)).getUTCDate();
const weekdayOf = ({ year, month }: Shown, date: number) => new Date(Date.UTC(year, month - 1, date)).getUTCDay();
const works = (shown: Shown, date: number) => date >= 1 && date <= lengthOf(shown) && ![0, 6].includes(weekdayOf(shown, date));

/** The nearest of all days that work: none is two days away on both sides. */
function nearest(shown: Shown, date: number): number | undefined {
  if (date > lengthOf(shown)) return undefined;
  return [0, -1, 1, -2, 2].map((away) => date + away).find((near) => works(shown, near));
}

const weekday = fc.nat(6).chain((day) => fc.constantFrom({ day, text: String(day + 1) }, { day, text: weekdayNames[day] ?? '' }));

const dates: fc.Arbitrary<Field> = fc.oneof(
  { weight: 2, arbitrary: numbers(1, 31, ({ date }) => date, true) },
  fc.constant<Field>({ text: 'L', means: (shown) => shown.date === lengthOf(shown) }),
  fc.constant<Field>({
    text: 'LW',
    means: (shown) => works(shown, shown.date) && ![1, 2, 3].some((later) => works(shown, shown.date + later)),
  }),
  fc.integer({ min: 1, max: 31 }).map((date): Field => ({ text: `${date}W`, means: (shown) => nearest(shown, date) === shown.date })),
);

const weekdays: fc.Arbitrary<Field> = fc.oneof(
  anyOf(weekdayNames, (day, shown) => shown.weekday === day),
  fc.tuple(weekday, weekday).map(([from, to]): Field => ({
    text: `${from.text}-${to.text}`,
    means: ({ weekday }) => (weekday - from.day + 7) % 7 <= (to.day - from.day + 7) % 7,
  })),
  weekday.map(({ day, text }): Field => ({
    text: `${text}L`,
    means: (shown) => shown.weekday === day && shown.date + 7 > lengthOf(shown),
  })),
  fc.tuple(weekday, fc.integer({ min: 1, max: 5 })).map(([{ day, text }, nth]): Field => ({
    text: `${text}#${nth}`,
    means: ({ weekday, date }) => weekday === day && Math.ceil(date / 7) === nth,
  })),
);

const days = fc.oneof(
  dates.map(({ text, means }) => ({ ofMonth: text, ofWeek: '?', means })),
  weekdays.map(({ text, means }) => ({ ofMonth: '?', ofWeek: text, means })),
);

const months = fc.oneof(
  numbers(1, 12, ({ month }) => month, true),
  anyOf(monthNames, (index, { month }) => month === index + 1),
);

const minute = 60_000;
const day = 1440 * minute;

function expectSame(declared: object, moments: readonly number[], expected: readonly number[], from: number): void {
  const times = scheduleTimes(Schedule.parse(declared), from);
  const until = moments.at(-1) ?? from;
  const found = nextTimes(times, from - 1, Math.min(expected.length, 300) + 1).filter((time) => time <= until);
  expect(found.slice(0, 300)).toEqual(expected.slice(0, 300));
  expect(found.every((time, index) => index === 0 || time > (found[index - 1] ?? Infinity))).toBe(true);
}

describe('the times of any cron expression', () => {
  // Half an hour, an hour and none; forward and back; on both halves of the earth.
  it.each([
    ['Europe/Berlin', '2026-10-20T00:00Z'],
    ['Europe/Berlin', '2027-03-24T00:00Z'],
    ['America/New_York', '2027-03-10T00:00Z'],
    ['Australia/Lord_Howe', '2027-03-30T00:00Z'],
    ['Africa/Cairo', '2027-10-25T00:00Z'],
    ['Asia/Kathmandu', '2026-12-28T00:00Z'],
  ])('are the minutes that it means, each the first time that clocks show it, in %s from %s', (timezone, start) => {
    const from = Date.parse(start);
    const clocks = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' });
    const first = new Map<string, number>();
    for (let moment = from - day; moment < from + 7 * day; moment += minute) {
      // "2026-10-20 02:00"
      const shown = clocks.format(moment);
      if (!first.has(shown)) first.set(shown, moment);
    }
    const minutes = [...first].flatMap(([text, moment]) => {
      const [, year, month, date, hour, minute] = (/^(\d+)-(\d+)-(\d+) (\d+):(\d+)$/.exec(text) ?? []).map(Number);
      if (year === undefined || month === undefined || date === undefined || hour === undefined || minute === undefined)
        throw new Error(`no date: ${text}`);
      const shown: Shown = { year, month, date, hour, minute, weekday: new Date(Date.UTC(year, month - 1, date)).getUTCDay() };
      return moment < from ? [] : [{ moment, shown }];
    });
    fc.assert(
      fc.property(
        numbers(0, 60, (shown) => shown.minute, true),
        numbers(0, 24, (shown) => shown.hour, true),
        days,
        ({ text, means }, hours, { ofMonth, ofWeek, means: meansDay }) => {
          expectSame(
            { cron: `${text} ${hours.text} ${ofMonth} * ${ofWeek} *`, timezone },
            minutes.map(({ moment }) => moment),
            minutes.filter(({ shown }) => means(shown) && hours.means(shown) && meansDay(shown)).map(({ moment }) => moment),
            from,
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are the days of a century that it means', () => {
    const from = Date.UTC(2019, 0, 1, 12);
    const noons = Array.from({ length: 36_500 }, (_, index) => {
      const moment = from + index * day;
      const date = new Date(moment);
      const shown: Shown = {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        date: date.getUTCDate(),
        weekday: date.getUTCDay(),
        hour: 12,
        minute: 0,
      };
      return { moment, shown };
    });
    fc.assert(
      fc.property(
        days,
        months,
        numbers(1970, 230, ({ year }) => year, false),
        ({ ofMonth, ofWeek, means }, inMonths, inYears) => {
          expectSame(
            { cron: `0 12 ${ofMonth} ${inMonths.text} ${ofWeek} ${inYears.text}` },
            noons.map(({ moment }) => moment),
            noons.filter(({ shown }) => inYears.means(shown) && inMonths.means(shown) && means(shown)).map(({ moment }) => moment),
            from,
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});
