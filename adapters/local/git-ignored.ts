import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { type Outcome, failure, success } from '../../core/failure.ts';
import { git } from './git.ts';

/**
 * What git is told to ignore below a folder (`.gitignore`, `.git/info/exclude`, the user's own list), with paths from there;
 * of a folder that is ignored as a whole its path and a slash. Nothing where there is no repository, and where the folder
 * itself is ignored: it is not git's then.
 *
 * @returns CONFIG_INVALID where there is a repository, and git does not say what it ignores: nothing may be taken for granted then.
 */
export async function ignoredByGit(folder: string): Promise<Outcome<readonly string[]>> {
  if (!isInRepository(folder)) return success([]);
  const listed = await git(folder, ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']);
  if (listed === undefined)
    return failure(
      'CONFIG_INVALID',
      `git does not say what it ignores in ${folder}`,
      `see why: git -C ${folder} status (no git on the path, or a folder that belongs to another user: git config --global --add safe.directory)`,
    );
  const paths = listed
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '');
  return success(paths.includes('./') ? [] : paths);
}

function isInRepository(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return true;
    if (dirname(at) === at) return false;
  }
}
