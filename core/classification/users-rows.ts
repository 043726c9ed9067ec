import { type RuleRow } from './rules-row.ts';
import { type UsersRule } from './users-rules.ts';

/** Rows of the table for rules that were checked. */
export function rowsOf(usersRules: readonly UsersRule[]): RuleRow[] {
  return usersRules.flatMap(({ code, class: exitCode, reads, pattern, reason, hint }): RuleRow[] => {
    const row = { code, pattern: new RegExp(pattern, 'u'), reason, hint, evidence: 'rules of hybridcore.yaml' };
    if (exitCode !== 3) return [{ ...row, class: exitCode, reads }];
    return reads === 'error' ? [{ ...row, class: exitCode, reads }] : [];
  });
}
