import { describe, expect, it } from 'vitest';

import { classifyLog } from '../../../core/classification/classify.ts';
import { rowsOf } from '../../../core/classification/users-rows.ts';
import { UsersRules } from '../../../core/classification/users-rules.ts';
import { exitOfScript, failedTarget, unknownEnd } from './logs.ts';

const rule = {
  code: 'OUR_MIRROR',
  class: 2,
  reads: 'any',
  pattern: 'mirror\\.example\\.com [^\\n]{0,100}busy',
  reason: 'our mirror is busy',
  hint: 'Wait for the nightly sync to end.',
};

function outcome(lines: readonly string[], ...rules: readonly object[]): string {
  const verdict = classifyLog(lines, { ...unknownEnd, packerExitCode: 1, rules: rowsOf(UsersRules.parse(rules)) });
  return `${verdict.exit_code} ${verdict.classification.rule}`;
}

function faults(...rules: readonly object[]): string[] {
  return UsersRules.safeParse(rules).error?.issues.map((issue) => issue.message) ?? [];
}

describe("a user's own rule", () => {
  const line = 'mirror.example.com says it is busy';

  it('takes what no built-in one knows, in an error and in what a step printed', () => {
    expect(outcome(exitOfScript('a.b', [line]))).toBe('1 SCRIPT_EXIT');
    expect(outcome(exitOfScript('a.b', [line]), rule)).toBe('2 OUR_MIRROR');
    expect(outcome(failedTarget('a.b', line))).toBe('1 UNKNOWN');
    expect(outcome(failedTarget('a.b', line), rule)).toBe('2 OUR_MIRROR');
  });

  it('reads only what it says', () => {
    expect(outcome(exitOfScript('a.b', [line]), { ...rule, reads: 'error' })).toBe('1 SCRIPT_EXIT');
    expect(outcome(failedTarget('a.b', line), { ...rule, reads: 'output' })).toBe('1 UNKNOWN');
  });

  it('comes before the built-in ones, and the first of several decides', () => {
    const error = failedTarget('a.b', 'Timeout waiting for SSH.');
    const own = { ...rule, class: 1, pattern: 'Timeout waiting for SSH' };
    expect(outcome(error, own)).toBe('1 OUR_MIRROR');
    expect(outcome(error, { ...own, code: 'FIRST' }, own)).toBe('1 FIRST');
  });

  it('hides no violation', () => {
    const error = failedTarget('amazon-ebs.a', 'UnauthorizedOperation: You are not authorized to perform this operation.');
    expect(outcome(error, { ...rule, pattern: 'UnauthorizedOperation' })).toBe('3 AWS_UNAUTHORIZED');
  });

  it("may be a violation in packer's own errors, and in nothing else", () => {
    const own = { ...rule, class: 3, reads: 'error', pattern: 'forbidden mirror' };
    expect(outcome(failedTarget('a.b', 'forbidden mirror'), own)).toBe('3 OUR_MIRROR');
    expect(outcome(exitOfScript('a.b', ['forbidden mirror']), own)).toBe('1 SCRIPT_EXIT');
    expect(faults({ ...own, reads: 'any' })).toEqual([
      'a rule of class 3 reads error alone: nothing that a script prints may quarantine a builder',
    ]);
  });

  it('is checked like the built-in ones', () => {
    expect(faults(rule)).toEqual([]);
    expect(faults({ ...rule, code: 'SCRIPT_EXIT' }, { ...rule, code: 'UNKNOWN' })).toEqual([
      'SCRIPT_EXIT is the code of a built-in rule',
      'UNKNOWN is the code of a built-in rule',
    ]);
    expect(faults(rule, rule)).toEqual(['there is another rule with the code OUR_MIRROR']);
    expect(faults({ ...rule, pattern: 'a.*b' })[0]).toContain('the pattern repeats more than 300 times');
    expect(faults({ ...rule, hint: '' })).toHaveLength(1);
    expect(faults({ ...rule, class: 0 })).toHaveLength(1);
  });
});

describe('an unknown failure', () => {
  it('says where a rule for it is added', () => {
    const { hint, evidence } = classifyLog(failedTarget('a.b', 'the flux is compensated'), {
      ...unknownEnd,
      packerExitCode: 1,
    }).classification;
    expect(hint).toContain('`rules` in hybridcore.yaml');
    expect(evidence).toEqual(['2: the flux is compensated']);
  });
});
