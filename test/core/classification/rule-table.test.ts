import { describe, expect, it } from 'vitest';

import { type RuleTable, type WrittenRule, ruleDigest, ruleTable, ruleTableDigest } from '../../../core/classification/rule-table.ts';

const rule: WrittenRule = {
  code: 'MIRROR_DOWN',
  class: 2,
  reads: 'any',
  pattern: 'mirror is down',
  flags: 'i',
  reason: 'the mirror does not answer',
  hint: 'wait for it',
  unspecific: false,
  consequence: false,
  turns: [{ to: 1, says: 'for good' }],
};

const table: RuleTable = { users: [rule], built_in: [rule], checks: [{ code: 'STOPPED', class: 1, reason: 'somebody stopped it' }] };

/** Another value for each member, and for those of its turns. */
const others: readonly Partial<WrittenRule>[] = [
  { code: 'MIRROR_GONE' },
  { class: 1 },
  { reads: 'error' },
  { pattern: 'mirror is gone' },
  { flags: '' },
  { reason: 'the mirror is gone' },
  { hint: 'take another' },
  { unspecific: true },
  { consequence: true },
  { turns: [] },
  { turns: [{ to: 2, says: 'for good' }] },
  { turns: [{ to: 1, says: 'for now' }] },
];

describe('the digest of a rule table', () => {
  it('changes with every member of every rule, and with their order', () => {
    const changed = others.map((other) => ({ ...rule, ...other }));
    const tables = [
      table,
      ...changed.flatMap((row) => [
        { ...table, users: [row] },
        { ...table, built_in: [row] },
      ]),
      ...changed.flatMap((row) => [
        { ...table, built_in: [row, rule] },
        { ...table, built_in: [rule, row] },
      ]),
      { ...table, checks: [] },
      ...[{ code: 'GONE' }, { class: 2 as const }, { reason: '' }].map((other) => ({
        ...table,
        checks: table.checks.map((check) => ({ ...check, ...other })),
      })),
    ];
    expect(new Set(tables.map(ruleTableDigest)).size).toBe(tables.length);
    expect(new Set(others.flatMap((other) => Object.keys(other)))).toEqual(new Set(Object.keys(rule)));
  });

  it('is that of the rules of this program and of the user', () => {
    expect(ruleDigest([])).toBe(ruleTableDigest(ruleTable([])));
  });
});
