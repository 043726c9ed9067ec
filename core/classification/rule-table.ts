import { type Digest, digestOf } from '../digest.ts';
import { type ExitCode } from '../exit-code.ts';
import { namesOf } from '../names-of.ts';
import { ownRules } from './own-rules.ts';
import { rules } from './rules.ts';
import { type RuleRow } from './rules-row.ts';
import { rowsOf } from './users-rows.ts';
import { type UsersRule } from './users-rules.ts';

/** A rule as text: what of a row can be written down, and held against what it was. */
export interface WrittenRule {
  readonly code: string;
  readonly class: ExitCode;
  readonly reads: RuleRow['reads'];
  readonly pattern: string;
  readonly flags: string;
  readonly reason: string;
  readonly hint: string;
  /** Whether it says only that something failed, so that the lines before are asked first. */
  readonly unspecific: boolean;
  /** Whether it tends to follow from an earlier failure, which then decides. */
  readonly consequence: boolean;
  /** The contexts in which it has another class, in the order in which they are tried. */
  readonly turns: readonly { readonly to: ExitCode; readonly says: string }[];
}

/** All rules by which verdicts are given, in order of precedence. */
export interface RuleTable {
  /** The user's own, asked before the built-in ones unless one of those tells of a violation. */
  readonly users: readonly WrittenRule[];
  readonly built_in: readonly WrittenRule[];
  /** What this program's own checks can find. */
  readonly checks: readonly { readonly code: string; readonly class: ExitCode; readonly reason: string }[];
}

/** The rules of this program, with a user's own. */
export function ruleTable(users: readonly UsersRule[]): RuleTable {
  return {
    users: rowsOf(users).map(written),
    built_in: rules.map(written),
    checks: namesOf(ownRules).map((code) => ({ code, class: ownRules[code].exit_code, reason: ownRules[code].reason })),
  };
}

/**
 * Changes whenever a rule does, or their order. Over plain JSON of what the rows hold, in the order given here: the canonical
 * JSON of a table this large takes a cold start some milliseconds.
 */
export function ruleTableDigest({ users, built_in, checks }: RuleTable): Digest {
  return digestOf(JSON.stringify([users.map(cells), built_in.map(cells), checks.map((check) => [check.code, check.class, check.reason])]));
}

const digests = new WeakMap<readonly UsersRule[], Digest>();

/** `ruleTableDigest` of `ruleTable`, once for the rules of a configuration. */
export function ruleDigest(users: readonly UsersRule[]): Digest {
  const known = digests.get(users);
  if (known !== undefined) return known;
  const digest = ruleTableDigest(ruleTable(users));
  digests.set(users, digest);
  return digest;
}

function cells(rule: WrittenRule): readonly unknown[] {
  const { code, reads, pattern, flags, reason, hint, unspecific, consequence, turns } = rule;
  return [code, rule.class, reads, pattern, flags, reason, hint, unspecific, consequence, turns.map(({ to, says }) => [to, says])];
}

function written(row: RuleRow): WrittenRule {
  return {
    code: row.code,
    class: row.class,
    reads: row.reads,
    pattern: row.pattern.source,
    flags: row.pattern.flags,
    reason: row.reason,
    hint: row.hint,
    unspecific: row.unspecific ?? false,
    consequence: row.consequence ?? false,
    turns: (row.turns ?? []).map(({ to, says }) => ({ to, says })),
  };
}
