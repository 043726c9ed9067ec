import { join } from 'node:path';
import { type TestProject } from 'vitest/node';

import { type FoundPacker, findPacker } from '../adapters/packer/find-packer.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The packer that the tests run: `inject('packer')`. */
    packer: FoundPacker;
  }
}

/** The tests run real packer; without one they fail here, at once and together, rather than pass. */
export default async function requirePacker(project: TestProject): Promise<void> {
  const cache = join(import.meta.dirname, '..', '.cache', 'packer');
  const packer = await findPacker({ path: process.env['PATH'], cache });
  if (!packer.ok)
    throw new Error(`${packer.failure.message}. The tests run real packer: ${packer.failure.remedy}, or run: node scripts/setup.mjs`);
  project.provide('packer', packer.value);
}
