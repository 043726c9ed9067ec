import { systemClock } from '../../adapters/local/system.ts';
import { type Config } from '../../core/config.ts';
import { digestOfJson } from '../../core/digest.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { timestamp } from '../../core/identity.ts';
import { type ApplyPorts, type WantedPolicy, applyPolicy } from '../../core/retention/apply-policy.ts';
import { changePortsOf } from '../../core/retention/change.ts';
import { type RetentionApplyDocument, type RetentionPlanDocument } from '../../core/retention/documents.ts';
import { type PlanPorts, type PolicyPlan, planPolicy, planPortsOf } from '../../core/retention/policy-plan.ts';
import { type RetentionPolicy } from '../../core/retention/policy.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { table } from '../render/table.ts';

/** What comes next where a policy would change something, by home. */
const next = {
  here: 'all of them are kept as promised until the policy is applied to them: hybridcore-packer retention apply; new builds are kept by it already',
  deployed:
    "all of them were promised otherwise; the bucket's rules do as the last deployment says, whatever is promised: docs/retention.md has the order in which to apply a policy (retention apply, with the same --bucket and --table) and to deploy it",
} as const;
export type PlannedHome = keyof typeof next;

/** `retention plan` on one machine. */
export async function retentionPlanHere(embedded: Embedded, config: Config): Promise<Outcome<Answer>> {
  return retentionPlan(planPortsOf(embedded), config, 'here');
}

/** `retention apply` on one machine. */
export async function retentionApplyHere(embedded: Embedded, config: Config, wanted: WantedPolicy): Promise<Outcome<Answer>> {
  return retentionApply({ ...planPortsOf(embedded), ...changePortsOf(embedded) }, config, wanted);
}

/** `retention plan`: what the policy as it is now would keep for less or for longer than was promised. */
export async function retentionPlan(ports: PlanPorts, { retention }: Config, home: PlannedHome): Promise<Outcome<Answer>> {
  const document = planDocument(retention, await planPolicy(ports, retention));
  return success({ exitCode: 0, document, text: planText(document, home) });
}

/** `retention apply`: what was promised is kept by the policy as it is now. */
export async function retentionApply(ports: ApplyPorts, { retention }: Config, wanted: WantedPolicy): Promise<Outcome<Answer>> {
  const done = await applyPolicy(ports, retention, wanted);
  if (!done.ok) return done;
  const { plan, applied, left } = done.value;
  const document: RetentionApplyDocument = { ...planDocument(retention, plan), applied, left };
  const stays =
    left === 0
      ? []
      : [`${builds(left)} stay as promised: under a lock, of a class that is gone, or with a raise that was cut off (ask for it again)`];
  return success({
    exitCode: 0,
    document,
    text: [...changesTable(document), `promised by the policy as it is now: ${builds(applied)}`, ...stays].join('\n'),
  });
}

function planDocument(policy: RetentionPolicy, { changes, unchanged }: PolicyPlan): RetentionPlanDocument {
  return {
    at: timestamp(systemClock.now()),
    policy_digest: digestOfJson(policy),
    changes: changes.map((change) => ({ ...change })),
    unchanged,
  };
}

function planText(document: RetentionPlanDocument, home: PlannedHome): string {
  const { changes, unchanged } = document;
  return [
    ...changesTable(document),
    `as promised: ${unchanged} ${unchanged === 1 ? 'object' : 'objects'}`,
    ...(changes.length === 0 ? [] : [next[home]]),
  ].join('\n');
}

function changesTable({ changes }: RetentionPlanDocument): readonly string[] {
  const rows = changes.map((each) => [
    each.effect,
    each.class,
    `${each.from_days} -> ${each.to_days ?? '-'}`,
    String(each.builds),
    String(each.objects),
    String(each.bytes),
    `${each.first_from.slice(0, 10)} -> ${each.first_to?.slice(0, 10) ?? '-'}`,
  ]);
  return rows.length === 0 ? [] : [table(['effect', 'class', 'days', 'builds', 'objects', 'bytes', 'first goes'], rows), ''];
}

function builds(count: number): string {
  return `${count} ${count === 1 ? 'build' : 'builds'}`;
}
