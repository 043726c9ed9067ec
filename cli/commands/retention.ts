import { type Build } from '../../core/build.ts';
import { type Config } from '../../core/config.ts';
import { digestOfJson } from '../../core/digest.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type BuildId, timestamp } from '../../core/identity.ts';
import { visibleText, plainText } from '../../core/packer-log/plain-text.ts';
import { type KeptObject } from '../../core/ports.ts';
import { type Audit, auditHome } from '../../core/retention/audit.ts';
import { type RetentionAuditDocument, type RetentionHoldDocument, type RetentionSweepDocument } from '../../core/retention/documents.ts';
import { holdBuild, releaseHold } from '../../core/retention/hold.ts';
import { type SweepProblem, sweep, unknownProblems } from '../../core/retention/sweep.ts';
import { type SweepPlan, planSweep } from '../../core/retention/sweep-plan.ts';
import { type Answer, paint } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { findBuild } from '../find-build.ts';
import { type Host } from '../host.ts';
import { table } from '../render/table.ts';

/** How many lines of one kind a person is told one by one; `--json` tells all. */
export const mostTold = 100;

// ---- sweep -----------------------------------------------------------------------------------------------

/** `retention sweep`: what has expired, and with `yes` its end; exit code 3 where something could not go. */
export async function retentionSweep(
  embedded: Embedded,
  { retention }: Config,
  { yes, by }: { readonly yes: boolean; readonly by: string },
): Promise<Outcome<Answer>> {
  const now = embedded.clock.now();
  const plan = await planSweep(embedded, retention, now);
  const report = yes ? await sweep(embedded, retention, by) : { deleted: plannedDeletions(plan), problems: unknownProblems(plan) };
  const document: RetentionSweepDocument = {
    exit_code: report.problems.length === 0 ? 0 : 3,
    at: timestamp(now),
    deleted: yes,
    objects: report.deleted.map((each) => ({ ...sweptObject(each), policy_digest: each.policy_digest })),
    spared: plan.spared.map(({ object, why }) => ({ ...sweptObject(object), why })),
    problems: report.problems.map((problem) => ({ ...problem })),
  };
  return success({ exitCode: document.exit_code, document, text: sweepText(document, report.problems) });
}

function plannedDeletions({ expired }: SweepPlan) {
  return expired.flatMap(({ going, terms }) => going.map((object) => ({ ...object, policy_digest: terms.policy_digest })));
}

/** An object as documents name it. */
export function sweptObject({ key, digest, size, tags }: KeptObject) {
  return { key, builder: tags.builder, build_id: tags.build, class: tags.retention, digest, size };
}

function sweepText({ deleted, objects, spared }: RetentionSweepDocument, problems: readonly SweepProblem[]): string {
  const bytes = objects.reduce((sum, { size }) => sum + size, 0);
  const what = `${objects.length} ${objects.length === 1 ? 'object' : 'objects'} (${bytes} bytes)`;
  const rows = objects.slice(0, mostTold).map(({ key, class: name, size }) => [key, name, String(size)]);
  return [
    ...(rows.length === 0 ? [] : [table(['key', 'class', 'bytes'], rows), ...more(objects.length), '']),
    deleted ? `deleted: ${what}` : `expired: ${what}${objects.length === 0 ? '' : '; nothing was deleted: give --yes'}`,
    ...(spared.length === 0 ? [] : [`kept though their time is over: ${spared.length} (${sparedCounts(spared)})`]),
    ...problems.slice(0, mostTold).map(({ problem, message }) => `${problem}: ${plainText(message)}`),
    ...more(problems.length),
  ].join('\n');
}

function sparedCounts(spared: RetentionSweepDocument['spared']): string {
  const reasons = Map.groupBy(spared, ({ why }) => why);
  return [...reasons].map(([why, objects]) => `${objects.length} ${why}`).join(', ');
}

/** Says that there is more than is told. */
export function more(count: number): readonly string[] {
  return count > mostTold ? [`and ${count - mostTold} more: --json tells all`] : [];
}

// ---- audit -----------------------------------------------------------------------------------------------

/** `retention audit`: every object against its class, its records and the policy; exit code 3 on any finding. */
export async function retentionAudit(
  host: Host,
  embedded: Embedded,
  { retention }: Config,
  { deep }: { readonly deep: boolean },
): Promise<Outcome<Answer>> {
  const audit = await auditHome(embedded, retention, { deep });
  const document: RetentionAuditDocument = {
    exit_code: audit.findings.length === 0 ? 0 : 3,
    at: timestamp(audit.at),
    policy_digest: digestOfJson(retention),
    deep,
    objects: audit.objects,
    inspected: audit.inspected,
    classes: audit.classes.map((each) => ({ ...each })),
    held: [...audit.held],
    findings: audit.findings.map((finding) => ({ ...finding })),
  };
  return success({ exitCode: document.exit_code, document, text: auditText(host, audit) });
}

/** An audit as a person reads it. */
export function auditText(host: Host, { objects, inspected, classes, held, findings }: Audit): string {
  const { out } = host.terminal;
  const rows = findings.slice(0, mostTold).map(({ finding, class: name, message }) => [finding, name ?? '-', plainText(message)]);
  const counts = classes.map((each) => [each.class, String(each.objects), String(each.bytes)]);
  const read = inspected === objects ? 'read all of them' : `read ${inspected} of them (--deep reads all)`;
  return [
    ...(rows.length === 0 ? [] : [table(['finding', 'class', 'what'], rows), ...more(findings.length), '']),
    ...(counts.length === 0 ? [] : [table(['class', 'objects', 'bytes'], counts), '']),
    ...(held.length === 0 ? [] : [`under a legal hold: ${held.join(', ')}`]),
    `${findings.length === 0 ? paint(out, 'green', 'nothing found') : paint(out, 'red', `${findings.length} found`)}: looked at ${objects} objects, and ${read}`,
  ].join('\n');
}

// ---- holds -----------------------------------------------------------------------------------------------

/** `retention hold <build>`: nothing of it expires until it is released. */
export async function retentionHold(embedded: Embedded, typed: string, by: string, reason: string): Promise<Outcome<Answer>> {
  return onBuild(embedded, typed, (id) => holdBuild(embedded, id, by, reason), heldText);
}

/** `retention release <build>`: what has been due since goes with the next sweep. */
export async function retentionRelease(embedded: Embedded, typed: string, by: string, reason: string): Promise<Outcome<Answer>> {
  return onBuild(
    embedded,
    typed,
    (id) => releaseHold(embedded, id, by, reason),
    () => 'is held no more: it expires as its class says',
  );
}

async function onBuild(
  embedded: Embedded,
  typed: string,
  change: (id: BuildId) => Promise<Outcome<Build>>,
  what: (build: Build) => string,
): Promise<Outcome<Answer>> {
  const found = await findBuild(embedded, typed);
  if (!found.ok) return found;
  const changed = await change(found.value.build_id);
  if (!changed.ok) return changed;
  return success({
    exitCode: 0,
    document: holdDocument(changed.value, null),
    text: `build ${changed.value.build_id} ${what(changed.value)}`,
  });
}

/** Names who was first: somebody may have asked for the same before. */
export function heldText({ hold }: Build): string {
  return `is held${hold === null ? '' : ` since ${hold.at} by ${visibleText(hold.by)}`}: nothing of it expires`;
}

/** @param versions how many versions of objects that reached; null where only the record has it. */
export function holdDocument({ build_id, builder, hold, hold_released }: Build, versions: number | null): RetentionHoldDocument {
  return { build_id, builder, hold, hold_released, versions };
}
