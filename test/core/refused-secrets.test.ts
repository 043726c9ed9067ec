import { describe, expect, it } from 'vitest';

import { refusedSecrets } from '../../core/refused-secrets.ts';
import { secretFailure } from '../../core/attempt-checks.ts';
import { Config } from '../../core/config.ts';

const finding = { file: 'a.sh', line: 3, rule: 'GITHUB_TOKEN' };
const allowance = { file: 'a.sh', rule: 'GITHUB_TOKEN', reason: 'made up for a test', expires: '2026-11-25' };
const lastDay = Date.parse('2026-11-25T23:59:59.999Z');

describe('a secret among the inputs', () => {
  it('is let through where its file and rule are allowed, up to the end of the last day', () => {
    expect(refusedSecrets([finding, { ...finding, line: 9 }], [allowance], lastDay)).toEqual([]);
  });

  it.each([
    ['another file', { ...finding, file: 'b.sh' }],
    ['another rule', { ...finding, rule: 'SLACK_TOKEN' }],
  ])('is refused in or by %s', (_, other) => {
    expect(refusedSecrets([other], [allowance], lastDay)).toEqual([other]);
  });

  it('is refused once its allowance is over, and the newest day is told', () => {
    const earlier = { ...allowance, expires: '2026-01-01' };
    const refused = refusedSecrets([finding], [allowance, earlier], lastDay + 1);
    const failed = secretFailure(refused);
    expect(failed.ok ? '' : failed.failure.message).toContain('a.sh:3 (GITHUB_TOKEN, which was allowed until 2026-11-25)');
  });

  it.each([
    ['a reason', { ...allowance, reason: ' ' }],
    ['a day', { ...allowance, expires: 'never' }],
    ['a file', { ...allowance, file: '' }],
  ])('is not allowed without %s', (_, faulty) => {
    const config = { version: 1, builders: { a: { template: 'a' } } };
    expect(Config.safeParse({ ...config, secrets_allowed: [allowance] }).success).toBe(true);
    expect(Config.safeParse({ ...config, secrets_allowed: [faulty] }).success).toBe(false);
  });
});
