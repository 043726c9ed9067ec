import { Cron } from 'croner';

import { type CronDays, type CronExpression, cronYears } from '../../core/cron-expression.ts';
import { type WallTime } from './time-zone.ts';

/** The times of a cron expression as clocks show them, of any zone. */
export interface CronCalendar {
  /** The first one after a time; undefined where none comes any more. */
  after(wallTime: WallTime): WallTime | undefined;
}

/**
 * The calendar is croner's, which counts it in UTC: what happens where clocks are set is EventBridge Scheduler's own rule, and
 * not one of croner's (`schedule-times.ts`).
 */
export function cronCalendar(expression: CronExpression): CronCalendar {
  const cron = new Cron(cronerPattern(expression), { mode: '7-part', alternativeWeekdays: true, utcOffset: 0 });
  return {
    after: (wallTime) => cron.nextRun(new Date(wallTime))?.getTime(),
  };
}

/** A cron expression in croner's words: seconds first, ranges that go round the end as lists. */
function cronerPattern({ minutes, hours, days, months, years }: CronExpression): string {
  const every = years.length === cronYears.last - cronYears.first + 1;
  const { ofMonth, ofWeek } = cronerDays(days);
  const ofYears = every ? `${cronYears.first}-${cronYears.last}` : years.join(',');
  return ['0', minutes.join(','), hours.join(','), ofMonth, months.join(','), ofWeek, ofYears].join(' ');
}

function cronerDays(days: CronDays): { readonly ofMonth: string; readonly ofWeek: string } {
  switch (days.by) {
    case 'dates':
      return { ofMonth: days.dates.join(','), ofWeek: '?' };
    case 'last-day':
      return { ofMonth: 'L', ofWeek: '?' };
    case 'last-working-day':
      return { ofMonth: 'LW', ofWeek: '?' };
    case 'working-day-near':
      return { ofMonth: `${days.date}W`, ofWeek: '?' };
    case 'weekdays':
      return { ofMonth: '?', ofWeek: days.weekdays.join(',') };
    case 'nth-weekday':
      return { ofMonth: '?', ofWeek: `${days.weekday}#${days.nth}` };
    case 'last-weekday':
      return { ofMonth: '?', ofWeek: `${days.weekday}#L` };
  }
}
