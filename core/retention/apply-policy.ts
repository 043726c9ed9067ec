import { type Build } from '../build.ts';
import { type Outcome, failure, success } from '../failure.ts';
import { type ChangePorts, type Wish, finishChange, isHalfChanged, withChange } from './change.ts';
import { noteFault } from './note-reason.ts';
import { type PlanPorts, type PolicyChange, type PolicyPlan, allBuilds, planPolicy, policyEffect } from './policy-plan.ts';
import { type RetentionPolicy } from './policy.ts';

export interface ApplyPorts extends ChangePorts, Omit<PlanPorts, 'records'> {}

/** Who wants the policy to be applied, and why. */
export interface WantedPolicy extends Wish {
  /** What would go earlier may. */
  readonly confirm: boolean;
}

/** A policy that was applied to what builds left. */
export interface AppliedPolicy {
  /** What it would have changed, as it was before. */
  readonly plan: PolicyPlan;
  /** How many builds are kept by it from now on. */
  readonly applied: number;
  /**
   * How many stay as promised though it would keep them otherwise: under a lock, of a class that is gone, or with a raise
   * that was cut off and is to be asked for again.
   */
  readonly left: number;
}

/**
 * Lets what builds left be kept by the policy as it is now, in place of what they were promised: longer and more firmly at
 * once, for less only where that is confirmed, and what is locked or going never for less. Each build's record has who and why,
 * and what was promised before. Where a crash cut it off, asking again goes on from there.
 *
 * @returns POLICY_UNCONFIRMED where something would go earlier and that is not confirmed; REQUEST_INVALID without a reason.
 *   Nothing was changed then.
 */
export async function applyPolicy(ports: ApplyPorts, policy: RetentionPolicy, wanted: WantedPolicy): Promise<Outcome<AppliedPolicy>> {
  const fault = noteFault(wanted.reason);
  if (fault !== undefined) return { ok: false, failure: fault };
  const plan = await planPolicy(ports, policy);
  const earlier = plan.changes.filter(({ effect }) => effect === 'earlier');
  if (earlier.length > 0 && !wanted.confirm) return unconfirmed(earlier);
  let [applied, left] = [0, 0];
  for await (const { build_id: id } of allBuilds(ports.records)) {
    const end = await applyTo(ports, policy, id, wanted);
    if (end === 'applied') applied += 1;
    if (end === 'left') left += 1;
  }
  return success({ plan, applied, left });
}

async function applyTo(
  ports: ChangePorts,
  policy: RetentionPolicy,
  id: Build['build_id'],
  wanted: WantedPolicy,
): Promise<'applied' | 'left' | 'unchanged'> {
  for (let finished = false; ;) {
    const build = await ports.records.readBuild(id);
    if (build === undefined) return 'unchanged';
    if (isHalfChanged(build)) {
      const last = build.retention_changes.at(-1);
      // A raise that was cut off is finished where tags may be set: by asking for it again.
      if (last?.from !== last?.to) return 'left';
      await finishChange(ports, build);
      finished = true;
      continue;
    }
    const effect = policyEffect(build, policy);
    if (effect === undefined) return finished ? 'applied' : 'unchanged';
    const { class: name, effect: what, from, to } = effect;
    // What has ended since the plan was made is not confirmed by it.
    if (to === null || what === 'locked' || (what === 'earlier' && !wanted.confirm)) return 'left';
    const obstacle = ports.obstacle(build, to);
    if (obstacle !== undefined) return obstacle.why === 'gone' ? 'unchanged' : 'left';
    const changed = withChange(build, from, { class: name, terms: to, by: wanted.by, reason: wanted.reason }, ports.clock.now());
    const { committed } = await ports.records.commit([{ type: 'build', expected: build.version, document: changed }]);
    if (!committed) continue;
    await finishChange(ports, changed);
    return 'applied';
  }
}

function unconfirmed(earlier: readonly PolicyChange[]): Outcome<never> {
  const lines = earlier.map(
    ({ class: name, builds, objects, bytes, from_days: from, to_days: to, first_to: first }) =>
      `${name}: ${objects} objects of ${builds} builds, ${bytes} bytes, after ${to} days in place of ${from}; the first from ${first} on`,
  );
  return failure(
    'POLICY_UNCONFIRMED',
    `the policy would let go earlier than promised: ${lines.join('; ')}`,
    'see `hybridcore-packer retention plan`, with the same options; where that is wanted, say so with --confirm; nothing was changed',
    lines,
  );
}
