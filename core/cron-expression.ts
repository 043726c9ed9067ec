/*
 * The grammar of EventBridge Scheduler's cron expressions, as its user guide has it ("Schedule types in EventBridge
 * Scheduler", "Cron-based schedules"). What the guide does not name is refused: a deployment would fail on it, or mean
 * something else.
 */

/** Which days of a month a cron expression means: just one of its two fields for days says so. */
export type CronDays =
  /** Of the month, from 1; months that have no such day are left out. */
  | { readonly by: 'dates'; readonly dates: readonly number[] }
  | { readonly by: 'last-day' }
  /** The last day from Monday to Friday. */
  | { readonly by: 'last-working-day' }
  /** The day from Monday to Friday that is nearest to a date, in the same month. */
  | { readonly by: 'working-day-near'; readonly date: number }
  /** Of the week, 1 is Sunday. */
  | { readonly by: 'weekdays'; readonly weekdays: readonly number[] }
  | { readonly by: 'nth-weekday'; readonly weekday: number; readonly nth: number }
  | { readonly by: 'last-weekday'; readonly weekday: number };

/** A cron expression as what it means: every list in order, without repeats. */
export interface CronExpression {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: CronDays;
  /** From 1. */
  readonly months: readonly number[];
  readonly years: readonly number[];
}

/** The years that a cron expression can name. */
export const cronYears = { first: 1970, last: 2199 } as const;

interface Field {
  /** Which of the six it is, from 1. */
  readonly place: number;
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** How a number may be written. */
  readonly digits: RegExp;
  /** Names of the values, from `first` on. */
  readonly names: readonly string[];
  readonly allows: string;
}

const twoDigits = /^\d{1,2}$/;
const weekdayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

const minutes: Field = {
  place: 1,
  name: 'minutes',
  first: 0,
  last: 59,
  digits: twoDigits,
  names: [],
  allows: '0-59 with , - * and steps of at most 59 (0/15)',
};
const hours: Field = {
  place: 2,
  name: 'hours',
  first: 0,
  last: 23,
  digits: twoDigits,
  names: [],
  allows: '0-23 with , - * and steps of at most 23 (8-18/2)',
};
const dayOfMonth: Field = {
  place: 3,
  name: 'day-of-month',
  first: 1,
  last: 31,
  digits: twoDigits,
  names: [],
  allows: '1-31 with , - * and /; or alone ?, L (the last day), LW (the last working day), 15W (the working day nearest to the 15th)',
};
const month: Field = {
  place: 4,
  name: 'month',
  first: 1,
  last: 12,
  digits: twoDigits,
  names: monthNames,
  allows: '1-12 or JAN-DEC with , - * and /',
};
const dayOfWeek: Field = {
  place: 5,
  name: 'day-of-week',
  first: 1,
  last: 7,
  digits: /^\d$/,
  names: weekdayNames,
  allows: '1-7 or SUN-SAT (1 is SUN) with , - and *; or alone ?, L (Saturday), 6L (the last Friday of the month), 3#2 (its second Tuesday)',
};
const year: Field = {
  place: 6,
  name: 'year',
  first: cronYears.first,
  last: cronYears.last,
  digits: /^\d{4}$/,
  names: [],
  allows: `${cronYears.first}-${cronYears.last} with , - * and /`,
};

const form =
  'a cron expression has six fields, as EventBridge Scheduler writes them: minutes hours day-of-month month day-of-week year: "0 3 ? * SUN *"';

/** What was read, or what is wrong and what is allowed in its place. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Parses a cron expression: six fields parted by blanks, without the `cron()` around them. */
export function parseCron(expression: string): Parsed<CronExpression> {
  const [first, second, third, fourth, fifth, sixth, ...more] = expression.toUpperCase().split(/ +/);
  if (first === undefined || second === undefined || third === undefined || more.length > 0) return { ok: false, problem: form };
  if (fourth === undefined || fifth === undefined || sixth === undefined) return { ok: false, problem: form };
  const inMinutes = valuesOf(minutes, first);
  if (!inMinutes.ok) return inMinutes;
  const inHours = valuesOf(hours, second);
  if (!inHours.ok) return inHours;
  const days = daysOf(third, fifth);
  if (!days.ok) return days;
  const inMonths = valuesOf(month, fourth);
  if (!inMonths.ok) return inMonths;
  const inYears = valuesOf(year, sixth);
  if (!inYears.ok) return inYears;
  return {
    ok: true,
    value: { minutes: inMinutes.value, hours: inHours.value, days: days.value, months: inMonths.value, years: inYears.value },
  };
}

/** What the two fields for days say together. */
function daysOf(ofMonth: string, ofWeek: string): Parsed<CronDays> {
  const dates: Parsed<CronDays> | undefined = ofMonth === '?' ? undefined : daysOfMonth(ofMonth);
  if (dates?.ok === false) return dates;
  const weekdays: Parsed<CronDays> | undefined = ofWeek === '?' ? undefined : daysOfWeek(ofWeek);
  if (weekdays?.ok === false) return weekdays;
  if (dates !== undefined && weekdays === undefined) return dates;
  if (weekdays !== undefined && dates === undefined) return weekdays;
  return { ok: false, problem: 'just one of day-of-month (field 3) and day-of-week (field 5) is ?: "0 3 ? * SUN *" or "0 3 1 * ? *"' };
}

function daysOfMonth(text: string): Parsed<CronDays> {
  if (text === 'L') return { ok: true, value: { by: 'last-day' } };
  if (text === 'LW') return { ok: true, value: { by: 'last-working-day' } };
  if (text.endsWith('W')) {
    const date = valueOf(dayOfMonth, text.slice(0, -1));
    return date === undefined ? fault(dayOfMonth, text) : { ok: true, value: { by: 'working-day-near', date } };
  }
  const dates = valuesOf(dayOfMonth, text);
  return dates.ok ? { ok: true, value: { by: 'dates', dates: dates.value } } : dates;
}

function daysOfWeek(text: string): Parsed<CronDays> {
  if (text === 'L') return { ok: true, value: { by: 'weekdays', weekdays: [dayOfWeek.last] } };
  const [, name, which] = /^(\w+?)(L|#[1-5])$/.exec(text) ?? [];
  if (name !== undefined && which !== undefined) {
    const weekday = valueOf(dayOfWeek, name);
    if (weekday === undefined) return fault(dayOfWeek, text);
    return {
      ok: true,
      value: which === 'L' ? { by: 'last-weekday', weekday } : { by: 'nth-weekday', weekday, nth: Number(which.slice(1)) },
    };
  }
  const weekdays = valuesOf(dayOfWeek, text);
  return weekdays.ok ? { ok: true, value: { by: 'weekdays', weekdays: weekdays.value } } : weekdays;
}

/** The values of a field that is a list of values, ranges and steps. */
function valuesOf(field: Field, text: string): Parsed<readonly number[]> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const read = partOf(field, part);
    if (read === undefined) return fault(field, text);
    for (const value of read) values.add(value);
  }
  return { ok: true, value: [...values].sort((a, b) => a - b) };
}

/** One part of such a list: `*`, `5`, `MON-FRI`, `0/15`, `8-18/2`; undefined where it is none. */
function partOf(field: Field, part: string): readonly number[] | undefined {
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0) return undefined;
  if (step === undefined) return rangeOf(field, range);
  // Days of the week take no steps, and one that leaves the field would never be taken.
  if (field === dayOfWeek || !/^\d{1,3}$/.test(step) || Number(step) < 1 || Number(step) > field.last - field.first) return undefined;
  const from = valueOf(field, range);
  const values = from === undefined ? rangeOf(field, range) : between(from, field.last);
  return values?.filter((_, index) => index % Number(step) === 0);
}

/** A range may go round the end, as from Friday to Monday or from 22 to 2; years do not. */
function rangeOf(field: Field, text: string): readonly number[] | undefined {
  if (text === '*') return between(field.first, field.last);
  const [fromText = '', toText = fromText, ...more] = text.split('-');
  const from = valueOf(field, fromText);
  const to = valueOf(field, toText);
  if (from === undefined || to === undefined || more.length > 0) return undefined;
  if (from <= to) return between(from, to);
  return field === year ? undefined : [...between(from, field.last), ...between(field.first, to)];
}

function valueOf(field: Field, text: string): number | undefined {
  const named = field.names.indexOf(text);
  if (named >= 0) return field.first + named;
  const value = Number(text);
  return field.digits.test(text) && value >= field.first && value <= field.last ? value : undefined;
}

function between(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function fault(field: Field, text: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: `its field ${field.place} is ${JSON.stringify(text)}; ${field.name} takes ${field.allows}` };
}
