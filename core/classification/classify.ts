import { type Artifact } from '../artifact.ts';
import { type ExitCode, byGravity } from '../exit-code.ts';
import { type LogLine } from '../packer-log/log-line.ts';
import { readPackerRun } from '../packer-log/packer-run-reader.ts';
import { type PackerRun } from '../packer-log/packer-run.ts';
import { type TargetRun } from '../packer-log/target-reader.ts';
import { type Finding, type Situation, findInErrors, findInStep } from './finding.ts';
import { type OwnRule, ownRules } from './own-rules.ts';
import { ruleFor } from './rules.ts';
import { type RuleRow } from './rules-row.ts';
import { type Verdict, verdictWith } from './verdict.ts';

export { classifyRunRecord } from './classify-run-record.ts';

/** What is known of a packer run beside its log. */
export interface PackerRunContext {
  /** Null where a signal ended packer, and where it is not known. */
  readonly packerExitCode: number | null;
  readonly signal: string | null;
  readonly attempt: 1 | 2;
  /** What the manifest post-processors recorded for this run. */
  readonly recorded: readonly Artifact[];
  /** The user's own rules. */
  readonly rules?: readonly RuleRow[];
}

/**
 * The verdict on a packer run (design 7). Packer's exit code alone decides nothing: success needs the end of the
 * output and an artifact. What decides a failure is the last fatal error of each failed target, and for a
 * script's exit the lines before it; over several targets the gravest.
 */
export function classifyPackerRun(run: PackerRun, context: PackerRunContext): Verdict {
  const packerFailed = context.signal !== null || (context.packerExitCode ?? 0) !== 0;
  const failures = failuresOf(run, packerFailed, context.rules ?? []);
  if (failures.length === 0 && !packerFailed && run.ended && run.cancelled === null) return withoutFailure(run, context);
  if (failures.length > 0) return gravest(failures, context.attempt);
  if (isCutSuccess(run, context)) return ownVerdict('SUCCESS', '', []);
  if (run.cancelled !== null) return interrupted([run.cancelled.line], 'Packer was told to stop and cleaned up.');
  if (context.signal !== null) return interrupted(lastLines(run), `A signal (${context.signal}) ended packer.`);
  return undecided(run, context, packerFailed);
}

/** The verdict on the lines of a log. */
export function classifyLog(lines: Iterable<string>, context: PackerRunContext): Verdict {
  return classifyPackerRun(readPackerRun(lines), context);
}

/**
 * A person's copy of a log often lacks its end. Where packer is known to have exited with 0, all targets that say so finished it,
 * or a list of artifacts did. The dispatcher's own logs are machine-readable, and have to be whole.
 */
function isCutSuccess(run: PackerRun, { packerExitCode, signal }: PackerRunContext): boolean {
  if (packerExitCode !== 0 || signal !== null || run.ended || run.failing || run.cancelled !== null || !run.forPeople) return false;
  if (run.unheaded.length > 0) return run.unheaded.every(({ text }) => ruleFor(text, 'error') === undefined);
  return run.targets.length > 0 && run.targets.every(({ outcome }) => outcome === 'finished');
}

/** What failed, each with the row that took it, or null where none did. */
interface FailedPart {
  readonly finding: Finding | null;
  readonly lines: readonly LogLine[];
  readonly name: string | null;
}

function failuresOf(run: PackerRun, packerFailed: boolean, users: readonly RuleRow[]): FailedPart[] {
  const targets = run.targets.filter((target) => target.outcome === 'errored').flatMap((target) => failureOf(target, run, users));
  // A run that made what it should, and says so, is not failed by a line of no target.
  if (targets.length === 0 && !packerFailed && run.ended && run.listedArtifacts > 0 && run.cancelled === null) return [];
  const context = { target: null, step: [], made: [], users };
  // A command is quoted in the agent's words: it is no cause.
  const service = run.service.filter((line) => !/^Command did not exit|COMMAND_EXECUTION_ERROR/.test(line.text));
  const found = [findInErrors(run.errors, context), findInErrors(service, context, 'service')].filter((finding) => finding !== undefined);
  if (found.length > 0) return [...targets, ...found.map((finding) => ({ finding, lines: finding.lines, name: null }))];
  // Errors of no target that no row knows mostly follow from a target's.
  const lines = [...run.errors, ...run.service];
  if (targets.length > 0 || lines.length === 0) return [...targets, ...cutSummary(run, packerFailed && targets.length === 0, context)];
  const printed = run.errors.length === 0 ? findWithoutEnd(run, packerFailed, users) : undefined;
  return [{ finding: printed ?? null, lines, name: null }];
}

/** Of a person's copy that has only the end of a failed run, what its summary lists. A script can print such lines: no violation. */
function cutSummary(run: PackerRun, wanted: boolean, context: Situation): FailedPart[] {
  const finding = wanted && run.forPeople ? findInErrors(run.unheaded, context) : undefined;
  return finding === undefined || finding.class === 3 ? [] : [{ finding, lines: finding.lines, name: null }];
}

function failureOf(target: TargetRun, run: PackerRun, users: readonly RuleRow[]): FailedPart[] {
  const context = { target: target.name, step: target.step.map((line) => line.text), made: target.made, users };
  const lines = [...target.errors, ...stateChanges(target), ...downloadErrors(target)];
  const own = findInErrors(lines, context);
  // Once told to stop, a target fails because of that, unless its error says otherwise.
  if (isConsequenceOfCancel(target, run) && (own === undefined || own.class === 1 || own.rule.code === 'PACKER_CRASH')) return [];
  if (own !== undefined && own.rule.unspecific === undefined) {
    const crash = own.rule.code === 'PACKER_CRASH' && run.crash !== null ? findInErrors([run.crash], context) : undefined;
    return [{ finding: crash ?? own, lines, name: target.name }];
  }
  const cause = findInStep(target.step, context, own === undefined ? 'other' : 'script');
  return [{ finding: cause === undefined ? (own ?? null) : { ...cause, lines: [...cause.lines, ...lines] }, lines, name: target.name }];
}

function isConsequenceOfCancel(target: TargetRun, run: PackerRun): boolean {
  // Before 1.4 packer said nothing when the signal came, only at the end.
  return run.cancelled !== null && (target.erroredAfterCancel || run.cancelled.signal === null);
}

/**
 * Why AWS ended an instance is told in a line of its own beside the final error (amazon plugin,
 * common/step_run_source_instance.go). Where the instance never became ready, no script can have printed it.
 */
function stateChanges(target: TargetRun): LogLine[] {
  if (!target.errors.some((line) => /^Error waiting for (?:spot )?instance (?!to stop\b)/.test(line.text))) return [];
  // Output for people does not tell errors from the rest; there the line is one of packer's steps.
  const told = [...target.errorOutput, ...target.step.filter((line) => line.marked)];
  const details = told.filter((line) => line.text.startsWith('Instance state change details: '));
  return eachOnce(details);
}

/**
 * Why a download failed is told in lines of their own, too (before 1.4, common/step_download.go). It comes before any script of
 * the template runs, so no script can have printed them.
 */
function downloadErrors(target: TargetRun): LogLine[] {
  if (!target.errors.some((line) => /^(?:ISO )?[Dd]ownload failed\.?$/.test(line.text))) return [];
  const told = [...target.errorOutput, ...target.step].filter((line) => line.text.startsWith('Error downloading: '));
  return eachOnce(told);
}

function eachOnce(lines: readonly LogLine[]): LogLine[] {
  return [...new Map(lines.map((line) => [line.number, line])).values()];
}

function withoutFailure(run: PackerRun, context: PackerRunContext): Verdict {
  if (run.listedArtifacts + context.recorded.length > 0) return ownVerdict('SUCCESS', '', []);
  return ownVerdict(
    'NO_EVIDENCE',
    'See in the log what ran: an `only` or `except` that matches nothing, or a post-processor that kept no artifact, ends like this.',
    lastLines(run),
  );
}

/** Packer came to no end and said of no error. */
function undecided(run: PackerRun, context: PackerRunContext, packerFailed: boolean): Verdict {
  const finding = findWithoutEnd(run, packerFailed, context.rules ?? []);
  if (finding !== undefined) return verdictOf({ finding, lines: finding.lines, name: null }, context.attempt);
  const { packerExitCode: code } = context;
  if (!run.ended && endedByForce(run, code))
    return interrupted(lastLines(run), 'The log just stops: packer was killed, for want of memory or by the end of its machine.');
  if (code === 0) return ownVerdict('NO_EVIDENCE', 'See in the log what ran.', lastLines(run));
  return unknown(lastLines(run));
}

/** Packer itself exits with 1, or 127 for an unknown command. The parent of a killed child exits with 0 (facts, packer.md, traps). */
function endedByForce(run: PackerRun, code: number | null): boolean {
  if (code === 1 || code === 127) return false;
  if (run.targets.length === 0) return code !== null && code > 128;
  return code !== null || !run.failing;
}

/** What begins a line of a target that nothing announced: the type of its builder, or a name with a type. */
const targetLike =
  /^(?:(?:alicloud|amazon|azure|cloudstack|digitalocean|docker|file|googlecompute|hcloud|hyperv|incus|linode|lxc|lxd|null|nutanix|openstack|oracle|outscale|parallels|proxmox|qemu|scaleway|tencentcloud|vagrant|virtualbox|vmware|vsphere|vultr|yandex)(?:-[a-z0-9]+)*|[\w-]{1,60}(?:\.[\w-]{1,60}){1,3}): +/;

/** What packer says of the cleaning up, after the error that it comes from. */
const cleaningUp = /^(?:Error|Failed|Unable)[^:\n]{0,20} (?:delet|clean|terminat|destroy|remov|detach|unregist)/;

/** The cause in a log that was cut before the final errors: of the last lines, a violation only where no script can have printed them. */
function findWithoutEnd(run: PackerRun, packerFailed: boolean, users: readonly RuleRow[]): Finding | undefined {
  if (run.crash !== null) return findInErrors([run.crash], { target: null, step: [], made: [], users });
  const unfinished = run.targets.filter((target) => target.outcome === 'unknown');
  const found = unfinished.flatMap((target) => {
    const context = { target: target.name, step: target.step.map((line) => line.text), made: target.made, users };
    const printed = findInStep(target.step, context, run.failing ? 'script' : 'other');
    const marked = target.step.filter((line) => line.marked && !cleaningUp.test(line.text)).slice(-10);
    const own = marked.reverse().flatMap((line) => findInErrors([line], context) ?? []);
    return (target.untouched ? own : [printed, ...own]).filter(
      (finding) => finding !== undefined && (finding.class !== 3 || target.untouched) && finding.rule.unspecific === undefined,
    );
  });
  if (found[0] !== undefined) return found[0];
  // Of a run that failed and announced no target, those that begin as a target's do are all that there is.
  if (!run.failing && (run.targets.length > 0 || !packerFailed)) return undefined;
  const lines = run.failing ? run.tail : run.tail.filter((line) => targetLike.test(line.text));
  const tail = lines.map((line) => ({ ...line, text: line.text.replace(targetLike, ''), marked: false }));
  const context = { target: null, step: tail.map((line) => line.text), made: [], users };
  return findInStep(tail, context, run.failing ? 'script' : 'other');
}

/** The last lines that anything printed, for a person to begin with. */
function lastLines(run: PackerRun): LogLine[] {
  return [...run.targets.flatMap((target) => target.step.slice(-5)), ...run.tail.slice(-5)].sort((a, b) => a.number - b.number).slice(-5);
}

function gravest(failures: readonly FailedPart[], attempt: 1 | 2): Verdict {
  const verdicts = failures.map((part) => verdictOf(part, attempt)).sort((a, b) => byGravity(a.exit_code, b.exit_code));
  return verdicts[0] ?? unknown([]);
}

function verdictOf({ finding, lines, name }: FailedPart, attempt: 1 | 2): Verdict {
  if (finding === null) return unknown(lines, name);
  const { rule, turn } = finding;
  const again = attempt === 2 && finding.class === 2 ? ' It failed like this on the second attempt: a third one is not made.' : '';
  return verdict(
    finding.class,
    rule.code,
    subject(name, rule.reason),
    `${turn === undefined ? rule.hint + otherwise(rule, finding.class) : turn.says}${again}`,
    finding.lines,
  );
}

/** What an ambiguous message would be where the log told of another context. */
function otherwise(rule: RuleRow, decided: ExitCode): string {
  const others = new Set((rule.turns ?? []).map((turn) => turn.to).filter((to) => to !== decided));
  return others.size === 0 ? '' : ` The same message can be of class ${[...others].join(' or ')}; nothing in this log says so.`;
}

function subject(name: string | null, reason: string): string {
  return name === null ? reason : `${name}: ${reason}`;
}

function interrupted(lines: readonly LogLine[], what: string): Verdict {
  return ownVerdict(
    'INTERRUPTED',
    `${what} See what ended it: a reboot, the out-of-memory killer, a person with kill. Look for instances that packer could not remove.`,
    lines,
  );
}

function unknown(lines: readonly LogLine[], name: string | null = null): Verdict {
  const hint =
    'Read the error lines. If the same build, unchanged, could work later, or if this kind of failure will come again, add a rule of your own under `rules` in hybridcore.yaml: `hybridcore-packer schema config` prints what it may hold.';
  return ownVerdict('UNKNOWN', hint, lines, name);
}

function ownVerdict(rule: OwnRule, hint: string, lines: readonly LogLine[], name: string | null = null): Verdict {
  return verdict(ownRules[rule].exit_code, rule, subject(name, ownRules[rule].reason), hint, lines);
}

function verdict(exitCode: ExitCode, rule: string, reason: string, hint: string, lines: readonly LogLine[]): Verdict {
  return verdictWith(exitCode, { rule, reason, hint, evidence: evidenceOf(lines) });
}

const mostEvidence = 10;
const longestEvidence = 500;

/** The lines with their numbers in the log, the first and the last of them where there are many. */
function evidenceOf(lines: readonly LogLine[]): string[] {
  const texts = lines.flatMap((line) => line.text.split('\n').map((text) => `${line.number}: ${text.trim()}`));
  const shown = [...new Set(texts)].filter((text) => !/^\d+: $/.test(text));
  const kept = shown.length <= mostEvidence ? shown : [...shown.slice(0, mostEvidence / 2), ...shown.slice(-mostEvidence / 2)];
  return kept.map((text) => (text.length <= longestEvidence ? text : `${text.slice(0, longestEvidence - 1)}…`));
}
