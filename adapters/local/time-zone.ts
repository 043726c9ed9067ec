/** A time as a clock on the wall shows it: milliseconds since 1970, as if the zone were UTC. */
export type WallTime = number;

/** What the clocks of a zone show, as Node's own copy of the time zone database knows it. */
export interface TimeZone {
  wallTimeAt(instant: number): WallTime;
  /** The moment at which the clocks show a time; of two, where they are set back, the first; undefined where they are set forward over it. */
  instantOf(wallTime: WallTime): number | undefined;
}

/** Longer than any clock differs from UTC. */
const longestOffset = 26 * 3_600_000;

/** @param name as IANA names it. @throws RangeError where there is no such zone. */
export function timeZone(name: string): TimeZone {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: name,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const wallTimeAt = (instant: number): WallTime => {
    const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(instant)) shown[type] = Number(value);
    const { year = Number.NaN, month = Number.NaN, day, hour, minute, second } = shown;
    const whole = Date.UTC(year, month - 1, day, hour, minute, second);
    return whole + (((instant % 1000) + 1000) % 1000);
  };
  return {
    wallTimeAt,
    instantOf(wallTime) {
      let first: number | undefined;
      // Clocks are not set twice within two days, so the difference to UTC is one of these.
      for (const near of [wallTime - longestOffset, wallTime + longestOffset]) {
        const instant = wallTime - (wallTimeAt(near) - near);
        if (wallTimeAt(instant) === wallTime && (first === undefined || instant < first)) first = instant;
      }
      return first;
    },
  };
}
