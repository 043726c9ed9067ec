import { type Digest } from '../../core/digest.ts';
import { type FileIdentity, identityLength } from './file-identity.ts';

/** Hex digits of a digest. */
export const digestLength = 64;

/** Names of files in one folder, as one text: a text for each would take several times the memory, and there may be a hundred thousand. */
export interface FolderNames {
  /** Below the root; '' is the root. */
  readonly folder: string;
  readonly count: number;
  /** Joined by `/`, which no name has. */
  readonly joined: string;
}

export function folderNames(folder: string, names: readonly string[]): FolderNames {
  return { folder, count: names.length, joined: names.join('/') };
}

export function namesOf({ joined, count }: FolderNames): readonly string[] {
  return count === 0 ? [] : joined.split('/');
}

/** The path of what has a name in a folder. */
export function pathIn(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** The folder and the name of a path. */
export function placeOfPath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return { folder: path.slice(0, Math.max(0, slash)), name: path.slice(slash + 1) };
}

/** Files with their digests and identities, column by column. */
export interface FileColumns {
  /** The names of all the files, in the order of the columns. */
  readonly folders: readonly FolderNames[];
  /** Six numbers for each file, as `FileIdentity` has them. There may be room for more. */
  readonly identities: Float64Array;
  /** As ASCII, 64 hex digits for each file. There may be room for more. */
  readonly digests: Buffer;
}

/** How many files the columns have. */
export function countOf({ folders }: Pick<FileColumns, 'folders'>): number {
  return folders.reduce((sum, { count }) => sum + count, 0);
}

/** The digest of the file at a place of the columns. */
export function digestAt(columns: FileColumns, at: number): Digest {
  return digestIn(digestsOf(columns, at, 1), 0);
}

/** The digests of files that follow one another, as one text: to take each by itself takes twice as long. */
export function digestsOf({ digests }: FileColumns, first: number, count: number): string {
  return digests.toString('latin1', first * digestLength, (first + count) * digestLength);
}

/** One of such digests. Nothing else is ever written there: to hold each against the schema again takes as long as to make its line of the fingerprint. */
export function digestIn(digests: string, at: number): Digest {
  const digest = `sha256:${digests.slice(at * digestLength, (at + 1) * digestLength)}`;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return digest as Digest;
}

export function identityAt({ identities }: FileColumns, at: number): FileIdentity {
  const number = (place: number): number => identities[at * identityLength + place] ?? Number.NaN;
  return [number(0), number(1), number(2), number(3), number(4), number(5)];
}

/** Type and permissions, as the system has them. */
export function modeAt({ identities }: FileColumns, at: number): number {
  return identities[at * identityLength + 2] ?? Number.NaN;
}

/** Bytes. */
export function sizeAt({ identities }: FileColumns, at: number): number {
  return identities[at * identityLength + 3] ?? Number.NaN;
}

/** Those files of the columns that are wanted, with no room for more: parts of the same memory, one for each run of files. */
export function filesWhere(columns: FileColumns, isWanted: (at: number) => boolean): readonly FileColumns[] {
  const runs: FileColumns[] = [];
  let folders: FolderNames[] = [];
  let [first, end] = [0, 0];

  function endRun(): void {
    if (folders.length > 0)
      runs.push({
        folders,
        identities: columns.identities.subarray(first * identityLength, end * identityLength),
        digests: columns.digests.subarray(first * digestLength, end * digestLength),
      });
    folders = [];
  }

  function take(files: FolderNames): void {
    if (files.count > 0) folders.push(files);
    end += files.count;
  }

  for (const files of columns.folders) {
    const begin = end;
    const wanted = Array.from({ length: files.count }, (_, at) => isWanted(begin + at));
    if (wanted.every(Boolean)) take(files);
    else {
      let names: string[] = [];
      for (const [at, name] of namesOf(files).entries()) {
        if (wanted[at] === true) names.push(name);
        else {
          take(folderNames(files.folder, names));
          names = [];
          endRun();
          end += 1;
          first = end;
        }
      }
      take(folderNames(files.folder, names));
    }
  }
  endRun();
  return runs;
}
