import { beforeEach, describe, expect, it } from 'vitest';

import { keys } from '../../core/contract/keys.ts';
import { digestOf } from '../../core/digest.ts';
import { documentText, manifestDigest } from '../../core/document-text.ts';
import { type HashManifest } from '../../core/hash-manifest.ts';
import { readChain } from '../../core/manifest-chain.ts';
import { variantIdOf } from '../../core/variant.ts';
import { buildIdOf, buildRecord } from '../fixtures/records.ts';
import { type SealedChain, debian, manifestKey, sealedChain } from '../fixtures/sealed-chain.ts';

let chain: SealedChain;

beforeEach(async () => {
  chain = await sealedChain(3);
});

const read = async () => readChain(chain, await chain.builder());

/** What a chain that does not hold is told to be, a sentence for each problem. */
async function problems(): Promise<readonly string[]> {
  const answer = await read();
  if (answer.ok) return [];
  expect(answer.failure.rule).toBe('CHAIN_BROKEN');
  return answer.failure.evidence ?? [];
}

/** The n-th manifest, changed. */
function changed(n: number, changes: Partial<HashManifest>): HashManifest {
  const manifest = chain.manifests[n - 1];
  if (manifest === undefined) throw new Error(`there is no manifest ${n}`);
  return { ...manifest, ...changes };
}

/** Writes the record of the n-th build, changed. */
async function changeBuild(n: number, changes: object): Promise<void> {
  const build = await chain.records.readBuild(buildIdOf(n));
  if (build === undefined) throw new Error(`there is no build ${n}`);
  const document = { ...build, version: build.version + 1, ...changes };
  await chain.records.commit([{ type: 'build', expected: build.version, document }]);
}

const newestKey = keys.newestManifest(debian);

describe('a chain that holds', () => {
  it('is read link by link', async () => {
    const answer = await read();
    if (!answer.ok) throw new Error(answer.failure.message);
    const digests = chain.manifests.map((manifest) => manifestDigest(manifest));
    expect(answer.value.links).toEqual(
      chain.manifests.map(({ build_id, fingerprint, sequence, sealed_at }, at) => ({
        build_id,
        path: manifestKey(sequence),
        digest: digests[at],
        fingerprint,
        sequence,
        sealed_at,
        previous: digests[at - 1] ?? null,
        variant: variantIdOf(debian, {}),
      })),
    );
  });

  it('may be empty, long, and laid out otherwise than it was sealed', async () => {
    chain = await sealedChain(0);
    expect(await problems()).toEqual([]);
    chain = await sealedChain(130);
    chain.tamper(manifestKey(7), JSON.stringify(changed(7, {})));
    expect(await problems()).toEqual([]);
  });

  it('has in its folder whatever else a person keeps there', async () => {
    chain.tamper('artifacts/debian-base/notes.txt', 'mine');
    chain.tamper('artifacts/debian-base/old.hash.json', '{}');
    chain.tamper(`artifacts/debian-base/${buildIdOf(9)}.hash.json.bak`, '{}');
    expect(await problems()).toEqual([]);
  });

  it('takes no notice of what stands at the key of a build that has not ended: it finds that itself', async () => {
    await chain.records.commit([{ type: 'build', expected: null, document: buildRecord(4, { state: 'running' }) }]);
    chain.tamper(manifestKey(4), documentText(changed(3, { build_id: buildIdOf(4) })));
    expect(await problems()).toEqual([]);
  });

  it.each([[null], [1], [2]])('may show manifest %s as the newest until the build that sealed the newest is settled', async (n) => {
    await changeBuild(3, { settled_at: null });
    chain.tamper(newestKey, n === null ? null : documentText(changed(n, {})));
    expect(await problems()).toEqual([]);
    await changeBuild(3, { settled_at: '2026-11-22T12:00:00.000Z' });
    expect(await problems()).toEqual([expect.stringContaining(newestKey)]);
  });
});

describe('a chain that does not hold', () => {
  it('names a manifest that was altered, with both digests', async () => {
    const altered = changed(2, { sealed_at: '2026-11-22T12:00:00.000Z' });
    chain.tamper(manifestKey(2), documentText(altered));
    const [recorded] = [changed(2, {})].map((manifest) => manifestDigest(manifest));
    expect(await problems()).toEqual([
      `${manifestKey(2)} was altered: its digest is ${manifestDigest(altered)}, and ${recorded} was recorded when it was sealed`,
    ]);
  });

  it('names an altered one also where everything after it was forged to fit, since the records know better', async () => {
    const second = changed(2, { sealed_at: '2026-11-22T12:00:00.000Z' });
    const third = changed(3, { previous: { digest: manifestDigest(second), fingerprint: second.fingerprint } });
    chain.tamper(manifestKey(2), documentText(second));
    for (const key of [manifestKey(3), newestKey]) chain.tamper(key, documentText(third));
    expect(await problems()).toEqual([
      expect.stringMatching(new RegExp(`^${manifestKey(2)} was altered: `)),
      expect.stringMatching(new RegExp(`^${manifestKey(3)} was altered: `)),
      expect.stringContaining(newestKey),
    ]);
  });

  it('names a record whose digest differs, where what comes after it vouches for the manifest', async () => {
    const recorded = digestOf('another');
    for (const n of [1, 2, 3])
      await changeBuild(n, { manifest: { path: manifestKey(n), digest: recorded, fingerprint: changed(n, {}).fingerprint } });
    expect(await problems()).toEqual(
      [1, 2, 3].map(
        (n) =>
          `the record of ${manifestKey(n)} was altered: it names the digest ${recorded}, and the manifest has ${manifestDigest(changed(n, {}))}, as what comes after it says`,
      ),
    );
  });

  it("names the place where another build's manifest was put over its own, though that is vouched for", async () => {
    chain.tamper(manifestKey(3), documentText(changed(2, {})));
    expect(await problems()).toEqual([expect.stringContaining(`${manifestKey(3)} was altered`)]);
    chain.tamper(manifestKey(3), documentText(changed(3, {})));
    chain.tamper(manifestKey(1), documentText(changed(2, {})));
    expect(await problems()).toEqual([expect.stringContaining(`${manifestKey(1)} was altered`)]);
  });

  it.each([[1], [2], [3]])('names manifest %i where it is missing', async (n) => {
    chain.tamper(manifestKey(n), null);
    expect(await problems()).toEqual([`${manifestKey(n)} is missing, which the build ${buildIdOf(n)} sealed`]);
  });

  it('has a hole where neither the manifest nor its build is recorded any more', async () => {
    chain.tamper(manifestKey(1), null);
    chain.records.stored.builds.delete(buildIdOf(1));
    chain.tamper(manifestKey(2), null);
    chain.records.stored.builds.delete(buildIdOf(2));
    expect(await problems()).toEqual([`the chain has a hole: number 1 is missing before ${manifestKey(3)}`]);
  });

  it.each([
    ['{', 'it is no JSON'],
    ['{"schema":"hybridcore-packer/hash-manifest/1"}', 'Invalid input'],
    ['\u0000', 'it is no JSON'],
  ])('names one that cannot be read: %j', async (content, why) => {
    chain.tamper(manifestKey(2), content);
    const [problem, ...others] = await problems();
    expect(problem).toContain(`${manifestKey(2)} cannot be read as a hash manifest: `);
    expect(problem).toContain(why);
    expect(others).toEqual([]);
  });

  it('names a manifest that no build sealed, of a build that sealed none, too', async () => {
    await chain.records.commit([{ type: 'build', expected: null, document: buildRecord(4, { state: 'quarantined' }) }]);
    for (const n of [4, 5]) chain.tamper(manifestKey(n), documentText(changed(3, { build_id: buildIdOf(n), sequence: n })));
    expect(await problems()).toEqual([4, 5].map((n) => `${manifestKey(n)} was sealed by no build that is recorded`));
  });

  it('forks where two claim one place', async () => {
    chain.tamper(manifestKey(5), documentText(changed(2, { build_id: buildIdOf(5) })));
    expect(await problems()).toEqual([
      `the chain forks: ${manifestKey(2)} and ${manifestKey(5)} are each number 2`,
      `${manifestKey(5)} was sealed by no build that is recorded`,
    ]);
    chain = await sealedChain(2);
    await chain.seal({ sequence: 2 });
    expect(await problems()).toEqual([`the chain forks: ${manifestKey(2)} and ${manifestKey(3)} are each number 2`]);
  });

  it('names one that was sealed after another than the one before it', async () => {
    await chain.seal({ previous: { digest: digestOf('x'), fingerprint: digestOf('y') } });
    expect(await problems()).toEqual([`${manifestKey(4)} names ${digestOf('x')} before it, which is not the digest of ${manifestKey(3)}`]);
    chain = await sealedChain(0);
    await chain.seal({ previous: { digest: digestOf('x'), fingerprint: digestOf('y') } });
    expect(await problems()).toEqual([`${manifestKey(1)} is the first of the chain, and names ${digestOf('x')} before it`]);
  });

  it('ends elsewhere than the record of the builder says', async () => {
    const { newest } = await chain.builder();
    await chain.changeBuilder({ newest: null });
    expect((await problems())[0]).toBe(`the record of the builder calls no manifest the newest, and the chain ends with ${manifestKey(3)}`);
    await chain.changeBuilder({ newest: newest === null ? null : { ...newest, digest: digestOf('x') } });
    expect((await problems())[0]).toContain(`calls ${manifestKey(3)} with the digest ${digestOf('x')} the newest`);
  });

  it.each([
    ['is missing', null],
    ['cannot be read: it is no JSON', ''],
    ['holds something else', 'earlier'],
  ])('shows at the newest-of key what %s', async (what, content) => {
    chain.tamper(newestKey, content === 'earlier' ? documentText(changed(2, {})) : content);
    expect(await problems()).toEqual([`${newestKey} ${what}, and is to be a copy of ${manifestKey(3)}`]);
  });

  it('tells the first problem, how many more there are, and all of them as evidence', async () => {
    for (const n of [1, 2, 3]) chain.tamper(manifestKey(n), null);
    const answer = await read();
    expect(answer).toMatchObject({ ok: false, failure: { message: expect.stringMatching(/ is missing, .* \(and 2 more\)$/) as string } });
    expect(await problems()).toHaveLength(3);
  });
});
