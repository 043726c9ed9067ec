import { beforeEach, describe, expect, it } from 'vitest';

import { type Artifact } from '../../core/artifact.ts';
import { ownRules } from '../../core/classification/own-rules.ts';
import { type ArtifactCheck, type ArtifactsFound } from '../../core/ports.ts';

/** Artifacts of one test, and somebody who looks for them. */
export interface ArtifactCheckUnderTest {
  readonly check: ArtifactCheck;
  /** There, and ours. */
  readonly made: readonly Artifact[];
  /** A time before the first of them was made, and one after the last: milliseconds since 1970. */
  readonly before: number;
  readonly after: number;
  /** Not there. */
  readonly missing: Artifact;
}

/** What was found, where not all is there. */
function notThere(found: ArtifactsFound): Exclude<ArtifactsFound, { state: 'there' }> {
  if (found.state === 'there') throw new Error('all is there');
  return found;
}

/** What every adapter of `ArtifactCheck` promises. Registers its tests. */
export function artifactCheckContract(name: string, make: () => Promise<ArtifactCheckUnderTest>): void {
  describe(`${name} keeps the contract of artifact checks`, () => {
    let world: ArtifactCheckUnderTest;
    beforeEach(async () => {
      world = await make();
    });

    it('finds no problem with what was made after the time, and none where nothing is claimed', async () => {
      expect(await world.check.look(world.made, { after: world.before, accounts: [] })).toEqual({ state: 'there' });
      expect(await world.check.look([], { after: world.before, accounts: [] })).toEqual({ state: 'there' });
    });

    it('names what does not show, among others that do, and leaves open whether it will', async () => {
      const { state, failure } = notThere(await world.check.look([...world.made, world.missing], { after: world.before, accounts: [] }));
      expect(state).toBe('absent');
      expect(failure).toMatchObject({ rule: 'ARTIFACT_UNCONFIRMED', evidence: [expect.stringContaining(world.missing.id)] });
      expect(failure.message).toContain(world.missing.id);
      expect(failure.remedy).toMatch(/\w+ .*\w/);
      expect(ownRules.ARTIFACT_UNCONFIRMED.exit_code).toBe(3);
    });

    it('names each that was there before, which no time heals', async () => {
      const { state, failure } = notThere(await world.check.look(world.made, { after: world.after, accounts: [] }));
      expect(state).toBe('false');
      expect(failure).toMatchObject({
        rule: 'ARTIFACT_UNCONFIRMED',
        evidence: world.made.map(({ id }) => expect.stringContaining(id) as string),
      });
    });

    it('takes what is false for false, whatever else does not show', async () => {
      const { state, failure } = notThere(await world.check.look([world.missing, ...world.made], { after: world.after, accounts: [] }));
      expect(state).toBe('false');
      expect(failure.evidence).toHaveLength(world.made.length);
    });

    it('answers the same when it is asked again', async () => {
      const ask = () => world.check.look([world.missing], { after: world.before, accounts: [] });
      expect(await ask()).toEqual(await ask());
    });
  });
}
