import { beforeEach, describe, expect, it } from 'vitest';

import { type Artifact } from '../../core/artifact.ts';
import { ownRules } from '../../core/classification/own-rules.ts';
import { type ArtifactCheck } from '../../core/ports.ts';

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

/** What every adapter of `ArtifactCheck` promises. Registers its tests. */
export function artifactCheckContract(name: string, make: () => Promise<ArtifactCheckUnderTest>): void {
  describe(`${name} keeps the contract of artifact checks`, () => {
    let world: ArtifactCheckUnderTest;
    beforeEach(async () => {
      world = await make();
    });

    it('finds no problem with what was made after the time, and none where nothing is claimed', async () => {
      expect(await world.check.problem(world.made, { after: world.before })).toBeUndefined();
      expect(await world.check.problem([], { after: world.before })).toBeUndefined();
    });

    it('names what is not there, among others that are', async () => {
      const problem = await world.check.problem([...world.made, world.missing], { after: world.before });
      expect(problem).toMatchObject({ rule: 'ARTIFACT_UNCONFIRMED', evidence: [expect.stringContaining(world.missing.id)] });
      expect(problem?.message).toContain(world.missing.id);
      expect(problem?.remedy).toMatch(/\w+ .*\w/);
      expect(ownRules.ARTIFACT_UNCONFIRMED.exit_code).toBe(3);
    });

    it('names each that was there before', async () => {
      const problem = await world.check.problem(world.made, { after: world.after });
      expect(problem).toMatchObject({
        rule: 'ARTIFACT_UNCONFIRMED',
        evidence: world.made.map(({ id }) => expect.stringContaining(id) as string),
      });
    });

    it('answers the same when it is asked again', async () => {
      const ask = () => world.check.problem([world.missing], { after: world.before });
      expect(await ask()).toEqual(await ask());
    });
  });
}
