import { cp, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
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
  const paths = await ignoredBelow(from, files.value);
  if (!paths.ok) return paths;
  const ignored = new Set<string>();
  await mkdir(folder, { recursive: true });
  for (const file of files.value) {
    const path = namesOf(file).find((name) => paths.value.has(name));
    if (path === undefined) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await cp(join(from, file), join(folder, file), { verbatimSymlinks: true });
    } else {
      ignored.add(path);
    }
  }
  return success({ ignored: [...ignored] });
}

/** A file's own path, and those of the folders that it is in, each with a slash. */
function namesOf(file: string): string[] {
  return [file, ...foldersOf(file).map((folder) => `${folder}/`)];
}

function foldersOf(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** What git ignores, in the repository itself and in those that lie in it: of these the outer one says nothing. */
async function ignoredBelow(root: string, files: readonly string[]): Promise<Outcome<ReadonlySet<string>>> {
  const folders = [...new Set(files.flatMap(foldersOf))].filter((folder) => existsSync(join(root, folder, '.git')));
  const ignored = new Set<string>();
  for (const folder of ['', ...folders]) {
    const paths = await ignoredByGit(join(root, folder));
    if (!paths.ok) return paths;
    for (const path of paths.value) ignored.add(folder === '' ? path : `${folder}/${path}`);
  }
  return success(ignored);
}
