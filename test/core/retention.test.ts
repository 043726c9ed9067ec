import { describe, expect, it } from 'vitest';

import { Config } from '../../core/config.ts';
import { BuilderName } from '../../core/identity.ts';
import { effectiveRetention, refusedVariable } from '../../core/request.ts';
import { expiresAt, keepsAtLeast } from '../../core/retention.ts';

const config = Config.parse({
  version: 1,
  retention: {
    default: 'standard',
    classes: { short: { days: 30 }, standard: { days: 365 }, evidence: { days: 2555, lock: 'GOVERNANCE' } },
  },
  builders: { base: { template: 'base', variables: ['region'], secrets: { token: 'env:TOKEN' } } },
});
const name = BuilderName.parse('base');
const builder = config.builders[name];
if (builder === undefined) throw new Error('the builder is there');

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

  it('may be raised by a request, never lowered', () => {
    expect(effectiveRetention(config, builder, undefined)).toEqual({ ok: true, value: 'standard' });
    expect(effectiveRetention(config, builder, 'evidence')).toEqual({ ok: true, value: 'evidence' });
    expect(effectiveRetention(config, builder, 'short')).toMatchObject({ ok: false, failure: { rule: 'RETENTION_TOO_LOW' } });
    expect(effectiveRetention(config, builder, 'forever')).toMatchObject({ ok: false, failure: { rule: 'REQUEST_INVALID' } });
  });
});

describe('the variables of a request', () => {
  it('are those that the builder allows', () => {
    expect(refusedVariable(builder, name, { region: 'us-east-1' })).toBeUndefined();
    expect(refusedVariable(builder, name, { size: '1' })).toMatchObject({ rule: 'VARIABLE_NOT_ALLOWED' });
  });

  it('are never secrets, and the answer says so', () => {
    expect(refusedVariable(builder, name, { token: 'x' })?.message).toMatch(/token.*is a secret/);
  });
});
