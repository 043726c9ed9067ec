import { beforeEach, describe, expect, it } from 'vitest';

import { chainProblemNames, problemSentence } from '../../core/chain-problem.ts';
import { type Channel, defaultChannel } from '../../core/channel.ts';
import { digestOf } from '../../core/digest.ts';
import { documentText, manifestDigest } from '../../core/document-text.ts';
import { publish } from '../../core/publish.ts';
import { variantIdOf } from '../../core/variant.ts';
import { verifyChain } from '../../core/verify.ts';
import { chainDamage, manifestOf } from '../fixtures/chain-damage.ts';
import { buildIdOf } from '../fixtures/records.ts';
import { type SealedChain, debian, manifestKey, sealedChain } from '../fixtures/sealed-chain.ts';

let chain: SealedChain;

beforeEach(async () => {
  chain = await sealedChain(3);
});

/** Lets `latest` point to the n-th build. */
async function published(n: number): Promise<Channel> {
  const moved = await publish(chain, { builder: debian, channel: defaultChannel, wanted: { build: buildIdOf(n) }, by: 'a person' });
  if (!moved.ok) throw new Error(moved.failure.message);
  return moved.value.channel;
}

const problems = async () => (await verifyChain(chain, debian)).problems.map(({ problem }) => problem);

describe('verifying the manifests of a builder', () => {
  it('finds nothing where each is what was sealed', async () => {
    const report = await verifyChain(chain, debian);
    expect(report).toMatchObject({ problems: [], newest: { sequence: 3 } });
    expect(report.links.map(({ digest }) => digest)).toEqual(chain.manifests.map((each) => manifestDigest(each)));
  });

  it('holds where nothing was ever built, and not where a manifest stands there all the same', async () => {
    chain = await sealedChain(0);
    expect(await problems()).toEqual([]);
    chain.tamper(manifestKey(1), documentText(manifestOf(await sealedChain(1), 1)));
    expect(await problems()).toEqual(['foreign']);
  });

  it('tells each way in which it does not hold apart', async () => {
    const found: Record<string, readonly string[]> = {};
    for (const [name, damage] of Object.entries(chainDamage)) {
      chain = await sealedChain(3);
      await published(3);
      await damage(chain);
      found[name] = await problems();
    }
    const alone = Object.fromEntries(chainProblemNames.map((name) => [name, [name]]));
    // The manifest that forks the chain is also one that no build sealed; without the record of the builder the copy of the newest is of none.
    expect(found).toEqual({ ...alone, fork: ['fork', 'foreign'], head: ['head', 'pointer'] });
  });

  it.each([
    ['digest', digestOf('x')],
    ['fingerprint', digestOf('y')],
    ['sequence', 3],
    ['sealed_at', '2026-11-22T23:00:00.000Z'],
    ['path', manifestKey(1)],
  ] as const)('holds the %s in the records of channels and of variables against the manifest', async (field, value) => {
    const channel = await published(3);
    const variant = await chain.records.readVariant(variantIdOf(debian, {}));
    if (variant === undefined) throw new Error('the variables have no record');
    const another = { ...channel.published, [field]: field === 'sequence' ? 2 : value };
    await chain.records.commit([
      { type: 'channel', expected: 1, document: { ...channel, version: 2, published: another } },
      { type: 'variant', expected: variant.version, document: { ...variant, version: variant.version + 1, newest: another } },
    ]);
    const sentences = (await verifyChain(chain, debian)).problems.map((problem) => problemSentence(problem));
    expect(sentences).toEqual([
      expect.stringMatching(
        new RegExp(`^${manifestKey(3)} is the newest manifest of its variables, and their record names .*${another[field]}`),
      ),
      expect.stringMatching(new RegExp(`^the channel latest names .*${another[field]}`)),
    ]);
  });

  it('finds variables that no record has, and a channel that points to what the chain does not hold', async () => {
    const channel = await published(3);
    const another = { ...channel.published, build_id: buildIdOf(8), path: manifestKey(8) };
    await chain.records.commit([{ type: 'channel', expected: 1, document: { ...channel, version: 2, published: another } }]);
    chain.records.stored.variants.delete(variantIdOf(debian, {}));
    expect((await verifyChain(chain, debian)).problems.map((problem) => problemSentence(problem))).toEqual([
      `${manifestKey(3)} is the newest manifest of its variables, and their record is missing`,
      `the channel latest names ${manifestKey(8)}, which the chain does not hold`,
    ]);
  });

  it('finds a channel that names other artifacts than its manifest', async () => {
    const channel = await published(3);
    const document = { ...channel, version: 2, artifacts: [...channel.artifacts, 'us-east-1:ami-another'] };
    await chain.records.commit([{ type: 'channel', expected: 1, document }]);
    expect((await verifyChain(chain, debian)).problems).toEqual([
      { problem: 'channel', channel: 'latest', why: `names other artifacts than ${manifestKey(3)}` },
    ]);
  });

  it('looks again where a build seals in between', async () => {
    let moved = false;
    const records = {
      ...chain.records,
      readBuilder: async (name: typeof debian) => {
        const record = await chain.records.readBuilder(name);
        if (!moved) {
          moved = true;
          await chain.seal();
        }
        return record;
      },
    };
    const report = await verifyChain({ records, objects: chain.objects }, debian);
    expect(report).toMatchObject({ problems: [], newest: { sequence: 4 } });
  });
});
