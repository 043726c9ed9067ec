import { beforeEach, describe, expect, it } from 'vitest';

import { defaultChannel } from '../../core/channel.ts';
import { keys } from '../../core/contract/keys.ts';
import { type HashManifest, documentText, manifestDigest } from '../../core/hash-manifest.ts';
import { publish } from '../../core/publish.ts';
import { verifyChain } from '../../core/verify.ts';
import { buildIdOf } from '../fixtures/records.ts';
import { type SealedChain, debian, manifestKey, sealedChain } from '../fixtures/sealed-chain.ts';

let chain: SealedChain;

beforeEach(async () => {
  chain = await sealedChain(3);
});

const problems = async () => (await verifyChain(chain, debian)).problems.map(({ problem }) => problem);

function manifest(n: number): HashManifest {
  const found = chain.manifests[n - 1];
  if (found === undefined) throw new Error(`there is no manifest ${n}`);
  return found;
}

describe('verifying the manifests of a builder', () => {
  it('finds nothing where each is what was sealed', async () => {
    const report = await verifyChain(chain, debian);
    expect(report).toMatchObject({ problems: [], newest: { sequence: 3 } });
    expect(report.links.map(({ digest }) => digest)).toEqual(chain.manifests.map((each) => manifestDigest(each)));
  });

  it('holds where nothing was ever built, and not where a manifest stands there all the same', async () => {
    chain = await sealedChain(0);
    expect(await problems()).toEqual([]);
    chain.tamper(manifestKey(1), documentText((await sealedChain(1)).manifests[0] ?? manifest(1)));
    expect(await problems()).toEqual(['foreign']);
  });

  it('tells a tampered manifest, a missing one, a fork, another digest in the record and a stale copy apart', async () => {
    const whole = chain;
    const found: Record<string, readonly string[]> = {};
    const damage = async (what: string, by: () => void | Promise<void>) => {
      chain = await sealedChain(3);
      await by();
      found[what] = await problems();
    };
    await damage('tampered', () => chain.tamper(manifestKey(2), documentText({ ...manifest(2), attempt: 2 })));
    await damage('missing', () => chain.tamper(manifestKey(2), null));
    await damage('fork', () => chain.tamper(manifestKey(9), documentText({ ...manifest(3), build_id: buildIdOf(9) })));
    await damage('record', async () => {
      const build = await chain.records.readBuild(buildIdOf(2));
      if (build?.manifest === null || build === undefined) throw new Error('the second build sealed nothing');
      const sealed = { ...build.manifest, digest: manifestDigest(manifest(1)) };
      await chain.records.commit([
        { type: 'build', expected: build.version, document: { ...build, version: build.version + 1, manifest: sealed } },
      ]);
    });
    await damage('copy', () => chain.tamper(keys.newestManifest(debian), documentText(manifest(1))));
    await damage('garbage', () => chain.tamper(manifestKey(3), 'no JSON'));
    expect(found).toEqual({
      tampered: ['altered'],
      missing: ['missing'],
      fork: ['fork', 'foreign'],
      record: ['recorded-otherwise'],
      copy: ['pointer'],
      garbage: ['unreadable'],
    });
    expect(whole.manifests).toHaveLength(3);
  });

  it('finds a channel that points to what the chain does not hold', async () => {
    const [, second] = chain.manifests;
    const moved = await publish(chain, { builder: debian, channel: defaultChannel, wanted: { build: buildIdOf(2) }, by: 'a person' });
    if (!moved.ok || second === undefined) throw new Error('it was not published');
    expect(await problems()).toEqual([]);
    const { channel } = moved.value;
    const published = { ...channel.published, digest: manifestDigest(manifest(1)) };
    await chain.records.commit([{ type: 'channel', expected: channel.version, document: { ...channel, version: 2, published } }]);
    const report = await verifyChain(chain, debian);
    expect(report.problems).toEqual([{ problem: 'channel', channel: 'latest', published, digest: manifestDigest(second) }]);
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
