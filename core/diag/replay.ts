import { classifyPackerRun } from '../classification/classify.ts';
import { findInErrors } from '../classification/finding.ts';
import { type OwnRule, ownRules } from '../classification/own-rules.ts';
import { type RuleTable, ruleTable, ruleTableDigest } from '../classification/rule-table.ts';
import { type RuleRow } from '../classification/rules-row.ts';
import { rowsOf } from '../classification/users-rows.ts';
import { type UsersRule, UsersRules } from '../classification/users-rules.ts';
import { type Verdict } from '../classification/verdict.ts';
import { type ExitCode } from '../exit-code.ts';
import { type Outcome, success } from '../failure.ts';
import { type VerdictClaims, verdictOn } from '../judge.ts';
import { readPackerRun } from '../packer-log/packer-run-reader.ts';
import { type PackerRun } from '../packer-log/packer-run.ts';
import * as z from '../zod.ts';
import { contradictions } from './agreement.ts';
import { DiagRules, DiagVerdicts } from './bundle-documents.ts';
import { type ReadBundle, documentIn, invalidBundle, tampered } from './read-bundle.ts';
import { type RuleChange, ruleChange } from './rule-change.ts';

type JudgedAttempt = DiagVerdicts['attempts'][number];

/** A verdict, by what two of them are compared by. */
export interface RuledVerdict {
  readonly exit_code: ExitCode;
  readonly rule: string;
}

/**
 * What became of giving a verdict again. `not-judged`: there was none. `cannot-be-judged`: what it rests on is not in the
 * bundle, or is not what was recorded.
 */
export interface ReplayedAttempt {
  readonly attempt: 1 | 2;
  readonly outcome: 'same' | 'differs' | 'not-judged' | 'cannot-be-judged';
  readonly was: RuledVerdict | null;
  readonly is: RuledVerdict | null;
  /** Where it differs. */
  readonly changed: RuleChange | null;
  /** What it was given on now, or why it was not. */
  readonly on: string;
}

export interface Replay {
  readonly attempts: readonly ReplayedAttempt[];
}

/**
 * Gives the verdicts of a bundle again, from the bundle alone: packer's log and what else each rests on, by the rules of this
 * program.
 *
 * @param users the user's own rules to ask; without them those of the bundle.
 * @returns BUNDLE_TAMPERED where its documents contradict each other.
 */
export function replay(bundle: ReadBundle, users?: readonly UsersRule[]): Outcome<Replay> {
  const verdicts = documentIn(bundle, 'verdicts.json', DiagVerdicts);
  if (!verdicts.ok) return verdicts;
  const faults = contradictions(bundle);
  if (faults.length > 0) return { ok: false, failure: tampered(faults) };
  const rules = documentIn(bundle, 'rules.json', RulesThen);
  if (!rules.ok) return rules;
  const own = users === undefined ? usersRulesOf(rules.value.users_rules) : success(users);
  if (!own.ok) return own;
  const asked = own.value;
  const tables = { before: rules.value.table, now: ruleTable(asked) };
  return success({
    attempts: verdicts.value.attempts.map((attempt) => replayAttempt(bundle, verdicts.value, attempt, rowsOf(asked), tables)),
  });
}

/** The rules of a bundle, of which some may not be taken any more. */
const RulesThen = z.strictObject({ ...DiagRules.shape, users_rules: z.array(z.looseObject({ code: z.string() })) });

/** The user's own rules of a bundle, without those that are built in by now: they are asked as such. */
function usersRulesOf(written: z.infer<typeof RulesThen>['users_rules']): Outcome<readonly UsersRule[]> {
  const { built_in } = ruleTable([]);
  const parsed = UsersRules.safeParse(written.filter(({ code }) => !isOwnRule(code) && !built_in.some((rule) => rule.code === code)));
  return parsed.success
    ? success(parsed.data)
    : invalidBundle(`its rules.json does not fit its schema: ${parsed.error.issues[0]?.message ?? ''}`);
}

function replayAttempt(
  bundle: ReadBundle,
  about: DiagVerdicts,
  judged: JudgedAttempt,
  users: readonly RuleRow[],
  tables: { readonly before: RuleTable; readonly now: RuleTable },
): ReplayedAttempt {
  const { attempt, verdict } = judged;
  const none = { attempt, is: null, changed: null } as const;
  if (verdict === null) return { ...none, outcome: 'not-judged', was: null, on: 'there was no verdict on this attempt' };
  const was = ruled(verdict);
  const log = logIn(bundle, attempt);
  const packerRan = judged.basis !== null && judged.basis.packer !== null;
  if (packerRan && log === null) {
    const why = bundle.index.absent.find(({ path }) => path === logPath(attempt))?.why ?? 'the log is not in the bundle';
    return { ...none, outcome: 'cannot-be-judged', was, on: why };
  }
  const altered = bundle.index.altered.find(({ path }) => path === logPath(attempt));
  if (altered !== undefined && !restsOnNoLog(judged, verdict))
    return { ...none, outcome: 'cannot-be-judged', was, on: `${altered.path} is not the log that was recorded: ${altered.why}` };
  const { is, on } = judgedAgain(about, judged, verdict, log, users);
  const same = is.exit_code === was.exit_code && is.rule === was.rule;
  return {
    attempt,
    outcome: same ? 'same' : 'differs',
    was,
    is,
    changed: same ? null : ruleChange(was.rule, is.rule, tables.before, tables.now, judged.rules === ruleTableDigest(tables.before)),
    on,
  };
}

const logPath = (attempt: 1 | 2) => `attempt-${attempt}/packer.log`;

/** Whether a check of the dispatcher's gave it. */
function restsOnNoLog({ basis }: JudgedAttempt, { classification }: Verdict): boolean {
  return basis === null && isOwnRule(classification.rule);
}

/** Null where there is none. */
function logIn(bundle: ReadBundle, attempt: 1 | 2): PackerRun | null {
  const content = bundle.files.get(logPath(attempt));
  if (content === undefined) return null;
  const text = new TextDecoder().decode(content).replace(/\n$/, '');
  return readPackerRun(text === '' ? [] : text.split('\n'));
}

function judgedAgain(
  about: DiagVerdicts,
  judged: JudgedAttempt,
  verdict: Verdict,
  log: PackerRun | null,
  users: readonly RuleRow[],
): { readonly is: RuledVerdict; readonly on: string } {
  if (judged.basis !== null) {
    const stop = about.stop !== null && (judged.decided_at === null || about.stop.at <= judged.decided_at) ? about.stop : null;
    const on = judged.basis.packer === null ? "what the attempt's own checks found" : "packer's log, and how packer ended";
    return { is: ruled(verdictOn(claimsOf(about, judged, verdict), log, judged, stop, users)), on };
  }
  const { rule } = verdict.classification;
  if (isOwnRule(rule))
    return { is: { exit_code: ownRules[rule].exit_code, rule }, on: "a check of the dispatcher's: no rule reads a log for it" };
  if (log !== null) {
    const context = { packerExitCode: null, signal: null, attempt: judged.attempt, recorded: [], rules: users };
    return { is: ruled(classifyPackerRun(log, context)), on: "packer's log alone: how packer ended was not recorded then" };
  }
  return { is: byServiceWords(verdict), on: 'what the build service said, as the verdict quotes it' };
}

/** What the attempt had said of itself, as far as its verdict depends on that. */
function claimsOf({ builder }: DiagVerdicts, { basis, fingerprint }: JudgedAttempt, { classification }: Verdict): VerdictClaims {
  const {
    own_rule: own,
    packer,
    interrupted,
    unchanged,
    recorded,
  } = basis ?? { own_rule: null, packer: null, interrupted: null, unchanged: false, recorded: false };
  return {
    builder,
    fingerprint,
    packer,
    interrupted,
    unchanged,
    failure: own === null || !isFailureRule(own) ? null : { rule: own, message: classification.reason, remedy: classification.hint },
    // That there were some is all that a verdict asks.
    recorded: recorded ? [{ id: '', type: null, builder_id: null, name: '', files: [] }] : [],
  };
}

function byServiceWords({ classification }: Verdict): RuledVerdict {
  for (const line of classification.evidence) {
    const found = findInErrors([{ number: 0, text: line }], { target: null, step: [], made: [], users: [] }, 'service');
    if (found !== undefined) return { exit_code: found.class, rule: found.rule.code };
  }
  return { exit_code: ownRules.UNKNOWN.exit_code, rule: 'UNKNOWN' };
}

function isOwnRule(code: string): code is OwnRule {
  return Object.hasOwn(ownRules, code);
}

function isFailureRule(code: string): code is NonNullable<VerdictClaims['failure']>['rule'] {
  return isOwnRule(code) && ownRules[code].exit_code !== 0;
}

function ruled({ exit_code: exitCode, classification }: Verdict): RuledVerdict {
  return { exit_code: exitCode, rule: classification.rule };
}
