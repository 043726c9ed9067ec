import { boundedText, jsonSize, textThatFits } from '../bounded-text.ts';
import { ExitCode } from '../exit-code.ts';
import { type Failure } from '../failure.ts';
import * as z from '../zod.ts';
import { ownRules } from './own-rules.ts';

/** What the parts of a classification take at most, in bytes as JSON: a record holds several. */
const longest = { sentence: 4096, line: 4096, evidence: 12 * 1024 } as const;

/** Why an outcome has its exit code: the rule, and the lines that it rests on. */
export const Classification = z.strictObject({
  /** The code of the rule that decided, for instance `AWS_CAPACITY`. */
  rule: z.string().check(z.regex(/^[A-Z][A-Z0-9_]{0,63}$/)),
  /** What kind of failure it is, in a sentence. */
  reason: boundedText(longest.sentence),
  /** What to do next, in a sentence; empty where there is nothing to do. */
  hint: boundedText(longest.sentence),
  /** The lines that the verdict rests on, scrubbed. */
  evidence: z
    .array(boundedText(longest.line))
    .check(z.refine((lines) => jsonSize(lines) <= longest.evidence, `at most ${longest.evidence} bytes`)),
});
export type Classification = z.infer<typeof Classification>;

export const Verdict = z.strictObject({ exit_code: ExitCode, classification: Classification });
export type Verdict = z.infer<typeof Verdict>;

/** A verdict, each of its texts cut to its bound. Every verdict is made here. */
export function verdictWith(exitCode: ExitCode, { rule, reason, hint, evidence }: Classification): Verdict {
  return {
    exit_code: exitCode,
    classification: {
      rule,
      reason: textThatFits(reason, longest.sentence),
      hint: textThatFits(hint, longest.sentence),
      evidence: evidenceThatFits(evidence),
    },
  };
}

/** The first lines, and where not all of them fit, how many are left out. */
function evidenceThatFits(lines: readonly string[]): string[] {
  const shortened = lines.map((line) => textThatFits(line, longest.line));
  if (jsonSize(shortened) <= longest.evidence) return shortened;
  const more = (kept: number) => `… and ${shortened.length - kept} more`;
  let left = longest.evidence - jsonSize([more(0)]);
  const past = shortened.findIndex((line) => {
    left -= jsonSize(line) + 1;
    return left < 0;
  });
  return [...shortened.slice(0, past), more(past)];
}

/** A verdict as the `stderr` of a result tells it: why, on which lines, and what to do. */
export function verdictLines(verdict: Verdict): string {
  const { reason, evidence, hint } = verdict.classification;
  return [reason, ...evidence, ...(hint === '' ? [] : [hint])].join('\n');
}

/** The verdict that one of our own checks leads to. */
export function verdictOf({ rule, message, remedy, evidence }: Failure): Verdict {
  return verdictWith(ownRules[rule].exit_code, { rule, reason: message, hint: remedy, evidence: [...(evidence ?? [])] });
}
