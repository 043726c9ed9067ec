import * as z from 'zod';

import { ExitCode } from '../exit-code.ts';
import { type Failure } from '../failure.ts';
import { ownRules } from './own-rules.ts';

/** Why an outcome has its exit code: the rule, and the lines that it rests on. */
export const Classification = z.strictObject({
  /** The code of the rule that decided, for instance `AWS_CAPACITY`. */
  rule: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
  /** What kind of failure it is, in a sentence. */
  reason: z.string(),
  /** What to do next, in a sentence; empty where there is nothing to do. */
  hint: z.string(),
  /** The lines that the verdict rests on, scrubbed. */
  evidence: z.array(z.string()),
});
export type Classification = z.infer<typeof Classification>;

export const Verdict = z.strictObject({ exit_code: ExitCode, classification: Classification });
export type Verdict = z.infer<typeof Verdict>;

/** A verdict as the `stderr` of a result tells it: why, on which lines, and what to do. */
export function verdictLines(verdict: Verdict): string {
  const { reason, evidence, hint } = verdict.classification;
  return [reason, ...evidence, ...(hint === '' ? [] : [hint])].join('\n');
}

/** The verdict that one of our own checks leads to. */
export function verdictOf(cause: Failure): Verdict {
  const rule = ownRules[cause.rule];
  return {
    exit_code: rule.exit_code,
    classification: { rule: cause.rule, reason: cause.message, hint: cause.remedy, evidence: [...(cause.evidence ?? [])] },
  };
}
