import { type ExitCode } from '../exit-code.ts';
import { type LogLine, cutLine } from '../packer-log/log-line.ts';
import { ruleFor, turnOf } from './rules.ts';
import { type RuleRow, type TextSource, type Turn, type TurnContext } from './rules-row.ts';

/** A row of the table that took some lines, in their context. */
export interface Finding {
  readonly rule: RuleRow;
  readonly class: ExitCode;
  /** The context that turned an ambiguous row; undefined where its own class stands. */
  readonly turn: Turn | undefined;
  readonly lines: readonly LogLine[];
}

/** What is known of a failure beside its text. */
export interface Situation extends Omit<TurnContext, 'text' | 'source'> {
  /** The user's own rules. */
  readonly users: readonly RuleRow[];
}

/** After these words packer quotes what a program printed, on which no violation may rest. */
const quotedOutput = /(?:^|\s)(?:std(?:err|out)|output)\s*:|\bexit(?:ed with)?(?: non-zero)?(?: exit)? (?:status|code):? \d/i;

/** HCL names the place of a fault, and quotes the lines there: what a template's author wrote is no cause. */
const placeNamed = /^\s{0,8}on [^\n]{1,300} line \d{1,6}\b/;
const quotedSource = /^\s{0,8}\d{1,6}: /;

function withoutQuotedSource(lines: readonly LogLine[]): readonly LogLine[] {
  const from = lines.findIndex(({ text }) => placeNamed.test(text));
  return from < 0 ? lines : lines.filter(({ text }, at) => at <= from || !quotedSource.test(text));
}

/** What an error of packer's own comes from. */
export function findInErrors(lines: readonly LogLine[], context: Situation, source: TextSource = 'error'): Finding | undefined {
  if (lines.length === 0) return undefined;
  const text = cutLine(
    withoutQuotedSource(lines)
      .map((line) => line.text)
      .join('\n'),
  );
  const finding = findInText(text, lines, context, source);
  const quoted = text.search(quotedOutput);
  // A program's quoted words may tell the cause, but only packer's own may tell of a violation.
  return finding?.class === 3 && quoted >= 0 ? findInText(text.slice(0, quoted), lines, context, source) : finding;
}

function findInText(text: string, lines: readonly LogLine[], context: Situation, source: TextSource): Finding | undefined {
  const rule = ruleFor(text, source, context.users);
  return rule === undefined ? undefined : findingOf(rule, lines, { ...context, text, source });
}

/**
 * Lines before the failure in which a cause is looked for: what may pass is looked for in fewer, as a script that went
 * on for longer got over it. A cause stands close before its consequence.
 */
const reach = { script: 40, other: 10, passing: 20, cause: 10 } as const;

/**
 * What tells of no cause: a shell's trace of a command (`set -x`) and the line of a script that PowerShell quotes, which say what
 * was to run; what sudo says of a host without a name, and debconf of its frontends, in builds that go well.
 */
const noise = /^\+{1,6} +(?!CategoryInfo|FullyQualified)\S|^sudo: unable to resolve host |^debconf: /;

/** What a program prints where it came through after all: nothing that passes is the cause before it. */
const throughAfterAll =
  /^Fetched \d|\bHTTP\/\d(?:\.\d)? 200\b|\.\.\. 200 OK$| saved \[\d|\(from versions: \d|\bis (?:now )?(?:up|ready|available)[.!]?$|^(?:Successfully )?[Dd]ownloaded \S|^[0-9a-f]{12}: (?:Pushed|Layer already exists)$/;

/** Ansible's word on a task that failed, which tells all that the task printed, and on one whose failure counts for nothing. */
const taskFailed = /^(?:fatal|failed): \[[^\]\n]{1,200}\]/;
const taskIgnored = /^\.\.\.ignoring\b/;

/**
 * What a failed step comes from, by the last lines that it printed: the line nearest to the failure that a row
 * takes, so that an error which the step itself healed does not decide.
 */
export function findInStep(
  step: readonly (LogLine & { readonly marked: boolean })[],
  context: Situation,
  after: 'script' | 'other',
): Finding | undefined {
  const last = step.slice(-reach[after]).reverse();
  let consequence: { finding: Finding; at: number } | undefined;
  let healed = false;
  let ignored = false;
  for (const [at, line] of last.entries()) {
    if (consequence !== undefined && at - consequence.at > reach.cause) break;
    ignored ||= taskIgnored.test(line.text);
    const isTask = taskFailed.test(line.text);
    if (noise.test(line.text) || (isTask && ignored)) {
      ignored &&= !isTask;
      continue;
    }
    healed ||= throughAfterAll.test(line.text);
    const found = ruleForLine(line, last[at - 1], context);
    const isKnown = found !== undefined && !(found.rule.class === 2 && (healed || at >= reach.passing));
    if (isKnown) {
      const finding = findingOf(found.rule, found.lines, { ...context, text: found.text, source: 'output' });
      if (isTask || found.rule.consequence === undefined) return finding;
      consequence ??= { finding, at };
    }
    // The task that failed is the cause, known or not: those before it passed.
    if (isTask) break;
  }
  return consequence?.finding;
}

/** A console breaks a text where its line is full, mostly after 80 columns or 120. */
const fullLine = 60;

/** The row that takes a line, or a full line together with the rest of its text in the next one. */
function ruleForLine(
  line: LogLine,
  next: LogLine | undefined,
  { users }: Situation,
): { rule: RuleRow; text: string; lines: readonly LogLine[] } | undefined {
  const rule = ruleFor(line.text, 'output', users);
  if (rule !== undefined) return { rule, text: line.text, lines: [line] };
  if (next === undefined || line.text.length < fullLine) return undefined;
  const text = cutLine(`${line.text.trimEnd()} ${next.text.trimStart()}`);
  const broken = ruleFor(text, 'output', users);
  return broken === undefined ? undefined : { rule: broken, text, lines: [line, next] };
}

function findingOf(rule: RuleRow, lines: readonly LogLine[], context: TurnContext): Finding {
  const turn = turnOf(rule, context);
  return { rule, class: turn?.to ?? rule.class, turn, lines };
}
