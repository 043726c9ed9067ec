import { type BuilderName, isBuilderName } from '../../core/identity.ts';
import { type Database } from './sqlite-database.ts';

/**
 * How old a missed time may be to be made up for: as long as EventBridge Scheduler tries to deliver one. A schedule that is settled
 * further ahead than this was so by a clock that was wrong. Milliseconds; below `tokenLifetime`.
 */
export const catchUpWindow = 86_400_000;

/** What is recorded of a schedule, as long as it says the same. Milliseconds since 1970. */
export interface ScheduleStart {
  /** The first whole second of it: no time before that is due, and a rate counts from it. */
  readonly origin: number;
  /** Every time up to this one was asked for, refused, or missed for good. */
  readonly settled: number;
}

/** A schedule in EventBridge Scheduler's words; another text is another schedule, which starts anew. */
export interface WrittenSchedule {
  readonly builder: BuilderName;
  readonly expression: string;
}

/** What one machine remembers of its schedules, so that a restart changes no time. Several processes may have it open. */
export interface ScheduleBook {
  /** Records those that are new or say something else, forgets those that are no longer there. @returns each one's start. */
  open(schedules: readonly WrittenSchedule[], now: number): ReadonlyMap<BuilderName, ScheduleStart>;
  /** Nothing where the schedule says something else by now, or is settled further, unless a wrong clock did that. */
  settle(schedule: WrittenSchedule, time: number): void;
}

/** Over the database of the records, whose errors it throws. */
export function scheduleBook(database: Database): ScheduleBook {
  return {
    open: (schedules, now) =>
      database.transaction(() => {
        const origin = Math.ceil(now / 1000) * 1000;
        database.run(
          'DELETE FROM schedules WHERE builder NOT IN (SELECT value FROM json_each(?))',
          JSON.stringify(schedules.map(({ builder }) => builder)),
        );
        for (const { builder, expression } of schedules)
          database.run(
            `INSERT INTO schedules (builder, expression, origin, settled) VALUES (?, ?, ?, ?)
             ON CONFLICT (builder) DO UPDATE SET expression = excluded.expression, origin = excluded.origin, settled = excluded.settled
             WHERE expression <> excluded.expression`,
            builder,
            expression,
            origin,
            origin - 1,
          );
        const starts = new Map<BuilderName, ScheduleStart>();
        for (const { builder, origin, settled } of database.all('SELECT builder, origin, settled FROM schedules'))
          if (typeof builder === 'string' && isBuilderName(builder))
            starts.set(builder, { origin: Number(origin), settled: Number(settled) });
        return starts;
      }),
    settle({ builder, expression }, time) {
      database.run(
        'UPDATE schedules SET settled = ? WHERE builder = ? AND expression = ? AND settled NOT BETWEEN ? AND ?',
        time,
        builder,
        expression,
        time,
        time + catchUpWindow,
      );
    },
  };
}
