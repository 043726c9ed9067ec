import { beforeEach, describe, expect, it } from 'vitest';

import { type BuildId } from '../../../core/identity.ts';
import { auditHome } from '../../../core/retention/audit.ts';
import { changePortsOf } from '../../../core/retention/change.ts';
import { raiseClass } from '../../../core/retention/raise.ts';
import { keepsAtLeast } from '../../../core/retention/policy.ts';
import { retentionReport } from '../../../core/retention/report.ts';
import { digestOfJson } from '../../../core/digest.ts';
import { buildIdOf } from '../../fixtures/records.ts';
import { type KeptHome, classes, keptConfig, keptHome } from '../../fixtures/retention/kept-home.ts';

const policy = keptConfig.retention;

let home: KeptHome;
beforeEach(async () => {
  home = await keptHome();
});

const raisePorts = () => changePortsOf(home.sweeping);
const raise = (id: BuildId, name: string, reason = 'case 7') =>
  raiseClass(raisePorts(), policy, id, { class: name, by: 'counsel', reason });
const findings = async () => (await auditHome(home.sweeping, policy, { deep: true })).findings;
const classesOf = async (id: BuildId) =>
  new Set((await home.objects()).filter(({ tags }) => tags.build === id).map(({ tags }) => tags.retention));

describe('raising the class of a build', () => {
  it('tags all that it left anew, copies of the newest too, and records who, when and why', async () => {
    const id = await home.built();
    const at = new Date(home.ports.clock.now()).toISOString();
    const policy_digest = digestOfJson(policy);
    expect(await raise(id, 'standard')).toMatchObject({
      ok: true,
      value: {
        retention: 'standard',
        retention_terms: { days: 365, policy_digest },
        retention_changes: [
          { at, by: 'counsel', reason: 'case 7', from: 'short', from_terms: { days: 30, policy_digest }, to: 'standard', tagged_at: at },
        ],
      },
    });
    expect(await classesOf(id)).toEqual(new Set(['standard']));
    expect((await home.objects()).filter(({ tags }) => tags.build === id)).toHaveLength(7);
    expect((await retentionReport(home.sweeping, policy, 0)).changed.map(({ build_id }) => build_id)).toEqual([id]);
  });

  it('keeps all of it until the new days are over, and not longer; the sealed summary still says what was promised', async () => {
    const id = await home.built();
    await home.built();
    await raise(id, 'standard');
    expect(await findings()).toEqual([]);
    home.passDays(365);
    home.pass(-1);
    await home.sweep();
    expect(await home.keysOf(id)).toHaveLength(5);
    expect(await findings()).toEqual([]);
    home.pass(1);
    await home.sweep();
    expect(await home.keysOf(id)).toEqual([]);
  });

  it('is refused where it would lower, and says the present class and its days', async () => {
    const id = await home.built('evidence');
    expect(await raise(id, 'standard')).toMatchObject({
      ok: false,
      failure: { rule: 'RAISE_REFUSED', message: expect.stringContaining('is of the class evidence (2555 days, lock GOVERNANCE)') },
    });
    // Longer, and not locked: less firm, so not higher.
    const longer = { default: 'short', classes: { ...classes, archive: { days: 5000 } } };
    const archived = await raiseClass(raisePorts(), longer, id, { class: 'archive', by: 'counsel', reason: 'x' });
    expect(archived).toMatchObject({ ok: false, failure: { rule: 'RAISE_REFUSED' } });
    expect((await home.build(id)).retention_changes).toEqual([]);
    expect(await classesOf(id)).toEqual(new Set(['evidence']));
  });

  it('is refused for the same class, an unknown one, a build that goes already or is unknown, and without a reason', async () => {
    const id = await home.built();
    await home.built();
    const rule = async (asked: ReturnType<typeof raise>) => {
      const answer = await asked;
      return answer.ok ? 'ok' : answer.failure.rule;
    };
    expect(await rule(raise(id, 'short'))).toBe('RAISE_REFUSED');
    expect(await rule(raise(id, 'toString'))).toBe('RAISE_REFUSED');
    expect(await rule(raise(buildIdOf(999), 'standard'))).toBe('BUILD_UNKNOWN');
    expect(await rule(raise(id, 'standard', ' '))).toBe('REQUEST_INVALID');
    home.passDays(31);
    await home.sweep();
    expect(await rule(raise(id, 'standard'))).toBe('RAISE_REFUSED');
  });

  it.each(['asking again', 'the next sweep'])(
    'is finished by %s where a crash left it half done, and nothing goes meanwhile',
    async (how) => {
      const id = await home.built();
      await home.built();
      const crashing = { ...raisePorts(), keepAsRecorded: async () => Promise.reject(new Error('crash')) };
      await expect(raiseClass(crashing, policy, id, { class: 'standard', by: 'counsel', reason: 'case 7' })).rejects.toThrow('crash');
      expect((await home.build(id)).retention_changes).toMatchObject([{ to: 'standard', tagged_at: null }]);
      expect((await findings()).map(({ finding }) => finding)).toContain('class-differs');
      home.passDays(31);
      if (how === 'asking again') expect((await raise(id, 'standard')).ok).toBe(true);
      else await home.sweep();
      expect(await home.keysOf(id)).toHaveLength(5);
      expect(await classesOf(id)).toEqual(new Set(['standard']));
      expect((await home.build(id)).retention_changes).toMatchObject([{ to: 'standard', tagged_at: expect.any(String) }]);
    },
  );

  it('loses no hold that is put on it at the same time', async () => {
    const id = await home.built();
    const { records } = home.ports;
    let raced = false;
    const racing = {
      ...raisePorts(),
      records: {
        ...records,
        commit: async (writes: Parameters<typeof records.commit>[0]) => {
          const build = await home.build(id);
          const hold = { at: new Date(home.ports.clock.now()).toISOString(), by: 'counsel', reason: 'case 8' };
          if (!raced)
            await records.commit([{ type: 'build', expected: build.version, document: { ...build, version: build.version + 1, hold } }]);
          raced = true;
          return records.commit(writes);
        },
      },
    };
    expect((await raiseClass(racing, policy, id, { class: 'evidence', by: 'counsel', reason: 'case 7' })).ok).toBe(true);
    expect(await home.build(id)).toMatchObject({ retention: 'evidence', hold: { reason: 'case 8' } });
  });

  it('never lets anything go earlier, whichever class follows which', async () => {
    const names = ['short', 'standard', 'evidence'] as const;
    for (const from of names)
      for (const to of names) {
        const id = await home.built(from);
        const before = await home.build(id);
        const answer = await raise(id, to);
        const after = await home.build(id);
        if (before.retention_terms === null || after.retention_terms === null) throw new Error('it was promised something');
        expect(keepsAtLeast(after.retention_terms, before.retention_terms)).toBe(true);
        expect(answer.ok).toBe(names.indexOf(to) > names.indexOf(from));
        expect(after.retention).toBe(answer.ok ? to : from);
      }
  });
});
