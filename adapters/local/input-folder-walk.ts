import { type Dirent } from 'node:fs';

/** The folder of a pattern that means everything below it, where every character of its name is plain; else undefined. */
export function folderOfAll(pattern: string): string | undefined {
  const folder = /^((?:[\w-][\w .-]*\/)+)\*\*$/.exec(pattern)?.[1]?.slice(0, -1);
  // In these some names are never inputs.
  return folder === undefined || /^(?:artifacts|state|incoming|control|diag)(?:\/|$)/.test(folder) ? undefined : folder;
}

/**
 * All paths below a folder that are no folders themselves, but for git's and for drafts of this program, which are never
 * inputs: each goes to one of the two, as soon as its folder is listed.
 */
export function everythingBelow(
  base: string,
  list: (folder: string) => readonly Dirent[],
  onPlain: (path: string) => void,
  onOther: (path: string) => void,
): void {
  const open = [base];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const entry of list(folder)) {
      const { name } = entry;
      if (name === '.git' || (name.startsWith('.hybridcore-') && name.endsWith('.tmp'))) continue;
      const path = `${folder}/${name}`;
      if (entry.isFile()) onPlain(path);
      else if (entry.isDirectory()) open.push(path);
      else onOther(path);
    }
  }
}
