import { type Config } from '../../core/config.ts';
import { digestOfJson } from '../../core/digest.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { timestamp } from '../../core/identity.ts';
import { visibleText } from '../../core/packer-log/plain-text.ts';
import { type Audit } from '../../core/retention/audit.ts';
import { type RetentionReportDocument } from '../../core/retention/documents.ts';
import { type NotedBuilds } from '../../core/retention/noted-builds.ts';
import { retentionReport as reportOf } from '../../core/retention/report.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { type Host } from '../host.ts';
import { table } from '../render/table.ts';
import { auditText, more, mostTold, sweptObject } from './retention.ts';

/** `retention report`: what an auditor takes along; exit code 3 on any finding. @param typed the day from which on deletions and releases are told. */
export async function retentionReport(host: Host, embedded: Embedded, { retention }: Config, typed: string): Promise<Outcome<Answer>> {
  const since = dayOf(typed, embedded.clock.now());
  if (!since.ok) return since;
  const { audit, classes, deletions, ...noted } = await reportOf(embedded, retention, since.value);
  const document: RetentionReportDocument = {
    schema: 'hybridcore-packer/retention-report/1',
    exit_code: audit.findings.length === 0 ? 0 : 3,
    at: timestamp(audit.at),
    since: timestamp(since.value),
    policy: retention,
    policy_digest: digestOfJson(retention),
    classes: classes.map((each) => ({ ...each })),
    ...notesOf(noted, since.value),
    deletions: deletions.map((each) => ({
      ...sweptObject(each),
      kind: each.tags.kind,
      at: each.at,
      by: each.by,
      policy_digest: each.policy_digest,
    })),
    findings: audit.findings.map((finding) => ({ ...finding })),
  };
  return success({ exitCode: document.exit_code, document, text: reportText(host, document, audit) });
}

const dayPattern = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** A day as a person types it: one that there is, and that has begun. @param now milliseconds since 1970. */
export function dayOf(typed: string, now: number): Outcome<number> {
  const since = Date.parse(typed);
  const [, day = ''] = dayPattern.exec(typed) ?? [];
  // Where a month has no such day, `Date` goes on into the next one.
  if (day === '' || Number.isNaN(since) || !new Date(`${day}T00:00:00Z`).toISOString().startsWith(day))
    return failure('USAGE', `--since ${JSON.stringify(typed)} is no day`, 'write it as 2026-11-25, or with a time as 2026-11-25T10:00:00Z');
  return since > now
    ? failure('USAGE', `--since ${JSON.stringify(typed)} is in the future: now it is ${timestamp(now)}`, 'name a day that has begun in UTC')
    : success(since);
}

/** What somebody said of how builds are kept. */
export function notesOf(
  { holds, changed, shortened }: NotedBuilds,
  since: number,
): Pick<RetentionReportDocument, 'holds' | 'changes' | 'left_out'> {
  return {
    holds: holds.map(({ build_id, builder, hold, hold_released, past_holds, manifest }) => ({
      build_id,
      builder,
      hold,
      hold_released,
      past_holds: past_holds.filter(({ released: { at } }) => Date.parse(at) >= since),
      manifest_digest: manifest?.digest ?? null,
    })),
    changes: changed.flatMap(({ build_id, builder, retention_changes: changes }) =>
      changes.filter(({ at }) => Date.parse(at) >= since).map((each) => ({ build_id, builder, ...each })),
    ),
    left_out: shortened.map(({ build_id, builder, past_holds_left_out: held, retention_changes_left_out: changes }) => ({
      build_id,
      builder,
      holds: held,
      changes,
    })),
  };
}

/** The policy, and what somebody said of how builds are kept. */
export function policyLines({
  since,
  policy,
  policy_digest: digest,
  holds,
  changes,
  left_out: leftOut,
}: Pick<RetentionReportDocument, 'since' | 'policy' | 'policy_digest' | 'holds' | 'changes' | 'left_out'>): {
  readonly head: readonly string[];
  readonly notes: readonly string[];
} {
  const terms = Object.entries(policy.classes).map(([name, { days, lock }]) => [name, String(days), lock ?? 'none']);
  return {
    head: [`policy ${digest}`, '', table(['class', 'days', 'lock'], terms), ''],
    notes: [
      ...holds.flatMap((each) => holdLines(each, since)),
      ...changes.map(
        ({ build_id: id, from, to, at, by, reason }) =>
          `${from === to ? `another policy for ${id} of the class ${to}` : `raised: ${id} from ${from} to ${to}`} at ${at} by ${visibleText(by)}: ${visibleText(reason)}`,
      ),
      ...leftOut.map(
        ({ build_id: id, holds: held, changes: changed }) =>
          `left out: ${held} holds and ${changed} changes of ${id}, neither the first nor the last ones: its record has no room for more`,
      ),
    ],
  };
}

function reportText(host: Host, document: RetentionReportDocument, audit: Audit): string {
  const { at, since, classes, deletions } = document;
  const { head, notes } = policyLines(document);
  const counts = classes.map((each) => [each.class, String(each.objects), String(each.bytes), each.digest]);
  const gone = deletions.slice(0, mostTold).map((each) => [each.at, visibleText(each.by), each.class, each.key, each.digest]);
  return [
    `retention at ${at}, deletions since ${since}`,
    ...head,
    ...(counts.length === 0 ? [] : [table(['class', 'objects', 'bytes', 'digest'], counts), '']),
    ...notes,
    ...(gone.length === 0
      ? ['nothing was deleted']
      : [table(['deleted at', 'by', 'class', 'key', 'digest'], gone), ...more(deletions.length)]),
    '',
    auditText(host, audit),
  ].join('\n');
}

function holdLines(
  { build_id: id, hold, hold_released: last, past_holds: past }: RetentionReportDocument['holds'][number],
  since: string,
): readonly string[] {
  const line = (what: string, { at, by, reason }: NonNullable<typeof hold>) =>
    `${what}: ${id} at ${at} by ${visibleText(by)}: ${visibleText(reason)}`;
  // Older records say of a hold that ended no more than its end.
  const alone = last !== null && last.at >= since && !past.some(({ released }) => released.at === last.at);
  return [
    ...past.flatMap(({ released, ...held }) => [line('held', held), line('released', released)]),
    ...(alone ? [line('released', last)] : []),
    ...(hold === null ? [] : [line('held', hold)]),
  ];
}
