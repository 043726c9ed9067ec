import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { allFilesMatching } from '../../adapters/local/input-file-globs.ts';
import { realRoot } from '../../adapters/local/input-file-place.ts';
import { type Outcome, success } from '../../core/failure.ts';

/**
 * Copies an image repository into a folder, as it is to be deployed: everything but git's own files and what this program wrote
 * there. Modes stay, links stay links. What is fingerprinted afterwards is what was copied, whatever changes in between.
 */
export async function stageRepository(root: string, folder: string): Promise<Outcome<null>> {
  const from = realRoot(root);
  const files = allFilesMatching(from, { patterns: ['**'], exclude: ['**/node_modules/**', '**/cdk.out/**'] }, 'the deployment');
  if (!files.ok) return files;
  await mkdir(folder, { recursive: true });
  for (const file of files.value) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(from, file), join(folder, file), { verbatimSymlinks: true });
  }
  return success(null);
}
