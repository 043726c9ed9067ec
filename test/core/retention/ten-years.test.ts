import { expect, it } from 'vitest';

import { defaultChannel } from '../../../core/channel.ts';
import { keys } from '../../../core/contract/keys.ts';
import { type BuildId, type BuilderName } from '../../../core/identity.ts';
import { publish } from '../../../core/publish.ts';
import { holdBuild } from '../../../core/retention/hold.ts';
import { changePortsOf } from '../../../core/retention/change.ts';
import { raiseClass } from '../../../core/retention/raise.ts';
import { verifyChain } from '../../../core/verify.ts';
import { base, other } from '../../fixtures/dispatcher.ts';
import { classes, keptConfig, keptHome } from '../../fixtures/retention/kept-home.ts';

const day = 86_400_000;
const years = 10 * 365 * day;
const lessPromised = { ...keptConfig, retention: { default: 'short', classes: { short: { days: 1 } } } };

/** What this test itself knows of a build. */
interface Known {
  readonly id: BuildId;
  readonly builder: BuilderName;
  readonly ended: number;
  readonly days: number;
  readonly held: boolean;
  readonly published: boolean;
}

it('lets each object of ten years of builds go at its moment, no earlier, no later, and what is held or published never', async () => {
  const home = await keptHome();
  const { clock } = home.ports;
  const start = clock.now();
  const known: Known[] = [];
  const dueOf = ({ ended, days }: Known) => ended + days * day;

  const expected = (now: number): readonly string[] => {
    const newest = new Map(known.map((build) => [build.builder, build]));
    const all = known.flatMap((build) => {
      const { id, builder, held, published } = build;
      const manifest = keys.manifest(builder, id);
      const others = [keys.summary(builder, id), keys.log(builder, id, 1), keys.scrubManifest(builder, id, 1), keys.result(builder, id)];
      const pointers = newest.get(builder) === build ? [keys.newestManifest(builder)] : [];
      if (held || now < dueOf(build))
        return [manifest, ...others, ...pointers, ...(pointers.length > 0 ? [keys.newestSummary(builder)] : [])];
      return published || pointers.length > 0 ? [manifest, ...pointers] : [];
    });
    return all.toSorted((a, b) => (a < b ? -1 : 1));
  };
  const sweptTo = async (moment: number) => {
    home.pass(moment - clock.now());
    // From the fifth year on the policy promises less: nothing that was promised is taken back.
    const config = moment > start + years / 2 ? lessPromised : keptConfig;
    expect((await home.sweep(config)).problems).toEqual([]);
    expect((await home.objects()).map(({ key }) => key)).toEqual(expected(moment));
  };
  /** The moments up to one at which something is due that was not yet. */
  const dueUntil = (moment: number) =>
    known
      .map((build) => dueOf(build))
      .filter((due) => due > clock.now() && due <= moment)
      .toSorted((a, b) => a - b);
  const passTo = async (moment: number) => {
    for (let due = dueUntil(moment)[0]; due !== undefined; due = dueUntil(moment)[0]) {
      await sweptTo(due - 1);
      await sweptTo(due);
    }
    home.pass(moment - clock.now());
  };

  const names = ['short', 'standard', 'short', 'evidence'] as const;
  for (let number = 0; ; number += 1) {
    // About every 130 days, at any hour.
    const moment = start + number * (130 * day + 5_432_100);
    if (moment > start + years) break;
    await passTo(moment);
    const name = names[number % names.length] ?? 'short';
    const builder = number % 3 === 2 ? other : base;
    const id = await home.built(name, builder);
    const raised = number % 4 === 2 ? 'standard' : undefined;
    const [held, published] = [number % 9 === 4, number === 5];
    known.push({ id, builder, ended: clock.now(), days: classes[raised ?? name].days, held, published });
    if (raised !== undefined) {
      const wanted = { class: raised, by: 'counsel', reason: 'a case' };
      expect((await raiseClass(changePortsOf(home.sweeping), keptConfig.retention, id, wanted)).ok).toBe(true);
    }
    if (held) expect((await holdBuild(home.ports, id, 'counsel', 'a case')).ok).toBe(true);
    if (published)
      expect((await publish(home.ports, { builder, channel: defaultChannel, wanted: { build: id }, by: 'tester' })).ok).toBe(true);
  }
  await passTo(start + years);
  await sweptTo(start + years);

  for (const builder of [base, other]) expect((await verifyChain(home.ports, builder)).problems).toEqual([]);
  expect(await verifyChain(home.ports, base)).toMatchObject({ begins: { sequence: expect.any(Number) } });
  // What expired is recorded, each key once, with the moment.
  const deletions = await home.deletions();
  const gone = known.filter((build) => !build.held && dueOf(build) <= start + years);
  expect(known.length).toBeGreaterThan(25);
  expect(known.filter(({ held }) => held).length).toBeGreaterThan(2);
  for (const build of gone)
    expect(deletions.find(({ key }) => key === keys.result(build.builder, build.id))?.at).toBe(new Date(dueOf(build)).toISOString());
});
