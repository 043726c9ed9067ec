import { type ScheduleOutlook } from '../../adapters/local/schedule-outlook.ts';

/** A schedule and its next times, a line each, as clocks in its zone show them and in UTC. */
export function scheduleLines({ expression, timezone, next }: ScheduleOutlook): readonly string[] {
  if (expression.startsWith('rate'))
    return [`  schedule  ${expression}; had it begun now, it would come`, ...next.map((time) => `            ${time}`)];
  const day = new Intl.DateTimeFormat('en', { timeZone: timezone, weekday: 'short' });
  // The way in which Swedes write dates is ISO 8601's.
  const clock = new Intl.DateTimeFormat('sv', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' });
  const shown = (time: string) => {
    const date = new Date(time);
    return `${day.format(date)} ${clock.format(date)}${timezone === 'UTC' ? '' : `  (${time})`}`;
  };
  return [`  schedule  ${expression} in ${timezone}; it comes next`, ...next.map((time) => `            ${shown(time)}`)];
}
