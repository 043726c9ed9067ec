import { type Config } from '../../core/config.ts';
import { digestOfJson } from '../../core/digest.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { timestamp } from '../../core/identity.ts';
import { type RetentionPlanDocument } from '../../core/retention/documents.ts';
import { planPolicy } from '../../core/retention/policy-plan.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { table } from '../render/table.ts';

/** `retention plan`: what the policy as it is now would keep for less or for longer than was promised. */
export async function retentionPlan(embedded: Embedded, { retention }: Config): Promise<Outcome<Answer>> {
  const { changes, unchanged } = await planPolicy(embedded, retention);
  const document: RetentionPlanDocument = {
    at: timestamp(embedded.clock.now()),
    policy_digest: digestOfJson(retention),
    changes: changes.map((change) => ({ ...change })),
    unchanged,
  };
  return success({ exitCode: 0, document, text: planText(document) });
}

function planText({ changes, unchanged }: RetentionPlanDocument): string {
  const rows = changes.map((each) => [
    each.effect,
    each.class,
    `${each.from_days} -> ${each.to_days ?? '-'}`,
    String(each.objects),
    String(each.bytes),
    `${each.first_from.slice(0, 10)} -> ${each.first_to?.slice(0, 10) ?? '-'}`,
  ]);
  return [
    ...(rows.length === 0 ? [] : [table(['effect', 'class', 'days', 'objects', 'bytes', 'first goes'], rows), '']),
    `as promised: ${unchanged} ${unchanged === 1 ? 'object' : 'objects'}`,
    ...(rows.length === 0 ? [] : ['all of them are kept as promised all the same; new builds are kept by the policy as it is now']),
  ].join('\n');
}
