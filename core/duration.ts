import * as z from './zod.ts';

const unitMilliseconds = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const durationForm = 'a duration is a whole number and s, m, h or d: 90s, 2m, 12h, 30d';

/** A whole number and a unit: `90s`, `2m`, `12h`, `30d`. */
export const Duration = z.string({ error: durationForm }).check(z.regex(/^[1-9]\d{0,6}[smhd]$/, durationForm));

/** A duration in milliseconds. @throws ZodError when it is none. */
export function milliseconds(duration: string): number {
  const valid = Duration.parse(duration);
  const unit = valid.at(-1);
  if (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd') return Number(valid.slice(0, -1)) * unitMilliseconds[unit];
  throw new TypeError(`unreachable: the unit ${unit}`);
}

/** A duration of at most `longest`. */
export function durationUpTo(longest: string) {
  return Duration.check(
    z.refine((duration) => !Duration.safeParse(duration).success || milliseconds(duration) <= milliseconds(longest), {
      message: `at most ${longest}`,
    }),
  );
}
