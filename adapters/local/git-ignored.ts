import { git } from './git.ts';

/**
 * What git is told to ignore below a folder (`.gitignore`, `.git/info/exclude`, the user's own list), with paths from there;
 * of a folder that is ignored as a whole its path and a slash. Nothing where there is no git or no repository of it, and
 * where the folder itself is ignored: it is not git's then.
 */
export async function ignoredByGit(folder: string): Promise<readonly string[]> {
  const listed = await git(folder, ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']);
  const paths = (listed?.toString('utf8') ?? '').split('\0').filter((path) => path !== '');
  return paths.includes('./') ? [] : paths;
}
