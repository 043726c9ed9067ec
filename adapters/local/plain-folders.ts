import { type Stats, lstatSync } from 'node:fs';

/** The folders of a repository that are no links, and stay what they are. All paths are below its real root. */
export interface PlainFolders {
  /** The first link among the folders of a path. @throws the system's error where it cannot be looked at. */
  firstLinkOnTheWay(path: string): string | undefined;
  /** Whether a folder is one itself, with no link on the way to it; not where that cannot be looked at (any more). */
  has(folder: string): boolean;
  /** A folder that is no longer the one that was looked at: what was read through its path may lie anywhere. */
  firstMoved(): string | undefined;
}

export function plainFoldersBelow(root: string): PlainFolders {
  /** With what they were when it was seen that they are no links. Not their whole status: there may be thousands. */
  const seen = new Map<string, Pick<Stats, 'dev' | 'ino'> | undefined>([['', undefined]]);

  function firstLinkOnTheWay(path: string): string | undefined {
    // Whose folder was not linked has no linked folder above it either.
    if (seen.has(path.slice(0, Math.max(0, path.lastIndexOf('/'))))) return undefined;
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash);
      if (seen.has(folder)) continue;
      const status = lstatSync(`${root}/${folder}`, { throwIfNoEntry: false });
      if (status?.isSymbolicLink() === true) return folder;
      seen.set(folder, status === undefined ? undefined : { dev: status.dev, ino: status.ino });
    }
    return undefined;
  }

  return {
    firstLinkOnTheWay,
    has(folder) {
      try {
        return firstLinkOnTheWay(`${folder}/`) === undefined;
      } catch {
        // It is told of where it is looked at again.
        return false;
      }
    },
    firstMoved() {
      for (const [folder, status] of seen) {
        if (status === undefined) continue;
        let now: Stats | undefined;
        try {
          now = lstatSync(`${root}/${folder}`, { throwIfNoEntry: false });
        } catch {
          // No longer to be looked at: no longer the same.
        }
        if (now === undefined || now.dev !== status.dev || now.ino !== status.ino || !now.isDirectory()) return folder;
      }
      return undefined;
    },
  };
}
