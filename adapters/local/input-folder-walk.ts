import { type Dirent } from 'node:fs';

/** The folder of a pattern that means everything below it, where every character of its name is plain; else undefined. */
export function folderOfAll(pattern: string): string | undefined {
  const folder = /^((?:[\w-][\w .-]*\/)+)\*\*$/.exec(pattern)?.[1]?.slice(0, -1);
  // In these some names are never inputs.
  return folder === undefined || /^(?:artifacts|state|incoming|control|diag)(?:\/|$)/.test(folder) ? undefined : folder;
}

/** All paths below a folder that are no folders themselves, but for git's and for drafts of this program, which are never inputs. */
export function everythingBelow(base: string, list: (folder: string) => readonly Dirent[]): string[] {
  const found: string[] = [];
  const open = [base];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const entry of list(folder)) {
      const { name } = entry;
      if (name === '.git' || (name.startsWith('.hybridcore-') && name.endsWith('.tmp'))) continue;
      if (entry.isDirectory()) open.push(`${folder}/${name}`);
      else found.push(`${folder}/${name}`);
    }
  }
  return found;
}
