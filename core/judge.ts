import { type Artifact } from './artifact.ts';
import { type AttemptReport } from './attempt-report.ts';
import { type Attempt, type Build } from './build.ts';
import { classifyPackerRun, classifyRunRecord } from './classification/classify.ts';
import { type OwnRule } from './classification/own-rules.ts';
import { type RuleRow } from './classification/rules-row.ts';
import { type Verdict, verdictLines, verdictOf } from './classification/verdict.ts';
import { byGravity } from './exit-code.ts';
import { type Failure } from './failure.ts';
import { type ReadHandover } from './handed-over.ts';
import { errorLines } from './packer-log/error-lines.ts';
import { type PackerRun, mergeArtifacts } from './packer-log/packer-run.ts';
import { type Interruption } from './ports.ts';
import { type RunRecord } from './run-record.ts';
import { unchangedVerdict } from './unchanged.ts';

/** Who asked a build to stop; null where nobody did. */
type Stop = { readonly by: string } | null;

/** What an attempt came to, before anything is written. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly artifacts: readonly Artifact[];
  /** The error lines that an operator needs; not yet cut to the bound of a result. */
  readonly stderr: string;
  /** The claims that the verdict rests on; null where there are none that can be used. */
  readonly report: AttemptReport | null;
}

/**
 * Decides what an attempt came to. The order is the domain's: what was handed over and is not what an attempt
 * writes is a violation; without a report the build service's record decides; else the gravest of what the
 * attempt's own checks and packer's log say, where an interruption stands in for the failure that it caused.
 *
 * @param rules the user's own, as the dispatcher knows them.
 * @param run the handed-over log after this side's own redaction, read; the log of `handed` is not looked at. Null where there is none.
 */
export function judge(
  handed: ReadHandover,
  run: PackerRun | null,
  build: Build,
  attempt: Attempt,
  record: RunRecord | undefined,
  rules: readonly RuleRow[] = [],
): Judgement {
  switch (handed.state) {
    case 'invalid':
      return ofFailure(handed.failure);
    case 'absent':
      return withoutReport(build, attempt, record);
    case 'read':
      return judgeClaims(handed.value.report, run, build, attempt, record, rules);
  }
}

/** Verdicts on the claims themselves: nothing else that the attempt says counts then. */
const disbelief: ReadonlySet<string> = new Set(['HANDOVER_INVALID', 'ARTIFACT_UNCONFIRMED'] as const satisfies readonly OwnRule[]);

/** What of a handover counts, once the verdict stands: whoever carries a decision out comes to the same. */
export function tellsOf(handed: ReadHandover, run: PackerRun | null, verdict: Verdict): Judgement {
  return handed.state === 'read' ? claimsUnder(verdict, handed.value.report, run) : ofVerdict(verdict);
}

function claimsUnder(verdict: Verdict, report: AttemptReport, run: PackerRun | null): Judgement {
  if (disbelief.has(verdict.classification.rule)) return ofVerdict(verdict);
  if (report.unchanged) return { ...ofVerdict(verdict), stderr: '', report };
  if (report.packer === null || run === null) return { ...ofVerdict(verdict), report };
  const own = report.failure === null ? [] : [verdictLines(verdictOf(ownFailure(report.failure)))];
  return {
    verdict,
    artifacts: mergeArtifacts(
      run.artifacts,
      report.recorded,
      run.targets.map((target) => target.name),
    ),
    stderr: verdict.exit_code === 0 ? '' : [...own, errorLines(run)].join('\n'),
    report,
  };
}

function ofFailure(failure: Failure): Judgement {
  return ofVerdict(verdictOf(failure));
}

function ofVerdict(verdict: Verdict): Judgement {
  return { verdict, artifacts: [], stderr: verdictLines(verdict), report: null };
}

function judgeClaims(
  report: AttemptReport,
  run: PackerRun | null,
  build: Build,
  attempt: Attempt,
  record: RunRecord | undefined,
  rules: readonly RuleRow[],
): Judgement {
  const lie = timesProblem(report, record) ?? sourceProblem(report, attempt);
  if (lie !== undefined) return ofFailure(lie);
  const judgement = judgeReport(report, run, attempt, build.stop, rules);
  return judgement.verdict.exit_code === 0 && report.fingerprint === null
    ? ofFailure(claimed('speaks of a success without inputs'))
    : judgement;
}

/** How far the clocks of an attempt and of the build service may be apart. Milliseconds. */
const clockTolerance = 10 * 60_000;

/** Times that cannot be: a report's times go into the sealed manifest. */
function timesProblem(report: AttemptReport, record: RunRecord | undefined): Failure | undefined {
  const [began, ended] = [Date.parse(report.started_at), Date.parse(report.finished_at)];
  if (ended < began) return claimed(`says that it ended at ${report.finished_at}, before it began at ${report.started_at}`);
  if (record === undefined) return undefined;
  const [from, to] = [Date.parse(record.started_at) - clockTolerance, Date.parse(record.finished_at ?? record.started_at) + clockTolerance];
  if (began >= from && (record.finished_at === null || ended <= to)) return undefined;
  return claimed(
    `says that it ran from ${report.started_at} to ${report.finished_at}, but its run did from ${record.started_at} to ${record.finished_at ?? 'now'}`,
  );
}

/** Other inputs than the deployed ones: an attempt that meets such leaves packer alone, and claims none. */
function sourceProblem({ fingerprint }: AttemptReport, { expected }: Attempt): Failure | undefined {
  if (expected === null || fingerprint === null || fingerprint === expected) return undefined;
  return claimed(`speaks of inputs with the fingerprint ${fingerprint}, but those of the deployed source have ${expected}`);
}

function claimed(what: string): Failure {
  return {
    rule: 'HANDOVER_INVALID',
    message: `the report of the attempt ${what}`,
    remedy: 'find out who else can write under incoming/; then release the builder with `hybridcore-packer quarantine release`',
    evidence: [`the report of the attempt ${what}`],
  };
}

function withoutReport(build: Build, attempt: Attempt, record: RunRecord | undefined): Judgement {
  if (record === undefined) {
    return ofFailure({
      rule: 'RUN_LOST',
      message: `the build service knows nothing of the run ${attempt.run ?? '(not started)'}, and it handed nothing over`,
      remedy: 'see whether the build service was cleaned up by hand; what packer made can be found by its tags',
    });
  }
  if (build.stop !== null && record.status === 'STOPPED') return ofFailure(interruption('stop', build.builder, build.stop));
  if (attempt.expired_at !== null && record.status === 'STOPPED') return ofFailure(interruption('time-limit', build.builder, null));
  return ofVerdict(classifyRunRecord(record, attempt.attempt));
}

/**
 * Decides on what an attempt reports: the gravest of what its own checks and packer's log say, where an
 * interruption stands in for the failure that it caused.
 *
 * @param run packer's scrubbed log, read; null where packer never ran.
 * @param attempt what the records know of it, as far as the verdict depends on that.
 * @param stop who asked for a stop; null where nobody did.
 */
export function judgeReport(
  report: AttemptReport,
  run: PackerRun | null,
  attempt: Pick<Attempt, 'attempt' | 'unless' | 'expired_at'>,
  stop: Stop,
  rules: readonly RuleRow[] = [],
): Judgement {
  return claimsUnder(verdictOn(report, run, attempt, stop, rules), report, run);
}

/** What of a report its verdict depends on. */
export type VerdictClaims = Pick<
  AttemptReport,
  'builder' | 'fingerprint' | 'packer' | 'interrupted' | 'unchanged' | 'failure' | 'recorded'
>;

/** The verdict of `judgeReport`, from what it depends on alone: so it can be given again long after the report is gone. */
export function verdictOn(
  report: VerdictClaims,
  run: PackerRun | null,
  { attempt, unless, expired_at }: Pick<Attempt, 'attempt' | 'unless' | 'expired_at'>,
  stop: Stop,
  rules: readonly RuleRow[],
): Verdict {
  if (report.unchanged) {
    return unless !== null && report.fingerprint === unless.fingerprint && report.packer === null && report.failure === null
      ? unchangedVerdict(unless)
      : verdictOf(claimed('says that nothing changed, though the attempt was not to be skipped at these inputs'));
  }
  const interrupted = report.interrupted === 'stop' && stop === null && expired_at !== null ? 'time-limit' : report.interrupted;
  const own = report.failure === null ? null : ownFailure(report.failure);
  if (report.packer === null || run === null) {
    const cause =
      own ??
      (interrupted === null ? claimed('says neither that packer ran nor why it did not') : interruption(interrupted, report.builder, stop));
    return verdictOf(cause);
  }
  const said = classifyPackerRun(run, {
    packerExitCode: report.packer.exit_code,
    signal: report.packer.signal,
    attempt,
    recorded: report.recorded,
    rules,
  });
  const caused =
    interrupted !== null && said.exit_code !== 0 && said.exit_code !== 3
      ? verdictOf(interruption(interrupted, report.builder, stop))
      : said;
  return [caused, ...(own === null ? [] : [verdictOf(own)])].reduce((a, b) => (byGravity(a.exit_code, b.exit_code) <= 0 ? a : b));
}

function ownFailure(failure: NonNullable<AttemptReport['failure']>): Failure {
  const { rule, message, remedy, evidence } = failure;
  return evidence === undefined ? { rule, message, remedy } : { rule, message, remedy, evidence };
}

function interruption(cause: Interruption, builder: string, stop: Stop): Failure {
  if (cause === 'time-limit') {
    return {
      rule: 'TIMED_OUT',
      message: 'the attempt reached its time limit, and packer was stopped',
      remedy: `see in the log what it was waiting for; raise builders.${builder}.timeout if it needs longer`,
    };
  }
  if (cause === 'stop' && stop !== null) {
    return { rule: 'STOPPED', message: `stopped by ${stop.by}`, remedy: 'ask for a new build when it is wanted' };
  }
  return {
    rule: 'INTERRUPTED',
    message: 'the attempt was interrupted by a signal, and no operator asked for it',
    remedy: 'see what ended it: a reboot, the out-of-memory killer, a person with kill',
  };
}
