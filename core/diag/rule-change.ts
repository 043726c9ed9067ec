import { type RuleTable, type WrittenRule } from '../classification/rule-table.ts';

/** A rule that was, and is: null where there was or is none of that code. */
export interface RuleChange {
  readonly code: string;
  readonly was: WrittenRule | null;
  readonly is: WrittenRule | null;
  /** What that changed, in a sentence. */
  readonly why: string;
}

/**
 * The rule whose change made another verdict of the same log: the one that decided, where that changed, else the one that
 * decides now.
 *
 * @param was the code of the rule that decided, by the table `then`; `is` that which decides now, by the table `now`.
 * @param judgedBy whether the verdict was given by the very rules of the table `then`.
 */
export function ruleChange(was: string, is: string, then: RuleTable, now: RuleTable, judgedBy: boolean): RuleChange {
  const decided = pairOf(was, then, now);
  if (decided.was !== null && decided.is === null)
    return { ...decided, why: `the rule ${was} is not there any more${was === is ? '' : `, so ${is} decides`}` };
  const before = differences(decided);
  if (before.length > 0) return { ...decided, why: `the rule ${was} was changed: ${before.join('; ')}` };
  const decides = pairOf(is, then, now);
  if (decides.was === null && decides.is !== null) return { ...decides, why: `the rule ${is} is new, and takes what ${was} took` };
  const after = differences(decides);
  if (after.length > 0) return { ...decides, why: `the rule ${is} was changed: ${after.join('; ')}` };
  const check = [was, is].find((code) => classOfCheck(then, code) !== classOfCheck(now, code));
  if (check !== undefined) {
    const [old, young] = [classOfCheck(then, check), classOfCheck(now, check)];
    return { code: check, was: null, is: null, why: `the check ${check} was ${classText(old)} and is ${classText(young)}` };
  }
  const why = judgedBy
    ? 'both rules are what they were: another stands before them, their order was changed, or this program reads logs otherwise'
    : 'the verdict was given by other rules than those in the bundle: they were changed before it was made';
  return { ...decides, why };
}

function pairOf(code: string, then: RuleTable, now: RuleTable): Omit<RuleChange, 'why'> {
  return { code, was: ruleOf(then, code), is: ruleOf(now, code) };
}

function ruleOf({ users, built_in }: RuleTable, code: string): WrittenRule | null {
  return [...users, ...built_in].find((rule) => rule.code === code) ?? null;
}

function classOfCheck({ checks }: RuleTable, code: string): number | undefined {
  return checks.find((check) => check.code === code)?.class;
}

function classText(exitCode: number | undefined): string {
  return exitCode === undefined ? 'not there' : `of class ${exitCode}`;
}

/** What decides of a rule; its words for people do not. */
const deciding = ['class', 'reads', 'pattern', 'flags', 'unspecific', 'consequence', 'turns'] as const;

function differences({ was, is }: Pick<RuleChange, 'was' | 'is'>): string[] {
  if (was === null || is === null) return [];
  return deciding
    .map((part) => ({ part, before: JSON.stringify(was[part]), after: JSON.stringify(is[part]) }))
    .filter(({ before, after }) => before !== after)
    .map(({ part, before, after }) => `${part} was ${before} and is ${after}`);
}
