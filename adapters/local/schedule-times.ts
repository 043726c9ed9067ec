import { parseCron } from '../../core/cron-expression.ts';
import { type Schedule, rateInterval } from '../../core/schedule.ts';
import { cronCalendar } from './cron-calendar.ts';
import { timeZone } from './time-zone.ts';

/** When a schedule is due. */
export interface ScheduleTimes {
  /** The first time after a moment; undefined where none comes any more. Both in milliseconds since 1970. */
  after(moment: number): number | undefined;
}

/**
 * The times of a schedule, as EventBridge Scheduler has them.
 *
 * @param origin the moment from which a rate counts, and at which it is due for the first time. Milliseconds since 1970.
 */
export function scheduleTimes({ cron, rate, timezone }: Schedule, origin: number): ScheduleTimes {
  if (cron !== undefined) return cronTimes(cron, timezone);
  if (rate !== undefined) return rateTimes(rateInterval(rate), origin);
  throw new TypeError('a schedule has a cron or a rate: the schema of hybridcore.yaml refuses any other');
}

/** A day is 24 hours, whatever the clocks do. */
function rateTimes(interval: number, origin: number): ScheduleTimes {
  return {
    after: (moment) => (moment < origin ? origin : origin + (Math.floor((moment - origin) / interval) + 1) * interval),
  };
}

/**
 * What clocks skip where they are set forward is skipped, and what they show twice where they are set back is due the first
 * time alone ("Daylight savings time on EventBridge Scheduler" in its user guide).
 */
function cronTimes(text: string, zoneName: string): ScheduleTimes {
  const expression = parseCron(text);
  if (!expression.ok) throw new TypeError(`${text} is no cron expression: ${expression.problem}`);
  const calendar = cronCalendar(expression.value);
  const zone = timeZone(zoneName);
  return {
    after(moment) {
      for (let shown = calendar.after(zone.wallTimeAt(moment)); shown !== undefined; shown = calendar.after(shown)) {
        const instant = zone.instantOf(shown);
        if (instant !== undefined && instant > moment) return instant;
      }
      return undefined;
    },
  };
}

/** The next times after a moment, at most so many. Milliseconds since 1970. */
export function nextTimes(times: ScheduleTimes, moment: number, count: number): readonly number[] {
  const next: number[] = [];
  for (let at = times.after(moment); at !== undefined && next.length < count; at = times.after(at)) next.push(at);
  return next;
}
