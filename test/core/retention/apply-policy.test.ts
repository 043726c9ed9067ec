import { beforeEach, describe, expect, it } from 'vitest';

import { type BuildId } from '../../../core/identity.ts';
import { applyPolicy } from '../../../core/retention/apply-policy.ts';
import { auditHome } from '../../../core/retention/audit.ts';
import { changePortsOf } from '../../../core/retention/change.ts';
import { holdBuild } from '../../../core/retention/hold.ts';
import { notedBuilds } from '../../../core/retention/noted-builds.ts';
import { planPolicy, planPortsOf } from '../../../core/retention/policy-plan.ts';
import { type RetentionPolicy, keepsAtLeast } from '../../../core/retention/policy.ts';
import { keptConfig, classes, keptHome, type KeptHome } from '../../fixtures/retention/kept-home.ts';

let home: KeptHome;
beforeEach(async () => {
  home = await keptHome();
});

const ports = () => ({ ...planPortsOf(home.sweeping), ...changePortsOf(home.sweeping) });
const changed = (changes: RetentionPolicy['classes']): RetentionPolicy => ({ default: 'short', classes: { ...classes, ...changes } });
const apply = (policy: RetentionPolicy, confirm = false, reason = 'policy of 2027') =>
  applyPolicy(ports(), policy, { confirm, by: 'counsel', reason });
const sweptAfter = async (days: number, policy: RetentionPolicy) => {
  home.passDays(days);
  await home.sweep({ ...keptConfig, retention: policy });
};
const keysLeft = async (id: BuildId) => (await home.keysOf(id)).length;
const findings = async (policy: RetentionPolicy) => (await auditHome(home.sweeping, policy, { deep: true })).findings;

describe('a changed policy', () => {
  it('is applied: what it keeps longer stays so long, with who and why, and nothing of it is left to plan', async () => {
    const [id] = [await home.built('short'), await home.built('standard')];
    const policy = changed({ short: { days: 60 } });
    expect(await apply(policy)).toMatchObject({
      ok: true,
      value: {
        plan: { changes: [{ class: 'short', effect: 'later', from_days: 30, to_days: 60, builds: 1, objects: 5 }] },
        applied: 1,
        left: 0,
      },
    });
    expect(await home.build(id)).toMatchObject({
      retention: 'short',
      retention_terms: { days: 60 },
      retention_changes: [
        { by: 'counsel', reason: 'policy of 2027', from: 'short', from_terms: { days: 30 }, to: 'short', tagged_at: expect.any(String) },
      ],
    });
    expect((await planPolicy(planPortsOf(home.sweeping), policy)).changes).toEqual([]);
    expect(await findings(policy)).toEqual([]);
    await sweptAfter(59, policy);
    expect(await keysLeft(id)).toBe(5);
    await sweptAfter(1, policy);
    expect(await keysLeft(id)).toBe(0);
  });

  it('lets nothing go earlier that was not confirmed, and changes nothing then: it says what, and from when on', async () => {
    const [id, other] = [await home.built('standard'), await home.built('short')];
    const policy = changed({ standard: { days: 7 }, short: { days: 60 } });
    expect(await apply(policy)).toMatchObject({
      ok: false,
      failure: {
        rule: 'POLICY_UNCONFIRMED',
        message: expect.stringMatching(
          /standard: \d objects of 1 builds, \d+ bytes, after 7 days in place of 365; the first from 2026-11-29T/,
        ) as string,
        remedy: expect.stringContaining('--confirm') as string,
      },
    });
    for (const each of [id, other]) expect((await home.build(each)).retention_changes).toEqual([]);
    await sweptAfter(8, policy);
    expect(await keysLeft(id)).toBe(5);
  });

  it('lets go earlier what is confirmed, and never what is locked, of a class that is gone, or held', async () => {
    const [early, locked, held] = [await home.built('standard'), await home.built('evidence'), await home.built('standard')];
    await home.built('short');
    expect((await holdBuild(home.ports, held, 'counsel', 'case 7')).ok).toBe(true);
    const policy: RetentionPolicy = { default: 'standard', classes: { standard: { days: 7 }, evidence: { days: 7 } } };
    expect(await apply(policy, true)).toMatchObject({ ok: true, value: { applied: 2, left: 2 } });
    expect(await findings(policy)).toEqual([]);
    await sweptAfter(8, policy);
    expect(await keysLeft(early)).toBe(0);
    expect(await keysLeft(locked)).toBe(5);
    expect(await keysLeft(held)).toBe(5);
    expect(await home.build(locked)).toMatchObject({ retention_terms: { days: 2555, lock: 'GOVERNANCE' }, retention_changes: [] });
  });

  it('gives a lock to what had none, and takes none back', async () => {
    const id = await home.built('short');
    expect(await apply(changed({ short: { days: 30, lock: 'GOVERNANCE' } }))).toMatchObject({
      value: { plan: { changes: [{ effect: 'firmer' }] }, applied: 1 },
    });
    expect(await apply(changed({ short: { days: 30 } }), true)).toMatchObject({
      value: { plan: { changes: [{ effect: 'locked' }] }, applied: 0, left: 1 },
    });
    expect((await home.build(id)).retention_terms).toMatchObject({ days: 30, lock: 'GOVERNANCE' });
  });

  it('needs a reason, and leaves alone what has not ended and what goes already', async () => {
    const id = await home.built('short');
    const waiting = await home.accepted();
    expect(await apply(changed({ short: { days: 60 } }), false, ' ')).toMatchObject({ ok: false, failure: { rule: 'REQUEST_INVALID' } });
    expect(await apply(changed({ short: { days: 38 } }))).toMatchObject({ value: { applied: 1 } });
    expect((await home.build(waiting)).retention_changes).toEqual([]);
    await sweptAfter(39, keptConfig.retention);
    // The newest manifest stays.
    expect(await keysLeft(id)).toBe(1);
    expect(await apply(changed({ short: { days: 90 } }))).toMatchObject({ value: { applied: 0, left: 0 } });
  });

  it('is never refused for how often it was done: of the notes the middle ones are left out, and their number is told', async () => {
    const id = await home.built('short');
    const reason = 'why '.repeat(1000);
    const times = 20;
    for (let days = 31; days <= 30 + times; days += 1)
      expect(await apply(changed({ short: { days } }), false, `${days} ${reason}`)).toMatchObject({ value: { applied: 1, left: 0 } });
    const build = await home.build(id);
    expect(build.retention_terms).toMatchObject({ days: 30 + times });
    const days = build.retention_changes.map(({ from_terms: from }) => from.days);
    // What it was accepted with is what its log summary says.
    expect(days.slice(0, 4)).toEqual([30, 31, 32, 33]);
    expect(days.at(-1)).toBe(29 + times);
    expect(build.retention_changes.at(-1)).toMatchObject({ reason: `${30 + times} ${reason}`, tagged_at: expect.any(String) as string });
    expect(build.retention_changes_left_out).toBe(times - days.length);
    expect((await auditHome(home.sweeping, changed({ short: { days: 50 } }), { deep: true })).findings).toEqual([]);
    expect((await notedBuilds(home.ports.records, 0)).shortened.map(({ build_id: each }) => each)).toEqual([id]);
  });

  it('goes on where a crash cut it off, and records each build once', async () => {
    const ids = [await home.built('short'), await home.built('short'), await home.built('short')];
    const policy = changed({ short: { days: 60 } });
    let tries = 0;
    const crashing = {
      ...ports(),
      keepAsRecorded: async () => {
        if ((tries += 1) === 2) throw new Error('crash');
      },
    };
    await expect(applyPolicy(crashing, policy, { confirm: false, by: 'counsel', reason: 'x' })).rejects.toThrow('crash');
    expect(await apply(policy)).toMatchObject({ value: { applied: 2, left: 0 } });
    for (const id of ids)
      expect(await home.build(id)).toMatchObject({ retention_terms: { days: 60 }, retention_changes: [{ tagged_at: expect.any(String) }] });
  });

  it('never lets anything go earlier than promised unless that was confirmed, whichever policy follows which', async () => {
    for (const name of ['short', 'standard', 'evidence'] as const) await home.built(name);
    const ids = [...new Set((await home.objects()).map(({ tags }) => tags.build as BuildId))];
    const days = [1, 30, 365, 2555, 5000];
    for (let round = 0; round < 6; round += 1) {
      const next = (step: number) => days[(round * step + step) % days.length] ?? 1;
      const policy = changed({
        short: { days: next(2) },
        standard: { days: next(3), ...(round % 3 === 0 ? { lock: 'GOVERNANCE' as const } : {}) },
        evidence: { days: next(1) },
      });
      const before = await Promise.all(ids.map((id) => home.build(id)));
      await apply(policy, false);
      for (const { build_id: id, retention_terms: was } of before) {
        const { retention_terms: is } = await home.build(id);
        if (was === null || is === null) throw new Error('it was promised something');
        expect(keepsAtLeast(is, was)).toBe(true);
      }
    }
  });
});
