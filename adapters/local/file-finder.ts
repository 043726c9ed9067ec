import { type FolderNames, namesOf, placeOfPath } from './file-columns.ts';

/** A file as one of those that are together: counted from 0. */
export interface FileAmong<T extends FolderNames> {
  readonly files: T;
  readonly at: number;
}

/**
 * Finds files by their paths among those of folders, quickly where many of one folder are looked for one after another: a
 * folder may have a hundred thousand.
 *
 * @param partsOf the files of a folder, in parts: of two files of one name the later counts.
 */
export function fileFinder<T extends FolderNames>(partsOf: (folder: string) => readonly T[]): (path: string) => FileAmong<T> | undefined {
  let latest: { readonly parts: readonly T[]; readonly count: number; readonly places: ReadonlyMap<string, FileAmong<T>> } | undefined;
  return (path) => {
    const { folder, name } = placeOfPath(path);
    const parts = partsOf(folder);
    if (parts.length === 0) return undefined;
    if (latest?.parts !== parts || latest.count !== parts.length) latest = { parts, count: parts.length, places: placesIn(parts) };
    return latest.places.get(name);
  };
}

function placesIn<T extends FolderNames>(parts: readonly T[]): ReadonlyMap<string, FileAmong<T>> {
  const places = new Map<string, FileAmong<T>>();
  for (const files of parts) for (const [at, name] of namesOf(files).entries()) places.set(name, { files, at });
  return places;
}
