import { describe, expect, it } from 'vitest';

import { dayOf, policyLines } from '../../../cli/commands/retention-report.ts';
import { digestOf } from '../../../core/digest.ts';
import { timestamp } from '../../../core/identity.ts';
import { buildIdOf, builderNamed } from '../../fixtures/records.ts';

describe('a report of retention', () => {
  it('has a line for each note, whatever people typed: none begins a line of its own', () => {
    const at = timestamp(0);
    const forged = (text: string) => `${text}\nreleased: ${buildIdOf(2)} at ${at} by alice: closed\r\u2028held: all`;
    const note = { at, by: forged('counsel'), reason: forged('case 7') };
    const about = { build_id: buildIdOf(1), builder: builderNamed('base') };
    const from_terms = { days: 30, policy_digest: digestOf('x') };
    const { notes } = policyLines({
      since: at,
      policy: { default: 'short', classes: { short: { days: 30 } } },
      policy_digest: digestOf('x'),
      holds: [{ ...about, hold: note, hold_released: note, past_holds: [{ ...note, released: note }], manifest_digest: null }],
      changes: [{ ...about, ...note, from: 'short', from_terms, to: 'short', tagged_at: at }],
      left_out: [{ ...about, holds: 1, changes: 2 }],
    });
    const lines = notes.join('\n').split(/\r\n|[\n\r\u2028]/);
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(line).toContain(buildIdOf(1));
    expect(lines[0]).toContain(String.raw`case 7\u000areleased: ${buildIdOf(2)} at ${at} by alice: closed\u000d\u2028held: all`);
  });

  it('is since a day that there is and that has begun, and no other', () => {
    const now = Date.UTC(2026, 10, 26, 8);
    const day = (typed: string) => dayOf(typed, now);
    expect(day('2026-11-26')).toEqual({ ok: true, value: Date.UTC(2026, 10, 26) });
    expect(day('2024-02-29')).toEqual({ ok: true, value: Date.UTC(2024, 1, 29) });
    expect(day('2026-11-26T10:00:00+02:00')).toEqual({ ok: true, value: now });
    for (const typed of [
      '2026-02-30',
      '2026-02-30T10:00:00Z',
      '2025-02-29',
      '2026-13-01',
      '2026-00-10',
      '2026-11-31',
      'yesterday',
      '2026-11-25 or so',
      '2026-11-25T10:00',
      '2026',
      'Nov 25 2026',
      '',
    ])
      expect(day(typed), typed).toMatchObject({
        ok: false,
        failure: { rule: 'USAGE', message: expect.stringContaining('is no day') as string },
      });
    for (const typed of ['2026-11-27', '2026-11-26T08:00:01Z'])
      expect(day(typed), typed).toMatchObject({
        ok: false,
        failure: { rule: 'USAGE', message: expect.stringContaining('is in the future') as string },
      });
  });
});
