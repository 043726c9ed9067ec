import { type Config } from '../../core/config.ts';
import { type Dispatched } from '../../core/dispatch.ts';
import { type Outcome } from '../../core/failure.ts';
import { BuilderName } from '../../core/identity.ts';
import { type Clock } from '../../core/ports.ts';
import { type Schedule, scheduleText } from '../../core/schedule.ts';
import { type ScheduledCall, scheduledCall, scheduledTimeText } from '../../core/scheduled-call.ts';
import { type ScheduleBook, type ScheduleStart, catchUpWindow } from './schedule-book.ts';
import { type ScheduleNews } from './schedule-news.ts';
import { type ScheduleTimes, scheduleTimes } from './schedule-times.ts';

/** After how long a time that could not be asked for is tried again. Milliseconds. */
const retryDelay = 30_000;

export interface SchedulesPorts {
  readonly book: ScheduleBook;
  readonly clock: Clock;
  /** Waits at most so many milliseconds, and not beyond an abort; may return early. */
  readonly wait: (milliseconds: number, until: AbortSignal) => Promise<void>;
  /** Asks for the build: `dispatch` under this request and caller. Throws where the world fails it. */
  readonly fire: (call: ScheduledCall) => Promise<Outcome<Dispatched>>;
  readonly tell: (news: ScheduleNews) => void;
}

/**
 * Fires the schedules of a configuration on this machine, each for itself, at the times at which EventBridge Scheduler fires
 * them. A time is never asked for twice: it is settled in the book once it was asked for, and what a crash or a second process
 * asks for again has the same client token. Where times were missed (a sleep, a restart), the latest is made up for, once,
 * unless it is older than `catchUpWindow`.
 *
 * @throws FailureError where the book cannot be opened.
 */
export function startSchedules(
  config: Config,
  ports: SchedulesPorts,
): { /** Fires nothing more, and waits for what is being asked for. */ stop(): Promise<void> } {
  const written = Object.entries(config.builders).flatMap(([name, { schedule }]) =>
    schedule === undefined ? [] : [{ builder: BuilderName.parse(name), schedule, expression: scheduleText(schedule) }],
  );
  const starts = ports.book.open(written, ports.clock.now());
  const stopping = new AbortController();
  const running = written.map(async (each) => {
    const start = starts.get(each.builder);
    if (start === undefined) throw new Error(`the book has no start of the schedule of ${each.builder}`);
    await keepSchedule(each, start, ports, stopping.signal);
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

interface OneSchedule {
  readonly builder: BuilderName;
  readonly schedule: Schedule;
  readonly expression: string;
}

async function keepSchedule(one: OneSchedule, start: ScheduleStart, ports: SchedulesPorts, stop: AbortSignal): Promise<void> {
  const { clock, wait, tell } = ports;
  const { builder, expression } = one;
  const times = scheduleTimes(one.schedule, start.origin);
  const settle = settling(one, ports);
  let { settled } = start;
  let next = times.after(settled);
  while (next !== undefined && !stop.aborted) {
    const now = clock.now();
    // A clock that is so far behind what was settled was wrong then: the schedule must not stand still until it is there again.
    if (settled > now + catchUpWindow) {
      settled = now;
      next = times.after(now);
    } else if (now < next) await wait(next - now, stop);
    else {
      const due = latestDue(times, next, now);
      if (due !== next)
        tell({ news: 'missed', builder, first: scheduledTimeText(next), madeUpFor: due === undefined ? null : scheduledTimeText(due) });
      next = due ?? next;
      if (await settle(due ?? null, now)) {
        settled = due ?? now;
        next = times.after(settled);
      } else await wait(retryDelay, stop);
    }
  }
  if (next === undefined) tell({ news: 'over', builder, expression });
}

/** Of the times from the first that was not asked for until now the latest; undefined where that is too old to be made up for. */
function latestDue(times: ScheduleTimes, first: number, now: number): number | undefined {
  let latest: number | undefined;
  const oldest = now - catchUpWindow;
  let at = first < oldest ? times.after(oldest - 1) : first;
  for (; at !== undefined && at <= now; at = times.after(at)) latest = at;
  return latest;
}

/**
 * Settles what is due: asks for the build of that time, or of none where all that was missed is too old.
 *
 * @returns false where it is to be tried again.
 */
function settling(
  { builder, schedule, expression }: OneSchedule,
  { book, fire, tell }: SchedulesPorts,
): (due: number | null, now: number) => Promise<boolean> {
  let refusedBy: string | undefined;
  let failedAt: number | undefined;
  return async (due, now) => {
    const time = scheduledTimeText(due ?? now);
    let asked: Outcome<Dispatched> | undefined;
    try {
      if (due !== null) asked = await fire(scheduledCall(builder, schedule, time));
      book.settle({ builder, expression }, due ?? now);
    } catch (problem) {
      if (failedAt !== (due ?? 0)) tell({ news: 'failed', builder, time, problem });
      failedAt = due ?? 0;
      return false;
    }
    if (asked === undefined) return true;
    if (asked.ok) tell({ news: 'fired', builder, time, dispatched: asked.value });
    else if (asked.failure.rule !== refusedBy) tell({ news: 'refused', builder, time, failure: asked.failure });
    refusedBy = asked.ok ? undefined : asked.failure.rule;
    return true;
  };
}
