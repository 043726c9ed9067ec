import { type Dirent } from 'node:fs';

/** The folder of a pattern that means everything below it, where every character of its name is plain; else undefined. */
export function folderOfAll(pattern: string): string | undefined {
  const folder = /^((?:[\w-][\w .-]*\/)+)\*\*$/.exec(pattern)?.[1]?.slice(0, -1);
  // In these some names are never inputs.
  return folder === undefined || /^(?:artifacts|state|incoming|control|diag)(?:\/|$)/.test(folder) ? undefined : folder;
}

/** Gets the names of plain files in a folder ('' is the root), in the order of their code units. */
export type OnPlain = (folder: string, names: readonly string[]) => void;

/**
 * All that is below a folder and no folder itself, but for git's and for drafts of this program, which are never inputs:
 * it goes to one of the two as soon as its folder is listed, plain files by their names and others by their paths.
 */
export function everythingBelow(
  base: string,
  list: (folder: string) => readonly Dirent[],
  onPlain: OnPlain,
  onOther: (path: string) => void,
): void {
  const open = [base];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) takeFolder(folder, list(folder), open, onPlain, onOther);
}

/** One folder's share, a function of its own: a loop within the loop would be compiled over and over, as it goes on, at more cost than it takes. */
function takeFolder(folder: string, entries: readonly Dirent[], open: string[], onPlain: OnPlain, onOther: (path: string) => void): void {
  const plain: string[] = [];
  for (const entry of entries) {
    const { name } = entry;
    if (name === '.git' || (name.startsWith('.hybridcore-') && name.endsWith('.tmp'))) continue;
    if (entry.isFile()) plain.push(name);
    else if (entry.isDirectory()) open.push(`${folder}/${name}`);
    else onOther(`${folder}/${name}`);
  }
  onPlain(folder, plain.sort());
}
