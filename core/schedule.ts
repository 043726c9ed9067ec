import { Duration } from './duration.ts';
import * as z from './zod.ts';

const cronForm =
  'a cron expression has six fields, as EventBridge Scheduler writes them: minutes hours day-of-month month day-of-week year: "0 3 ? * SUN *"';
const rateForm = 'a rate is a whole number and its unit: "1 hour", "7 days"';

/** What may stand in each field of a cron expression: its characters, not yet its sense. */
const cronFields: readonly RegExp[] = [
  /^[\d*,/-]+$/,
  /^[\d*,/-]+$/,
  /^[\d*,/?LW-]+$/,
  /^(?:[\d*,/-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)+$/i,
  /^(?:[\d*,/?L#-]|SUN|MON|TUE|WED|THU|FRI|SAT)+$/i,
  /^[\d*,/-]+$/,
];

/** Why a cron expression cannot be one; undefined where its form holds. */
function cronProblem(expression: string): string | undefined {
  const fields = expression.split(/ +/);
  if (fields.length !== cronFields.length) return cronForm;
  const wrong = fields.findIndex((field, index) => cronFields[index]?.test(field) !== true);
  if (wrong >= 0) return `its field ${wrong + 1} is ${JSON.stringify(fields[wrong])}; ${cronForm}`;
  const [, , dayOfMonth, , dayOfWeek] = fields;
  if ((dayOfMonth === '?') === (dayOfWeek === '?'))
    return 'just one of day-of-month (field 3) and day-of-week (field 5) is ?: "0 3 ? * SUN *" or "0 3 1 * ? *"';
  return undefined;
}

const Cron = z.string().check(
  z.superRefine((expression, context) => {
    const message = cronProblem(expression);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }),
);

const Rate = z.string().check(
  z.regex(/^[1-9]\d{0,5} (?:minutes?|hours?|days?)$/, rateForm),
  z.refine((rate) => !/^\d+ \w+$/.test(rate) || /^1 \w+[^s]$/.test(rate) || /^(?!1 )\d+ \w+s$/.test(rate), {
    message: 'the unit is in the singular after 1, and in the plural after more: "1 hour", "7 days"',
  }),
);

const TimeZone = z.string().check(z.refine((name) => isTimeZone(name), 'a time zone is named as IANA does: "UTC", "Europe/Berlin"'));

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '' && !/^[+-]/.test(name);
  } catch {
    return false;
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
