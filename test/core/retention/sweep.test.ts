import { chmod, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { defaultChannel } from '../../../core/channel.ts';
import { keys } from '../../../core/contract/keys.ts';
import { digestOfJson } from '../../../core/digest.ts';
import { type BuildId } from '../../../core/identity.ts';
import { publish } from '../../../core/publish.ts';
import { holdBuild, releaseHold } from '../../../core/retention/hold.ts';
import { planSweep } from '../../../core/retention/sweep-plan.ts';
import { sweep } from '../../../core/retention/sweep.ts';
import { verifyChain } from '../../../core/verify.ts';
import { base } from '../../fixtures/dispatcher.ts';
import { buildIdOf } from '../../fixtures/records.ts';
import { type KeptHome, keptConfig, keptHome } from '../../fixtures/retention/kept-home.ts';

let home: KeptHome;
beforeEach(async () => {
  home = await keptHome();
});

const verified = async () => (await verifyChain(home.ports, base)).problems;
const published = (id: BuildId) => publish(home.ports, { builder: base, channel: defaultChannel, wanted: { build: id }, by: 'tester' });
const manifestOf = (id: BuildId) => keys.manifest(base, id);
const there = (key: string) =>
  stat(join(home.home, key)).then(
    () => true,
    () => false,
  );

describe('a sweep', () => {
  it('deletes all that a build left when its days are over, not a millisecond earlier, and records each deletion', async () => {
    const first = await home.built();
    const left = await home.objects();
    home.passDays(1);
    await home.built();
    home.passDays(29);
    home.pass(-1);
    expect((await home.sweep()).deleted).toEqual([]);
    home.pass(1);
    const { deleted, problems } = await home.sweep();
    expect(problems).toEqual([]);
    const gone = left.filter(({ key }) => key.includes(first));
    expect(gone.map(({ key }) => key)).toEqual([
      manifestOf(first),
      keys.summary(base, first),
      keys.log(base, first, 1),
      keys.result(base, first),
      keys.scrubManifest(base, first, 1),
    ]);
    const at = new Date(home.ports.clock.now()).toISOString();
    const recorded = gone.map((object) => ({ ...object, at, by: 'the sweeper', policy_digest: digestOfJson(keptConfig.retention) }));
    expect(deleted).toEqual(recorded);
    expect(await home.deletions()).toEqual(recorded);
    for (const { key } of gone) expect(await there(key)).toBe(false);
    expect(await there(join('state/packer/logs', base, first))).toBe(false);
    expect((await home.build(first)).expired).toEqual({
      at,
      by: 'the sweeper',
      policy_digest: digestOfJson(keptConfig.retention),
      manifest_at: at,
    });
  });

  it('plans the same without doing it', async () => {
    const first = await home.built();
    await home.built();
    home.passDays(31);
    const plan = await planSweep(home.sweeping, keptConfig.retention, home.ports.clock.now());
    expect(plan.expired.map(({ build, going }) => [build.build_id, going.length])).toEqual([
      [first, 5],
      // The copy of the summary is this build's, its manifest stays as the newest.
      [expect.anything(), 5],
    ]);
    expect(plan.spared.map(({ why }) => why)).toEqual(['newest', 'newest']);
    expect(await home.deletions()).toEqual([]);
    expect((await home.sweep()).deleted).toHaveLength(10);
    expect((await home.sweep()).deleted).toEqual([]);
  });

  it('keeps the newest manifest, and the chain holds from where it begins then', async () => {
    const [first, , third] = [await home.built(), await home.built(), await home.built()];
    home.passDays(31);
    await home.sweep();
    expect(await home.keysOf(first)).toEqual([]);
    expect(await home.keysOf(third)).toEqual([manifestOf(third)]);
    expect(await verified()).toEqual([]);
    const manifest = await home.build(third);
    expect(await home.ports.records.readBuilder(base)).toMatchObject({
      chain_begins: { build_id: third, sequence: 3, digest: manifest.manifest?.digest },
    });
    const fourth = await home.built();
    expect(await verified()).toEqual([]);
    expect((await published(fourth)).ok).toBe(true);
    expect(await verifyChain(home.ports, base)).toMatchObject({ problems: [], begins: { sequence: 3 }, newest: { sequence: 4 } });
  });

  it('keeps each published manifest, also before the beginning of the chain, until it is published no more', async () => {
    const [first, second] = [await home.built(), await home.built()];
    await home.built();
    expect((await published(second)).ok).toBe(true);
    home.passDays(31);
    await home.sweep();
    expect([await home.keysOf(first), await home.keysOf(second)]).toEqual([[], [manifestOf(second)]]);
    // The one before is gone, but this one and what comes after are whole.
    expect(await verifyChain(home.ports, base)).toMatchObject({ problems: [], begins: { build_id: second, sequence: 2 } });
    const fourth = await home.built();
    home.passDays(31);
    await home.built();
    await home.sweep();
    expect(await verifyChain(home.ports, base)).toMatchObject({ problems: [], begins: { sequence: 5 } });
    expect(await home.keysOf(second)).toEqual([manifestOf(second)]);
    expect(await home.keysOf(fourth)).toEqual([]);
    const newest = (await home.ports.records.readBuilder(base))?.newest?.build_id;
    if (newest === undefined) throw new Error('nothing was sealed');
    expect((await published(newest)).ok).toBe(true);
    await home.sweep();
    expect(await home.keysOf(second)).toEqual([]);
    expect(await verified()).toEqual([]);
  });

  it('keeps the newest manifest of each set of request variables: drift and skip compare with it', async () => {
    const varied = await home.built('short', base, { n: '1' });
    await home.built();
    home.passDays(31);
    await home.sweep();
    expect(await home.keysOf(varied)).toEqual([manifestOf(varied)]);
    expect(await verified()).toEqual([]);
  });

  it('lets no build be published whose manifest has expired', async () => {
    const first = await home.built();
    await home.built();
    home.passDays(31);
    await home.sweep();
    expect(await published(first)).toMatchObject({
      ok: false,
      failure: { rule: 'BUILD_NOT_PUBLISHABLE', message: expect.stringMatching(/has expired: it went on /) },
    });
  });

  it('tells a manifest that somebody took away from one that has expired', async () => {
    await home.built();
    const second = await home.built();
    await home.built();
    home.passDays(31);
    await home.built('standard');
    await home.sweep();
    await home.built('standard');
    const kept = (await home.objects()).find(({ key }) => key.startsWith(`artifacts/${base}/`));
    if (kept === undefined) throw new Error('a manifest was kept');
    await rm(join(home.home, kept.key));
    expect((await verified()).map(({ problem }) => problem)).toEqual(['missing']);
    expect(second).not.toBe(kept.tags.build);
  });

  it('keeps what was promised when the build was accepted, whatever becomes of the policy', async () => {
    const locked = await home.built('evidence');
    await home.built('evidence');
    home.passDays(2554);
    const lowered = { ...keptConfig, retention: { default: 'short', classes: { short: { days: 1 }, evidence: { days: 1 } } } };
    expect((await home.sweep(lowered)).deleted).toEqual([]);
    const without = { ...keptConfig, retention: { default: 'short', classes: { short: { days: 1 } } } };
    expect((await home.sweep(without)).deleted).toEqual([]);
    expect(await home.keysOf(locked)).toHaveLength(5);
    home.passDays(1);
    await home.sweep(without);
    expect(await home.keysOf(locked)).toEqual([]);
  });

  it('leaves what was altered as evidence, and says so', async () => {
    const first = await home.built();
    await home.built();
    const key = keys.result(base, first);
    await chmod(join(home.home, key), 0o644);
    await writeFile(join(home.home, key), 'another');
    home.passDays(31);
    expect((await home.sweep()).problems).toEqual([{ problem: 'altered', key, message: expect.stringMatching(/stays as evidence/) }]);
    expect(await home.keysOf(first)).toEqual([key]);
  });

  it('lets no manifest go from a chain that does not hold, and all else', async () => {
    const [first, second] = [await home.built(), await home.built()];
    await chmod(join(home.home, manifestOf(second)), 0o644);
    await writeFile(join(home.home, manifestOf(second)), 'another');
    home.passDays(31);
    const { problems, deleted } = await home.sweep();
    expect(problems).toEqual([{ problem: 'chain', key: manifestOf(first), message: expect.stringMatching(/stays: /) }]);
    expect(deleted.map(({ tags }) => tags.kind)).not.toContain('hash-manifest');
    expect(await home.keysOf(first)).toEqual([manifestOf(first)]);
  });

  it('leaves objects of builds that no record knows', async () => {
    const tags = { kind: 'result', builder: base, build: '7ZZZZZZZZZZZZZZZZZZZZZZZZZ', retention: 'short' } as const;
    await home.ports.objects.create('state/packer/results/base/7ZZZZZZZZZZZZZZZZZZZZZZZZZ.json', new Uint8Array(3), tags);
    home.passDays(10_000);
    expect((await home.sweep()).problems).toMatchObject([{ problem: 'unknown-build' }]);
    expect(await home.objects()).toHaveLength(1);
  });

  it('keeps all of a build that is not settled', async () => {
    const first = await home.built();
    const build = await home.build(first);
    await home.ports.records.commit([
      { type: 'build', expected: build.version, document: { ...build, version: build.version + 1, settled_at: null } },
    ]);
    home.passDays(31);
    expect((await home.sweep()).deleted).toEqual([]);
  });

  it('takes up what a crash left, wherever it fell', async () => {
    const first = await home.built();
    await home.built();
    home.passDays(31);
    for (let crashes = 0; ; crashes += 1) {
      let left = crashes;
      const removing = {
        ...home.sweeping,
        kept: {
          ...home.kept,
          remove: async (deletion: Parameters<typeof home.kept.remove>[0]) => {
            left -= 1;
            if (left < 0) throw new Error('crash');
            return home.kept.remove(deletion);
          },
        },
      };
      const crashed = await sweep(removing, keptConfig.retention, 'the sweeper').then(
        () => false,
        () => true,
      );
      expect(await verified()).toEqual([]);
      if (!crashed) break;
    }
    expect(await home.keysOf(first)).toEqual([]);
    expect(new Set((await home.deletions()).map(({ key }) => key)).size).toBe((await home.deletions()).length);
  });

  it('has no power over what is published or sealed in between', async () => {
    const first = await home.built();
    await home.built();
    home.passDays(31);
    const { records } = home.ports;
    const racing = {
      ...home.sweeping,
      records: {
        ...records,
        commit: async (writes: Parameters<typeof records.commit>[0]) => {
          if (writes.some(({ type }) => type === 'builder')) expect((await published(first)).ok).toBe(true);
          return records.commit(writes);
        },
      },
    };
    expect((await sweep(racing, keptConfig.retention, 'the sweeper')).deleted).toEqual([]);
    await home.sweep();
    expect(await home.keysOf(first)).toEqual([manifestOf(first)]);
  });
});

describe('a legal hold', () => {
  it('keeps all of a build, until it is released; who and why is recorded', async () => {
    const first = await home.built();
    await home.built();
    const held = await holdBuild(home.ports, first, 'counsel', 'case 7');
    const at = new Date(home.ports.clock.now()).toISOString();
    expect(held).toMatchObject({ ok: true, value: { hold: { at, by: 'counsel', reason: 'case 7' }, hold_released: null } });
    home.passDays(10_000);
    await home.sweep();
    expect(await home.keysOf(first)).toHaveLength(5);
    expect(await releaseHold(home.ports, first, 'counsel', 'case 7 is closed')).toMatchObject({
      ok: true,
      value: { hold: null, hold_released: { by: 'counsel', reason: 'case 7 is closed' } },
    });
    await home.sweep();
    expect(await home.keysOf(first)).toEqual([]);
    expect(await verified()).toEqual([]);
  });

  it('that comes between two deletions keeps the rest', async () => {
    const first = await home.built();
    await home.built();
    home.passDays(31);
    const kept = {
      ...home.kept,
      remove: async (deletion: Parameters<typeof home.kept.remove>[0]) => {
        const answer = await home.kept.remove(deletion);
        const build = await home.build(first);
        await home.ports.records.commit([
          {
            type: 'build',
            expected: build.version,
            document: { ...build, version: build.version + 1, hold: { at: build.requested_at, by: 'x', reason: 'y' } },
          },
        ]);
        return answer;
      },
    };
    await sweep({ ...home.sweeping, kept }, keptConfig.retention, 'the sweeper');
    expect(await home.keysOf(first)).toHaveLength(4);
  });

  it('that ended stays in the record, however many came since; of very many the middle ones are left out', async () => {
    const first = await home.built();
    const reason = 'why '.repeat(1000);
    for (let n = 1; n <= 5; n += 1) {
      await holdBuild(home.ports, first, `counsel ${n}`, `case ${n} ${reason}`);
      home.pass(1000);
      await releaseHold(home.ports, first, `judge ${n}`, `case ${n} is closed`);
      home.pass(1000);
    }
    const { past_holds: past, past_holds_left_out: leftOut } = await home.build(first);
    expect(past[0]).toMatchObject({
      by: 'counsel 1',
      reason: `case 1 ${reason}`,
      released: { by: 'judge 1', reason: 'case 1 is closed' },
    });
    expect(past.at(-1)).toMatchObject({ by: 'counsel 5', released: { by: 'judge 5' } });
    expect(past.length + leftOut).toBe(5);
    for (let n = 6; n <= 9; n += 1) {
      await holdBuild(home.ports, first, `counsel ${n}`, `case ${n} ${reason}`);
      await releaseHold(home.ports, first, `judge ${n}`, `case ${n} is closed`);
    }
    const many = await home.build(first);
    expect(many.past_holds[0]).toEqual(past[0]);
    expect(many.past_holds.at(-1)).toMatchObject({ by: 'counsel 9' });
    expect(many.past_holds_left_out).toBe(9 - many.past_holds.length);
    expect(many.past_holds_left_out).toBeGreaterThan(0);
  });

  it('and its end are told once more to whoever asks for the same again; for another reason they name the one that is', async () => {
    const first = await home.built();
    const refusal = (message: string) => ({
      ok: false,
      failure: { rule: 'HOLD_REFUSED', message: expect.stringContaining(message) as string },
    });
    expect(await releaseHold(home.ports, first, 'counsel', 'case 7')).toMatchObject(refusal('is not held'));
    const held = await holdBuild(home.ports, first, 'counsel', 'case 7');
    const at = new Date(home.ports.clock.now()).toISOString();
    home.passDays(1);
    expect(await holdBuild(home.ports, first, 'somebody', 'case 7')).toEqual(held);
    expect(await holdBuild(home.ports, first, 'somebody', 'case 8')).toMatchObject(refusal(`is held since ${at} by counsel: case 7`));
    const released = await releaseHold(home.ports, first, 'somebody', 'closed');
    expect(await releaseHold(home.ports, first, 'counsel', 'closed')).toEqual(released);
    expect(await releaseHold(home.ports, first, 'counsel', 'case 8 is closed')).toMatchObject(refusal(' by somebody: closed'));
  });

  it('of two that come at once is that of the first; the second is told', async () => {
    const first = await home.built();
    const { records } = home.ports;
    const racing = {
      ...home.ports,
      records: {
        ...records,
        commit: async (writes: Parameters<typeof records.commit>[0]) => {
          if ((await home.build(first)).hold === null) await holdBuild(home.ports, first, 'counsel', 'case 7');
          return records.commit(writes);
        },
      },
    };
    expect(await holdBuild(racing, first, 'somebody', 'case 8')).toMatchObject({
      ok: false,
      failure: { rule: 'HOLD_REFUSED', message: expect.stringContaining('by counsel: case 7') as string },
    });
    expect(await home.build(first)).toMatchObject({ hold: { by: 'counsel', reason: 'case 7' } });
  });

  it('is gone on with for a reason that is recorded, though it could not be given now', async () => {
    const first = await home.built();
    await holdBuild(home.ports, first, 'counsel', 'case 7');
    const build = await home.build(first);
    const reason = 'case 7\nand case 8';
    const document = { ...build, version: build.version + 1, hold: { at: build.requested_at, by: 'counsel', reason } };
    await home.ports.records.commit([{ type: 'build', expected: build.version, document }]);
    expect(await holdBuild(home.ports, first, 'counsel', reason)).toEqual({ ok: true, value: document });
    expect(await holdBuild(home.ports, first, 'counsel', `${reason} and more`)).toMatchObject({
      ok: false,
      failure: { rule: 'REQUEST_INVALID' },
    });
  });

  it('is refused where the build is held already, has expired, or is unknown, and without a reason', async () => {
    const first = await home.built();
    await home.built();
    await holdBuild(home.ports, first, 'counsel', 'case 7');
    const rule = (answer: Awaited<ReturnType<typeof holdBuild>>) => (answer.ok ? 'ok' : answer.failure.rule);
    expect(rule(await holdBuild(home.ports, first, 'counsel', 'again'))).toBe('HOLD_REFUSED');
    await releaseHold(home.ports, first, 'counsel', 'closed');
    expect(rule(await releaseHold(home.ports, first, 'counsel', 'again'))).toBe('HOLD_REFUSED');
    home.passDays(31);
    await home.sweep();
    expect(rule(await holdBuild(home.ports, first, 'counsel', 'too late'))).toBe('HOLD_REFUSED');
    expect(rule(await holdBuild(home.ports, first, 'counsel', ' '))).toBe('REQUEST_INVALID');
    expect(rule(await holdBuild(home.ports, first, 'counsel', 'x'.repeat(5000)))).toBe('REQUEST_INVALID');
    expect(rule(await holdBuild(home.ports, buildIdOf(999), 'counsel', 'x'))).toBe('BUILD_UNKNOWN');
  });
});
