import * as z from '../zod.ts';
import { patternProblem } from './bounded-pattern.ts';
import { ownRules } from './own-rules.ts';
import { rules } from './rules.ts';

const Sentence = z.string().check(z.minLength(10, 'a sentence for the operator'), z.maxLength(500));

/** A rule of the user's own in `hybridcore.yaml`: the same that a row of the built-in table says. */
const UsersRule = z.lazy(() =>
  z
    .strictObject({
      code: z.string().check(z.regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'a code is written in capitals: OUR_MIRROR')),
      class: z
        .literal([1, 2, 3])
        .check(z.describe('1: someone has to change something; 2: the same build may work later; 3: credentials, permission, integrity')),
      reads: z
        .enum(['error', 'output', 'any'])
        .check(z.describe("error: packer's own error lines; output: what a failed step printed last; any: both")),
      pattern: z
        .string()
        .check(z.describe('a regular expression of JavaScript in which every repetition has an upper bound, tried on one text at a time')),
      reason: Sentence.check(z.describe('what kind of failure it is')),
      hint: Sentence.check(z.describe('what to do next')),
    })
    .check(
      z.superRefine((rule, context) => {
        const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
        if (rule.code in ownRules || rules.some((row) => row.code === rule.code))
          problem('code', `${rule.code} is the code of a built-in rule`);
        if (rule.class === 3 && rule.reads !== 'error')
          problem('reads', 'a rule of class 3 reads error alone: nothing that a script prints may quarantine a builder');
        const wrong = patternProblem(rule.pattern);
        if (wrong !== undefined) problem('pattern', `the pattern ${wrong}`);
      }),
    ),
);
export type UsersRule = z.infer<typeof UsersRule>;

/** The user's own rules, in order of precedence. */
export const UsersRules = z.array(UsersRule).check(
  z.maxLength(50),
  z.superRefine((all, context) => {
    for (const [at, { code }] of all.entries()) {
      if (all.findIndex((rule) => rule.code === code) < at)
        context.addIssue({ code: 'custom', path: [at, 'code'], message: `there is another rule with the code ${code}` });
    }
  }),
);
