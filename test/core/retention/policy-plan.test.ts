import { describe, expect, it } from 'vitest';

import { type RetentionPolicy } from '../../../core/retention/policy.ts';
import { planPolicy, planPortsOf } from '../../../core/retention/policy-plan.ts';
import { type KeptHome, classes, keptConfig, keptHome } from '../../fixtures/retention/kept-home.ts';

/** By force: of each object the days it was made under and those that a build made now would have. */
async function byForce(home: KeptHome, policy: RetentionPolicy) {
  const counts = { earlier: 0, later: 0, firmer: 0, locked: 0, 'class-gone': 0, unchanged: 0, bytes: 0 };
  for (const { tags, size } of await home.objects()) {
    const [was, is] = [keptConfig.retention.classes[tags.retention], policy.classes[tags.retention]];
    if (was === undefined) throw new Error('it was made under the policy');
    const weaker = is !== undefined && (is.days < was.days || (was.lock === 'GOVERNANCE' && is.lock === undefined));
    const effect =
      is === undefined
        ? 'class-gone'
        : was.lock !== undefined && weaker
          ? 'locked'
          : is.days === was.days
            ? is.lock === ('lock' in was ? was.lock : undefined)
              ? 'unchanged'
              : 'firmer'
            : weaker
              ? 'earlier'
              : 'later';
    counts[effect] += 1;
    if (effect !== 'unchanged') counts.bytes += size;
  }
  return counts;
}

const policies: Readonly<Record<string, RetentionPolicy['classes']>> = {
  'the same': classes,
  'shorter and longer': { short: { days: 1 }, standard: { days: 1000 }, evidence: classes.evidence },
  'without a class': { short: { days: 30 }, evidence: classes.evidence },
  'a lock shortened': { ...classes, evidence: { days: 30, lock: 'GOVERNANCE' } },
  'a lock taken away': { ...classes, evidence: { days: 5000 } },
  'a lock given': { ...classes, short: { days: 30, lock: 'GOVERNANCE' } },
  'a lock lengthened': { ...classes, evidence: { days: 5000, lock: 'COMPLIANCE' } },
};

describe('the plan of a changed policy', () => {
  it('counts what a count by force does, and changes nothing of what a sweep takes', async () => {
    const home = await keptHome();
    for (const name of ['short', 'standard', 'evidence', 'short'] as const) await home.built(name);
    for (const changed of Object.values(policies)) {
      const policy = { default: 'short', classes: changed };
      const { changes, unchanged } = await planPolicy(planPortsOf(home.sweeping), policy);
      const counts = { earlier: 0, later: 0, firmer: 0, locked: 0, 'class-gone': 0, unchanged, bytes: 0 };
      for (const { effect, objects, bytes } of changes) {
        counts[effect] += objects;
        counts.bytes += bytes;
      }
      expect(counts).toEqual(await byForce(home, policy));
    }
    home.passDays(29);
    expect((await home.sweep({ ...keptConfig, retention: { default: 'short', classes: { short: { days: 1 } } } })).deleted).toEqual([]);
  });

  it('says from which day to which, by class', async () => {
    const home = await keptHome();
    const id = await home.built();
    const ended = Date.parse((await home.build(id)).finished_at ?? '');
    const { changes } = await planPolicy(planPortsOf(home.sweeping), { default: 'short', classes: { ...classes, short: { days: 7 } } });
    const day = (days: number) => new Date(ended + days * 86_400_000).toISOString();
    expect(changes).toMatchObject([
      { class: 'short', effect: 'earlier', from_days: 30, to_days: 7, objects: 7, first_from: day(30), first_to: day(7) },
    ]);
  });
});
