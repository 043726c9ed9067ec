import { dirname } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';

import { type Stage, type StageOptions, startStage } from '../../fixtures/aws/stage/stage.ts';

/** How long a stage takes at most to stand: it is synthesized, bundled and deployed. Milliseconds. */
const standing = 120_000;

/** One deployed stage for all tests of a file; it is there once they run. */
export function stageOfFile(content: () => Omit<StageOptions, 'packer'> | Promise<Omit<StageOptions, 'packer'>>): () => Stage {
  let stage: Stage | undefined;
  beforeAll(async () => {
    stage = await startStage({ ...(await content()), packer: dirname(inject('packer').file) });
  }, standing);
  afterAll(() => stage?.[Symbol.asyncDispose]());
  return () => {
    if (stage === undefined) throw new Error('the stage stands only once the tests run');
    return stage;
  };
}
