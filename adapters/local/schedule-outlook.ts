import { type Failure } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type Schedule, scheduleExpression } from '../../core/schedule.ts';
import { scheduledTimeText } from '../../core/scheduled-call.ts';
import { nextTimes, scheduleTimes } from './schedule-times.ts';

/** What comes of a schedule, for a person who wrote it. */
export interface ScheduleOutlook {
  /** In EventBridge Scheduler's words. */
  readonly expression: string;
  readonly timezone: string;
  /** The next three times, as `scheduledTimeText` writes them; of a rate as if it began now. */
  readonly next: readonly string[];
}

/** @param now milliseconds since 1970. */
export function scheduleOutlook(schedule: Schedule, now: number): ScheduleOutlook {
  const times = scheduleTimes(schedule, Math.ceil(now / 1000) * 1000);
  return {
    expression: scheduleExpression(schedule),
    timezone: schedule.timezone,
    next: nextTimes(times, now - 1, 3).map(scheduledTimeText),
  };
}

/** Why a schedule is for nothing; undefined where a time of it is still to come. */
export function endedSchedule(builder: BuilderName, { expression, timezone, next }: ScheduleOutlook): Failure | undefined {
  if (next.length > 0) return undefined;
  return {
    rule: 'CONFIG_INVALID',
    message: `builders.${builder}.schedule.cron in hybridcore.yaml never comes again: ${expression} in ${timezone}`,
    remedy: 'name a day that there is in a year that is not over, or take the schedule out',
  };
}
