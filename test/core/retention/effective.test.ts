import { describe, expect, it } from 'vitest';

import { type LifecycleWork, effectiveRetention } from '../../../core/retention/effective.ts';
import { type Bucket, type ObjectVersion, dayMilliseconds } from '../../../core/retention/lifecycle.ts';
import { stepSentence } from '../../../core/retention/retention-step.ts';
import { afterDays, bucketWith, created, midnight, rule, version } from '../../fixtures/retention/buckets.ts';

/** The fates of all versions, with dates that a person reads. */
function fates(bucket: Bucket, versions: readonly ObjectVersion[] = [version()], work: Partial<LifecycleWork> = {}) {
  const dated = (moment: number | null) => (moment === null ? null : new Date(moment).toISOString());
  const found = effectiveRetention(bucket, 'state/packer/logs/x.json', versions, { seen: versions.at(-1)?.created ?? 0, lag: 0, ...work });
  return {
    versions: found.versions.map(({ hidden, goes, steps }) => ({
      hidden: dated(hidden),
      goes: dated(goes),
      why: steps.map((step) => stepSentence(step)),
    })),
    empty: dated(found.empty),
  };
}

const noncurrentAfter = (days: number, newer = 0) => ({ noncurrent: { days, newer } });
const markers = rule('markers', { expiration: { by: 'lone-marker' } });

describe('effective retention', () => {
  it('without versions is the days of the rule, at the next midnight UTC', () => {
    expect(fates(bucketWith([rule('month', { expiration: afterDays(30) })], { versioning: 'off' }))).toEqual({
      versions: [
        {
          hidden: null,
          goes: midnight(31),
          why: [
            `month removes it: 2026-01-01T10:30:00.000Z + 30 days = 2026-01-31T10:30:00.000Z, at the next midnight UTC ${midnight(31)}`,
          ],
        },
      ],
      empty: midnight(31),
    });
  });

  it('is exact where the moment is midnight', () => {
    const bucket = bucketWith([rule('month', { expiration: afterDays(30) })], { versioning: 'off' });
    expect(fates(bucket, [version({ created: Date.parse(midnight(0)) })]).versions[0]?.goes).toBe(midnight(30));
  });

  it('doubles in a versioned bucket whose noncurrent versions wait as long again', () => {
    const bucket = bucketWith([rule('month', { expiration: afterDays(30), ...noncurrentAfter(30) }), markers]);
    expect(fates(bucket)).toMatchObject({ versions: [{ hidden: midnight(31), goes: midnight(61) }], empty: midnight(62) });
  });

  it('never ends in a versioned bucket without a rule for noncurrent versions: an expiry only adds a delete marker', () => {
    const bucket = bucketWith([rule('month', { expiration: afterDays(30) }), markers]);
    expect(fates(bucket)).toMatchObject({ versions: [{ hidden: midnight(31), goes: null }], empty: null });
    expect(fates(bucket).versions[0]?.why.at(-1)).toBe(
      'no rule removes noncurrent versions of it, so it stays for good behind the delete marker',
    );
  });

  it('is that of the shortest rule where prefixes and tags overlap', () => {
    const bucket = bucketWith(
      [
        rule('all', { expiration: afterDays(90) }),
        rule('logs', { expiration: afterDays(20), filter: { prefix: 'state/packer/logs/' } }),
        rule('short', { expiration: afterDays(7), filter: { prefix: 'state/', tags: { class: 'short' } } }),
        rule('both', { expiration: afterDays(1), filter: { tags: { class: 'short', kind: 'log' } } }),
      ],
      { versioning: 'off' },
    );
    expect(fates(bucket, [version({ tags: { class: 'long' } })]).versions[0]?.goes).toBe(midnight(21));
    expect(fates(bucket, [version({ tags: { class: 'short' } })]).versions[0]?.goes).toBe(midnight(8));
    expect(fates(bucket, [version({ tags: { class: 'short', kind: 'log' } })]).versions[0]?.goes).toBe(midnight(2));
  });

  it('is that of the lock where it is longer than the expiry, which hides all the same', () => {
    const bucket = bucketWith([rule('week', { expiration: afterDays(7), ...noncurrentAfter(1) }), markers]);
    const locked = version({ lock: { mode: 'COMPLIANCE', until: created + 100 * dayMilliseconds } });
    expect(fates(bucket, [locked])).toMatchObject({ versions: [{ hidden: midnight(8), goes: midnight(101) }], empty: midnight(102) });
    expect(fates(bucket, [locked]).versions[0]?.why.at(-1)).toBe('a lock (COMPLIANCE) keeps it until 2026-04-11T10:30:00.000Z');
  });

  it('is not changed by a lock that is shorter than the expiry', () => {
    const bucket = bucketWith([rule('week', { expiration: afterDays(7), ...noncurrentAfter(1) })]);
    const locked = version({ lock: { mode: 'GOVERNANCE', until: created + 2 * dayMilliseconds } });
    expect(fates(bucket, [locked])).toEqual(fates(bucket));
  });

  it("is that of the bucket's default lock where a version came without one", () => {
    const bucket = bucketWith([rule('week', { expiration: afterDays(7), ...noncurrentAfter(1) })], {
      defaultLock: { mode: 'GOVERNANCE', days: 50 },
    });
    expect(fates(bucket, [version({ lock: 'of-bucket' })]).versions[0]?.goes).toBe(midnight(51));
  });

  it('has no end under a legal hold', () => {
    const bucket = bucketWith([rule('week', { expiration: afterDays(7), ...noncurrentAfter(1) })]);
    expect(fates(bucket, [version({ legalHold: true })])).toMatchObject({ versions: [{ hidden: midnight(8), goes: null }], empty: null });
  });

  it('of a delete marker with no versions left ends with a rule for it, and else never', () => {
    const marker = version({ deleteMarker: true });
    expect(fates(bucketWith([markers]), [marker])).toMatchObject({ versions: [{ goes: midnight(1) }], empty: midnight(1) });
    expect(fates(bucketWith([rule('month', { expiration: afterDays(30) })]), [marker]).versions[0]?.goes).toBe(midnight(31));
    const tagged = rule('tagged', { expiration: afterDays(30), filter: { tags: { class: 'short' } } });
    expect(fates(bucketWith([tagged]), [marker]).versions[0]).toMatchObject({
      goes: null,
      why: ['no rule removes a delete marker that is alone, so it stays for good'],
    });
  });

  it('of a delete marker waits for the last version behind it', () => {
    const bucket = bucketWith([markers, rule('versions', noncurrentAfter(10))]);
    const versions = [version({ noncurrentSince: created + 1 }), version({ id: 'v2', created: created + 1, deleteMarker: true })];
    expect(fates(bucket, versions).versions.map(({ goes }) => goes)).toEqual([midnight(11), midnight(12)]);
  });

  it('leaves a delete marker that a newer version hides to a rule without a tag', () => {
    const versions = [version({ deleteMarker: true, noncurrentSince: created + 1 }), version({ id: 'v2', created: created + 1 })];
    const tagged = rule('tagged', { ...noncurrentAfter(1), filter: { tags: { class: 'short' } } });
    expect(fates(bucketWith([tagged, markers]), versions).versions[0]?.goes).toBeNull();
    expect(fates(bucketWith([tagged, markers, rule('all', noncurrentAfter(5))]), versions).versions[0]?.goes).toBe(midnight(6));
  });

  it.each([
    [100, 'larger than its own size', { largerThan: 100 }, null],
    [101, 'larger than a byte less', { largerThan: 100 }, midnight(8)],
    [100, 'smaller than its own size', { smallerThan: 100 }, null],
    [99, 'smaller than a byte more', { smallerThan: 100 }, midnight(8)],
    [5, 'between two sizes', { largerThan: 4, smallerThan: 6 }, midnight(8)],
  ])('of %d bytes under a rule for what is %s', (size, _, filter, goes) => {
    const bucket = bucketWith([rule('sized', { expiration: afterDays(7), filter })], { versioning: 'off' });
    expect(fates(bucket, [version({ size })]).versions[0]?.goes).toBe(goes);
  });

  it('does not end with a transition, nor with a disabled rule', () => {
    const rules = [rule('archive', { transitions: 2 }), rule('off', { enabled: false, expiration: afterDays(1), ...noncurrentAfter(1) })];
    expect(fates(bucketWith(rules, { versioning: 'off' }))).toMatchObject({
      versions: [{ goes: null, why: ['no rule expires it, so it stays for good'] }],
    });
  });

  it('ends with a date that has passed at the next midnight', () => {
    const bucket = bucketWith([rule('once', { expiration: { by: 'date', date: created - 5 * dayMilliseconds } })], { versioning: 'off' });
    expect(fates(bucket).versions[0]?.goes).toBe(midnight(1));
  });

  it('of noncurrent versions spares so many of the newest', () => {
    const bucket = bucketWith([rule('newest', noncurrentAfter(2, 1))]);
    const at = (n: number) => created + n * dayMilliseconds;
    const versions = [0, 1, 2].map((n) => version({ id: `v${n}`, created: at(n), noncurrentSince: n === 2 ? null : at(n + 1) }));
    expect(fates(bucket, versions).versions.map(({ goes, why }) => [goes, why.at(-1)])).toEqual([
      [midnight(4), expect.stringMatching(/^newest removes what is noncurrent/)],
      [null, 'rules spare it as one of the newest noncurrent versions, so it stays for good'],
      [null, 'no rule expires it, so it stays for good'],
    ]);
  });

  it('where versioning is suspended loses the version null to the delete marker', () => {
    const bucket = bucketWith([rule('week', { expiration: afterDays(7) }), markers], { versioning: 'suspended' });
    expect(fates(bucket, [version({ id: 'null' })])).toMatchObject({ versions: [{ hidden: null, goes: midnight(8) }], empty: midnight(9) });
    const behind = [version({ id: 'null', noncurrentSince: created + 1 }), version({ id: 'v2', created: created + 1 })];
    expect(fates(bucket, behind).versions.map(({ hidden, goes }) => [hidden, goes])).toEqual([
      [null, midnight(8)],
      [midnight(8), null],
    ]);
  });

  it('is later by as much as S3 takes for its daily work, and the days of what it hid count from then', () => {
    const bucket = bucketWith([rule('month', { expiration: afterDays(30), ...noncurrentAfter(1) }), markers]);
    const lag = dayMilliseconds - 1;
    const late = (day: number) => new Date(Date.parse(midnight(day)) + lag).toISOString();
    expect(fates(bucket, [version()], { lag })).toMatchObject({ versions: [{ hidden: late(31), goes: late(33) }], empty: late(34) });
  });

  it('counts what was due before it was seen from there', () => {
    const bucket = bucketWith([rule('month', { expiration: afterDays(30) })], { versioning: 'off' });
    expect(fates(bucket, [version()], { seen: created + 100 * dayMilliseconds }).versions[0]?.goes).toBe(midnight(101));
  });

  it('is not asked of versions in another order than they came in', () => {
    const current = version();
    expect(() => fates(bucketWith([]), [current, current])).toThrow(/the last one is current/);
    expect(() => fates(bucketWith([]), [])).toThrow(/without versions/);
  });
});
