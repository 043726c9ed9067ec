import { parseCron } from './cron-expression.ts';
import { Duration } from './duration.ts';
import * as z from './zod.ts';

const rateForm = 'a rate is a whole number and its unit: "1 hour", "7 days"';

const Cron = z.string().check(
  z.superRefine((expression, context) => {
    const parsed = parseCron(expression);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.problem });
  }),
);

const Rate = z.string().check(
  z.regex(/^[1-9]\d{0,5} (?:minutes?|hours?|days?)$/, rateForm),
  z.refine((rate) => !/^\d+ \w+$/.test(rate) || /^1 \w+[^s]$/.test(rate) || /^(?!1 )\d+ \w+s$/.test(rate), {
    message: 'the unit is in the singular after 1, and in the plural after more: "1 hour", "7 days"',
  }),
);

const TimeZone = z.string().check(
  z.superRefine((name, context) => {
    const known = timeZoneNamed(name);
    if (known === name) return;
    const meant = known === undefined ? '' : `; did you mean ${JSON.stringify(known)}?`;
    context.addIssue({ code: 'custom', message: `a time zone is named as IANA does: "UTC", "Europe/Berlin"${meant}` });
  }),
);

/** A time zone as IANA writes it; undefined where there is none. EventBridge Scheduler minds capitals, and Node does not. */
function timeZoneNamed(name: string): string | undefined {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    if (/^[+-]/.test(name)) return undefined;
    // Of a zone with several names it may give another than the one that was asked for.
    return timeZone.toLowerCase() === name.toLowerCase() ? timeZone : name;
  } catch {
    return undefined;
  }
}

/** When a builder is built by itself, and when such a build may be skipped. */
export const Schedule = z
  .strictObject({
    cron: z.optional(Cron).check(z.describe('six fields, as EventBridge Scheduler writes them')),
    rate: z.optional(Rate).check(z.describe('a number and minutes, hours or days')),
    timezone: z.withDefault(TimeZone, 'UTC').check(z.describe('in which the cron expression is read')),
    only_if_changed: z.withDefault(z.boolean(), false).check(z.describe('skip the build where nothing changed since the newest manifest')),
    max_age: z.optional(Duration).check(z.describe('with only_if_changed: build all the same where that manifest is older')),
  })
  .check(
    z.superRefine((schedule, context) => {
      if ((schedule.cron === undefined) === (schedule.rate === undefined))
        context.addIssue({ code: 'custom', message: 'a schedule has either a cron or a rate' });
      if (schedule.max_age !== undefined && !schedule.only_if_changed)
        context.addIssue({ code: 'custom', path: ['max_age'], message: 'means something with only_if_changed alone' });
    }),
  );
export type Schedule = z.infer<typeof Schedule>;

/** A schedule in EventBridge Scheduler's words: `cron(0 3 ? * SUN *)`, `rate(7 days)`. */
export function scheduleExpression({ cron, rate }: Schedule): string {
  if (cron !== undefined) return `cron(${cron.toUpperCase().replaceAll(/ +/g, ' ')})`;
  if (rate !== undefined) return `rate(${rate})`;
  throw new TypeError('a schedule has a cron or a rate: the schema of hybridcore.yaml refuses any other');
}

/** What decides the times of a schedule, for a person: its expression, and of a cron expression the zone. */
export function scheduleText(schedule: Schedule): string {
  return schedule.cron === undefined ? scheduleExpression(schedule) : `${scheduleExpression(schedule)} ${schedule.timezone}`;
}

const rateUnits = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** How far apart the times of a rate are, in milliseconds. @throws TypeError where it is none. */
export function rateInterval(rate: string): number {
  const [, count, unit] = /^(\d+) (minute|hour|day)s?$/.exec(rate) ?? [];
  if (unit === 'minute' || unit === 'hour' || unit === 'day') return Number(count) * rateUnits[unit];
  throw new TypeError(`${rate} is no rate`);
}
