import { type Config } from '../../core/config.ts';
import { digestOfJson } from '../../core/digest.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { timestamp } from '../../core/identity.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
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
  const since = dayOf(typed);
  if (!since.ok) return since;
  const { audit, classes, holds, changed, deletions } = await reportOf(embedded, retention, since.value);
  const document: RetentionReportDocument = {
    schema: 'hybridcore-packer/retention-report/1',
    exit_code: audit.findings.length === 0 ? 0 : 3,
    at: timestamp(audit.at),
    since: timestamp(since.value),
    policy: retention,
    policy_digest: digestOfJson(retention),
    classes: classes.map((each) => ({ ...each })),
    ...notesOf({ holds, changed }, since.value),
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

/** A day as a person types it. */
export function dayOf(typed: string): Outcome<number> {
  const since = Date.parse(typed);
  return !/^\d{4}-\d{2}-\d{2}/.test(typed) || Number.isNaN(since)
    ? failure('USAGE', `--since ${JSON.stringify(typed)} is no day`, 'write it as 2026-11-25, or with a time as 2026-11-25T10:00:00Z')
    : success(since);
}

/** What somebody said of how builds are kept. */
export function notesOf({ holds, changed }: NotedBuilds, since: number): Pick<RetentionReportDocument, 'holds' | 'changes'> {
  return {
    holds: holds.map(({ build_id, builder, hold, hold_released, manifest }) => ({
      build_id,
      builder,
      hold,
      hold_released,
      manifest_digest: manifest?.digest ?? null,
    })),
    changes: changed.flatMap(({ build_id, builder, retention_changes: changes }) =>
      changes.filter(({ at }) => Date.parse(at) >= since).map((each) => ({ build_id, builder, ...each })),
    ),
  };
}

/** The policy, and what somebody said of how builds are kept. */
export function policyLines({
  policy,
  policy_digest: digest,
  holds,
  changes,
}: Pick<RetentionReportDocument, 'policy' | 'policy_digest' | 'holds' | 'changes'>): {
  readonly head: readonly string[];
  readonly notes: readonly string[];
} {
  const terms = Object.entries(policy.classes).map(([name, { days, lock }]) => [name, String(days), lock ?? 'none']);
  return {
    head: [`policy ${digest}`, '', table(['class', 'days', 'lock'], terms), ''],
    notes: [
      ...holds.map((each) => holdLine(each)),
      ...changes.map(
        ({ build_id: id, from, to, at, by, reason }) =>
          `${from === to ? `another policy for ${id} of the class ${to}` : `raised: ${id} from ${from} to ${to}`} at ${at} by ${plainText(by)}: ${plainText(reason)}`,
      ),
    ],
  };
}

function reportText(host: Host, document: RetentionReportDocument, audit: Audit): string {
  const { at, since, classes, deletions } = document;
  const { head, notes } = policyLines(document);
  const counts = classes.map((each) => [each.class, String(each.objects), String(each.bytes), each.digest]);
  const gone = deletions.slice(0, mostTold).map((each) => [each.at, plainText(each.by), each.class, each.key, each.digest]);
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

function holdLine({ build_id: id, hold, hold_released: released }: RetentionReportDocument['holds'][number]): string {
  const [what, note] = hold === null ? ['released', released] : ['held', hold];
  return note === null ? `${what}: ${id}` : `${what}: ${id} at ${note.at} by ${plainText(note.by)}: ${plainText(note.reason)}`;
}
