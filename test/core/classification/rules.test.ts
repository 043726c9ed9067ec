import { describe, expect, it } from 'vitest';

import { classifyLog } from '../../../core/classification/classify.ts';
import { ownRules } from '../../../core/classification/own-rules.ts';
import { rules, ruleFor } from '../../../core/classification/rules.ts';
import { type RuleRow } from '../../../core/classification/rules-row.ts';
import { type Verdict } from '../../../core/classification/verdict.ts';
import { longestKeptLine } from '../../../core/packer-log/log-line.ts';
import { exitOfScript, failedTarget, unknownEnd } from './logs.ts';
import { samples } from './rule-samples.ts';
import { processorTimer } from '../../fixtures/processor-time.ts';

/** The verdict on a run that fails with the text, where a row of this kind reads it. */
function verdictWith(row: RuleRow, text: string): Verdict {
  switch (row.reads) {
    case 'error':
    case 'any':
      return classifyLog(failedTarget('amazon-ebs.base', text), { ...unknownEnd, packerExitCode: 1 });
    case 'output':
      return classifyLog(exitOfScript('amazon-ebs.base', [text]), { ...unknownEnd, packerExitCode: 1 });
    case 'service':
      return classifyLog([`[Container] 2026/11/22 20:00:00 Phase context status code: ${text}`], unknownEnd);
  }
}

/** Rows whose sample stands in a context that turns them; the other contexts are tested by name below. */
const turned: Readonly<Record<string, number>> = { DNS_NXDOMAIN: 1 };

describe('the rule table', () => {
  it('names each rule once, and none like one of our own checks', () => {
    const codes = rules.map((row) => row.code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => code in ownRules)).toEqual([]);
    expect(Object.keys(samples).sort()).toEqual([...codes].sort());
  });

  it('rests no violation on what a script printed, not in any context', () => {
    const readsOutput = rules.filter((row) => row.reads === 'any' || row.reads === 'output');
    expect(readsOutput.filter((row) => row.class === 3 || row.turns?.some((turn) => turn.to === 3))).toEqual([]);
  });

  it('tells an operator of each row what it is, what to do next and where it comes from', () => {
    for (const row of rules) {
      expect(row.hint, row.code).toMatch(/^[A-Z].{20,}[.?]$/s);
      expect(row.reason.length, row.code).toBeGreaterThan(15);
      expect(row.evidence, row.code).not.toBe('');
      for (const turn of row.turns ?? []) expect(turn.says, row.code).toMatch(/^[A-Z].{20,}\.$/s);
    }
  });

  it.each(rules.map((row) => [row.code, row] as const))('%s takes its sample and leaves a near miss', (code, row) => {
    const sample = samples[code];
    if (sample === undefined) throw new Error(`no sample for ${code}`);
    const taken = verdictWith(row, sample.taken);
    expect(taken.classification.rule).toBe(code);
    expect(taken.exit_code).toBe(turned[code] ?? row.class);
    expect(taken.classification.evidence.length).toBeGreaterThan(0);
    expect(verdictWith(row, sample.left).classification.rule).not.toBe(code);
  });

  it('needs no more than a moment for any text that is kept, however hostile', () => {
    const seeds = [
      'OperationNotPermitted block',
      'waiting for ',
      'Error: \n on x line ',
      'googleapi: Error 403: ',
      'error downloading ',
      "Package '",
      'lookup a-',
      'VPC_CLIENT_ERROR: ',
      ' \n\t',
      "Quota 'A",
      'a',
    ];
    const spent = processorTimer();
    for (const seed of seeds) {
      const text = seed.repeat(Math.ceil(longestKeptLine / seed.length)).slice(0, longestKeptLine);
      for (const source of ['error', 'output', 'service'] as const) ruleFor(text, source);
    }
    expect(spent()).toBeLessThan(2000);
  });
});
