import { classifyLog } from '../../core/classification/classify.ts';
import { type Verdict } from '../../core/classification/verdict.ts';
import { type ExitCode, exitCodes } from '../../core/exit-code.ts';
import { type LabelledLog } from './labelled-logs.ts';

/** The least share of logs that get their label, and their label or the alternative one. */
export const targets = { strict: 0.9, alternative: 0.95 } as const;

interface Judged {
  readonly log: LabelledLog;
  readonly verdict: Verdict;
}

/** How the verdicts on a labelled set compare with its labels. */
export interface Score {
  readonly count: number;
  /** Shares of the set, from 0 to 1. */
  readonly strict: number;
  readonly alternative: number;
  /** How often each label got each verdict, as `confusion[label][verdict]`. */
  readonly confusion: Readonly<Record<ExitCode, Readonly<Record<ExitCode, number>>>>;
  /** Verdicts other than the label; `accepted` where the alternative label allows them. */
  readonly misses: readonly (Judged & { readonly accepted: boolean })[];
  /** What must never happen, each with the ids of the logs where it did. */
  readonly breaches: readonly { readonly never: string; readonly ids: readonly string[] }[];
  readonly holds: boolean;
}

/** Classifies each log as a first attempt, of which only its lines and packer's exit code are known. */
export function scoreOf(logs: readonly LabelledLog[]): Score {
  const judged = logs.map((log) => ({
    log,
    verdict: classifyLog(log.log.split('\n'), { packerExitCode: log.exit_code_of_packer, signal: null, attempt: 1, recorded: [] }),
  }));
  const misses = judged
    .filter(({ log, verdict }) => verdict.exit_code !== log.label)
    .map((miss) => ({ ...miss, accepted: miss.verdict.exit_code === miss.log.alt_label }));
  const refused = misses.filter((miss) => !miss.accepted);
  const strict = shareOf(logs.length - misses.length, logs.length);
  const alternative = shareOf(logs.length - refused.length, logs.length);
  const breaches = [
    breachOf('a config error is called transient', refused, ({ log, verdict }) => log.label === 1 && verdict.exit_code === 2),
    breachOf('a violation is called transient', refused, ({ log, verdict }) => log.label === 3 && verdict.exit_code === 2),
    breachOf('a success is called a failure', refused, ({ log }) => log.label === 0),
  ];
  return {
    count: logs.length,
    strict,
    alternative,
    confusion: confusionOf(judged),
    misses,
    breaches,
    holds: strict >= targets.strict && alternative >= targets.alternative && breaches.every((breach) => breach.ids.length === 0),
  };
}

/** An empty set shows nothing. */
function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function breachOf(never: string, misses: readonly Judged[], happens: (miss: Judged) => boolean): Score['breaches'][number] {
  return { never, ids: misses.filter(happens).map((miss) => miss.log.id) };
}

function confusionOf(judged: readonly Judged[]): Score['confusion'] {
  const none = (): Record<ExitCode, number> => ({ 0: 0, 1: 0, 2: 0, 3: 0 });
  const counts: Record<ExitCode, Record<ExitCode, number>> = { 0: none(), 1: none(), 2: none(), 3: none() };
  for (const { log, verdict } of judged) counts[log.label][verdict.exit_code] += 1;
  return counts;
}

const classes = [0, 1, 2, 3] as const satisfies readonly (keyof typeof exitCodes)[];

/** The score for people. */
export function scoreText({ count, strict, alternative, confusion, misses, breaches, holds }: Score): string {
  const cell = (text: string | number) => String(text).padStart(8);
  return [
    `${count} labelled logs`,
    `strict                     ${percent(strict)} (at least ${percent(targets.strict)})`,
    `with the alternative label ${percent(alternative)} (at least ${percent(targets.alternative)})`,
    '',
    `label \\ verdict${classes.map(cell).join('')}`,
    ...classes.map((label) => `${String(label).padEnd(15)}${classes.map((verdict) => cell(confusion[label][verdict])).join('')}`),
    '',
    ...misses.map(
      ({ log, verdict, accepted }) =>
        `${accepted ? 'alternative' : 'miss       '} ${log.id}: ${log.label}${log.alt_label === null ? '' : ` or ${log.alt_label}`}, but ${verdict.exit_code} by ${verdict.classification.rule}`,
    ),
    ...(misses.length === 0 ? [] : ['']),
    ...breaches.map(({ never, ids }) => `never that ${never}: ${ids.length === 0 ? 'holds' : `broken by ${ids.join(', ')}`}`),
    holds ? 'All targets hold.' : 'A target is missed.',
  ].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
