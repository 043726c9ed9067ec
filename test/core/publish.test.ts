import { beforeEach, describe, expect, it } from 'vitest';

import { ChannelName, channelArtifactLimit, channelIdOf, defaultChannel } from '../../core/channel.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { fingerprintOf } from '../../core/fingerprint.ts';
import { documentText } from '../../core/document-text.ts';
import { timestamp } from '../../core/identity.ts';
import { type Outcome } from '../../core/failure.ts';
import { type PublishPlan, type PublishRequest, type Wanted, planPublish, publish } from '../../core/publish.ts';
import { variantIdOf } from '../../core/variant.ts';
import { chainDamage, manifestOf } from '../fixtures/chain-damage.ts';
import { buildIdOf, buildRecord, builderNamed, someTime } from '../fixtures/records.ts';
import { type SealedChain, debian, inputsOf, manifestKey, sealedChain } from '../fixtures/sealed-chain.ts';

let chain: SealedChain;

beforeEach(async () => {
  chain = await sealedChain(2);
});

/** What is wanted where the inputs are those of the n-th manifest. */
function inputsAre(n: number, variables: Readonly<Record<string, string>> = {}): Wanted {
  const inputs = inputsOf(n, variables);
  return { build: null, variables, fingerprint: fingerprintOf(inputs), inputs };
}

function requestFor(wanted: Wanted, changes: Partial<PublishRequest> = {}): PublishRequest {
  return { builder: debian, channel: defaultChannel, wanted, by: 'tester', ...changes };
}

const ask = (wanted: Wanted, changes: Partial<PublishRequest> = {}) => publish(chain, requestFor(wanted, changes));
const latest = () => chain.records.readChannel(channelIdOf(debian, defaultChannel));

async function planned(answer: Promise<Outcome<PublishPlan>>): Promise<PublishPlan> {
  const outcome = await answer;
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.value;
}

/** Does something once, when the record of a build is read: by then the gate has looked at everything else. */
function meanwhile(work: () => Promise<void>): void {
  const readBuild = chain.records.readBuild.bind(chain.records);
  chain.records.readBuild = async (id) => {
    chain.records.readBuild = readBuild;
    await work();
    return readBuild(id);
  };
}

const quarantine = { build_id: buildIdOf(1), since: timestamp(someTime), rule: 'INPUT_SECRET', reason: 'a secret', evidence: ['a.sh:1'] };

describe('publishing', () => {
  it('lets a new channel point to the newest build, and the builder take notice', async () => {
    const before = await chain.builder();
    const plan = await planned(ask(inputsAre(2)));
    expect(plan).toMatchObject({ moves: true, before: null, difference: null });
    expect(await latest()).toEqual({
      schema: 'hybridcore-packer/channel/1',
      version: 1,
      channel_id: channelIdOf(debian, defaultChannel),
      builder: debian,
      channel: 'latest',
      published: before.newest,
      artifacts: ['us-east-1:ami-2'],
      published_at: timestamp(chain.clock.now()),
      published_by: 'tester',
      previous: null,
    });
    expect(await chain.builder()).toEqual({ ...before, version: before.version + 1 });
  });

  it('says what changed against the build published before, and remembers that', async () => {
    await ask({ build: buildIdOf(1) });
    const plan = await planned(ask(inputsAre(2)));
    expect(plan.before?.build_id).toBe(buildIdOf(1));
    expect(plan.difference).toMatchObject({ added: [], removed: [], changed: [{ kind: 'tool', name: 'packer', changed: ['value'] }] });
    expect(await latest()).toMatchObject({ version: 2, previous: buildIdOf(1), published: { build_id: buildIdOf(2) } });
  });

  it('changes nothing where that is published already, though somebody else asks later', async () => {
    await ask(inputsAre(2));
    const [channel, builder] = [await latest(), await chain.builder()];
    const plan = await planned(ask(inputsAre(2), { by: 'another' }));
    expect(plan).toMatchObject({ moves: false, before: { build_id: buildIdOf(2) } });
    expect(plan.channel).toEqual(channel);
    expect([await latest(), await chain.builder()]).toEqual([channel, builder]);
  });

  it('keeps channels apart', async () => {
    const stable = ChannelName.parse('stable');
    await ask(inputsAre(2));
    await ask({ build: buildIdOf(1) }, { channel: stable });
    const listed = (await chain.records.listChannels(debian, { limit: 10 })).items;
    expect(listed.map(({ channel, published }) => [channel, published.build_id])).toEqual([
      ['latest', buildIdOf(2)],
      ['stable', buildIdOf(1)],
    ]);
  });

  it('takes an earlier build whatever the inputs are now, and holds it to everything else', async () => {
    await ask(inputsAre(2));
    expect(await planned(ask({ build: buildIdOf(1) }))).toMatchObject({ moves: true, before: { build_id: buildIdOf(2) } });
    expect(await latest()).toMatchObject({ version: 2, published: { build_id: buildIdOf(1) } });
    chain.tamper(manifestKey(2), null);
    expect(await ask({ build: buildIdOf(1) })).toMatchObject({ ok: false, failure: { rule: 'CHAIN_BROKEN' } });
  });

  it('records the ids of no more artifacts than a record takes', async () => {
    const artifacts = Array.from({ length: channelArtifactLimit + 5 }, (_, n) => ({
      id: `ami-${n}`,
      type: null,
      builder_id: null,
      name: 'x',
      files: [],
    }));
    await chain.seal({ artifacts });
    const plan = await planned(ask(inputsAre(3)));
    expect(plan.channel.artifacts).toEqual(artifacts.slice(0, channelArtifactLimit).map(({ id }) => id));
  });
});

describe('the gate', () => {
  const refusals = async (wanted: Wanted, changes: Partial<PublishRequest> = {}) => {
    const answers = [await planPublish(chain, requestFor(wanted, changes)), await ask(wanted, changes)];
    expect(answers[1]).toEqual(answers[0]);
    expect(await latest()).toBeUndefined();
    return answers[0];
  };
  const refusal = (rule: string, message: string) => ({
    ok: false,
    failure: { rule, message: expect.stringContaining(message) as string },
  });

  it('lets nothing through for a quarantined builder, and says why it is closed', async () => {
    await chain.changeBuilder({ quarantine });
    for (const wanted of [inputsAre(2), inputsAre(1), { build: buildIdOf(1) }])
      expect(await refusals(wanted)).toMatchObject(refusal('BUILDER_QUARANTINED', 'INPUT_SECRET: a secret'));
  });

  it('lets nothing through over a chain that does not hold, whatever else is wrong', async () => {
    chain.tamper(manifestKey(1), '{}');
    for (const wanted of [inputsAre(2), inputsAre(1), inputsAre(1, { n: '1' }), { build: buildIdOf(7) }])
      expect(await refusals(wanted)).toMatchObject(refusal('CHAIN_BROKEN', manifestKey(1)));
  });

  it.each(Object.entries(chainDamage))('lets nothing through where verify finds a problem: %s', async (name, damage) => {
    chain = await sealedChain(3);
    await ask(inputsAre(3));
    await damage(chain);
    const before = structuredClone(chain.records.stored);
    const stable = ChannelName.parse('stable');
    // The first manifest is what a record of the variables that was put back would let through.
    for (const wanted of [inputsAre(3), inputsAre(1), inputsAre(1, { n: '1' }), { build: buildIdOf(1) }, { build: buildIdOf(7) }])
      for (const channel of [defaultChannel, stable]) {
        const request = requestFor(wanted, { channel });
        const answer = await planPublish(chain, request);
        expect(answer, name).toMatchObject({ ok: false, failure: { rule: 'CHAIN_BROKEN' } });
        expect(await publish(chain, request)).toEqual(answer);
      }
    expect(chain.records.stored).toEqual(before);
  });

  it('lets nothing through where the record of the variables has another fingerprint than was sealed', async () => {
    const variant = await chain.records.readVariant(variantIdOf(debian, {}));
    if (variant === undefined) throw new Error('the variant has a record');
    const forged = { ...variant, version: variant.version + 1, newest: { ...variant.newest, fingerprint: digestOf('now') } };
    await chain.records.commit([{ type: 'variant', expected: variant.version, document: forged }]);
    expect(await refusals({ build: null, variables: {}, fingerprint: digestOf('now'), inputs: null })).toMatchObject(
      refusal('CHAIN_BROKEN', 'is the newest manifest of its variables, and their record names'),
    );
  });

  it('takes no success of which no manifest is recorded', async () => {
    await chain.records.commit([{ type: 'build', expected: null, document: buildRecord(8, { state: 'succeeded' }) }]);
    expect(await refusals({ build: buildIdOf(8) })).toMatchObject(refusal('CHAIN_BROKEN', `${manifestKey(8)} is missing`));
  });

  it('takes no manifest that is another one by the time it is read', async () => {
    meanwhile(async () => {
      chain.tamper(manifestKey(2), documentText(manifestOf(chain, 1)));
    });
    expect(await planPublish(chain, requestFor(inputsAre(2)))).toMatchObject(
      refusal('CHAIN_BROKEN', `${manifestKey(2)} was changed while it was read`),
    );
  });

  it('says to build first where nothing was built, or nothing with these variables', async () => {
    expect(await refusals(inputsAre(2), { builder: builderNamed('other') })).toMatchObject(
      refusal('MANIFEST_MISSING', 'no build of other has succeeded'),
    );
    expect(await refusals(inputsAre(2, { n: "it's" }))).toMatchObject({
      ...refusal('MANIFEST_MISSING', 'with these variables'),
      failure: { remedy: `build it first: hybridcore-packer build debian-base --var 'n=it'\\''s'` },
    });
  });

  it('says to build again where the inputs are no longer those of the newest manifest, and which differ', async () => {
    const answer = await refusals(inputsAre(1));
    expect(answer).toMatchObject(refusal('INPUTS_DRIFTED', 'changed tool packer: "1.14.2" to "1.14.1"'));
    expect(answer).toMatchObject({
      failure: {
        remedy: expect.stringMatching(/^build again: hybridcore-packer build debian-base;/) as string,
        evidence: ['changed tool packer: "1.14.2" to "1.14.1"'],
      },
    });
  });

  it('names both fingerprints where only those are known', async () => {
    const fingerprint: Digest = digestOf('something');
    expect(await refusals({ build: null, variables: {}, fingerprint, inputs: null })).toMatchObject(refusal('INPUTS_DRIFTED', fingerprint));
  });

  it('compares with the newest manifest of equal variables alone', async () => {
    await chain.seal({}, { n: '1' });
    expect(await refusals(inputsAre(3))).toMatchObject(refusal('INPUTS_DRIFTED', manifestKey(2)));
    expect((await planned(ask(inputsAre(2)))).channel.published.build_id).toBe(buildIdOf(2));
    expect((await planned(ask(inputsAre(3, { n: '1' })))).channel.published.build_id).toBe(buildIdOf(3));
  });

  it('knows no build of another builder, nor one that nobody asked for', async () => {
    const foreign = buildRecord(8, { builder: builderNamed('other'), state: 'succeeded' });
    await chain.records.commit([{ type: 'build', expected: null, document: foreign }]);
    for (const n of [8, 9])
      expect(await refusals({ build: buildIdOf(n) })).toMatchObject(refusal('BUILD_UNKNOWN', `has no build ${buildIdOf(n)}`));
    expect(await refusals({ build: buildIdOf(1) }, { builder: builderNamed('third') })).toMatchObject(refusal('BUILD_UNKNOWN', 'third'));
  });

  it.each([
    ['running', 'is running'],
    ['failed', 'ended failed'],
    ['quarantined', 'ended quarantined'],
  ] as const)('takes no build that %s', async (state, message) => {
    await chain.records.commit([{ type: 'build', expected: null, document: buildRecord(8, { state }) }]);
    expect(await refusals({ build: buildIdOf(8) })).toMatchObject(refusal('BUILD_NOT_PUBLISHABLE', message));
  });

  it('takes no build that left no artifact', async () => {
    await chain.seal({ artifacts: [] });
    expect(await refusals(inputsAre(3))).toMatchObject(refusal('BUILD_NOT_PUBLISHABLE', 'left no artifact'));
  });
});

describe('a plan', () => {
  it('moves nothing, and is what publishing then does', async () => {
    const plan = await planned(planPublish(chain, requestFor(inputsAre(2))));
    expect(await latest()).toBeUndefined();
    expect(await planned(ask(inputsAre(2)))).toEqual(plan);
  });
});

describe('what happens between the look and the commit', () => {
  it('is looked at anew: a quarantine closes the gate', async () => {
    meanwhile(() => chain.changeBuilder({ quarantine }));
    expect(await ask(inputsAre(2))).toMatchObject({ ok: false, failure: { rule: 'BUILDER_QUARANTINED' } });
    expect(await latest()).toBeUndefined();
  });

  it('is looked at anew: with a newer manifest these are no longer its inputs', async () => {
    meanwhile(async () => {
      await chain.seal();
    });
    expect(await ask(inputsAre(2))).toMatchObject({ ok: false, failure: { rule: 'INPUTS_DRIFTED' } });
    expect(await latest()).toBeUndefined();
  });

  it('is looked at anew: who publishes something else meanwhile is what was published before', async () => {
    meanwhile(async () => {
      await ask({ build: buildIdOf(1) }, { by: 'another' });
    });
    expect(await planned(ask(inputsAre(2)))).toMatchObject({ moves: true, before: { build_id: buildIdOf(1) } });
    expect(await latest()).toMatchObject({ version: 2, published_by: 'tester', previous: buildIdOf(1) });
  });

  it('mixes no two moments up: a chain that grew while it was read is not called broken', async () => {
    const listBuilds = chain.records.listBuilds.bind(chain.records);
    chain.records.listBuilds = async (...page) => {
      chain.records.listBuilds = listBuilds;
      const listed = await listBuilds(...page);
      await chain.seal();
      return listed;
    };
    expect((await planned(planPublish(chain, requestFor(inputsAre(3))))).channel.published.build_id).toBe(buildIdOf(3));
  });
});
