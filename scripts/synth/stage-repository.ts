import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { ignoredByGit } from '../../adapters/local/git-ignored.ts';
import { allFilesMatching } from '../../adapters/local/input-file-globs.ts';
import { realRoot } from '../../adapters/local/input-file-place.ts';
import { type Outcome, success } from '../../core/failure.ts';

export interface StagedRepository {
  /** What would have been deployed, but git is told to ignore it. */
  readonly ignored: readonly string[];
}

/**
 * Copies an image repository into a folder, as it is to be deployed: everything but git's own files, what git ignores (images
 * that a build left there, secrets of a developer) and what this program wrote there. Modes stay, links stay links. What is
 * fingerprinted afterwards is what was copied, whatever changes in between.
 */
export async function stageRepository(root: string, folder: string): Promise<Outcome<StagedRepository>> {
  const from = realRoot(root);
  const files = allFilesMatching(from, { patterns: ['**'], exclude: ['**/node_modules/**', '**/cdk.out/**'] }, 'the deployment');
  if (!files.ok) return files;
  const ignored = new Set<string>();
  const paths = await ignoredByGit(from);
  const ignoredPath = (file: string) => paths.find((path) => file === path || (path.endsWith('/') && file.startsWith(path)));
  await mkdir(folder, { recursive: true });
  for (const file of files.value) {
    const path = ignoredPath(file);
    if (path === undefined) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await cp(join(from, file), join(folder, file), { verbatimSymlinks: true });
    } else {
      ignored.add(path);
    }
  }
  return success({ ignored: [...ignored] });
}
