import { describe, expect, it } from 'vitest';

import { expiresAt, keepsAtLeast } from '../../../core/retention/policy.ts';

describe('retention', () => {
  it('expires a whole number of days after the end of the build', () => {
    expect(expiresAt({ days: 30 }, Date.parse('2026-11-22T10:00:00.000Z'))).toBe('2026-12-22T10:00:00.000Z');
  });

  it('keeps at least as long and as firmly as the floor', () => {
    expect(keepsAtLeast({ days: 400 }, { days: 365 })).toBe(true);
    expect(keepsAtLeast({ days: 364 }, { days: 365 })).toBe(false);
    expect(keepsAtLeast({ days: 400 }, { days: 365, lock: 'GOVERNANCE' })).toBe(false);
    expect(keepsAtLeast({ days: 365, lock: 'COMPLIANCE' }, { days: 365, lock: 'GOVERNANCE' })).toBe(true);
  });
});
