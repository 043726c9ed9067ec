import { type Digest } from '../../core/digest.ts';
import { sortNames } from '../../core/fingerprint.ts';
import { type FileInput, type Input, inputKinds } from '../../core/input.ts';
import { type FileColumns, digestAt, digestIn, digestsOf, modeAt, namesOf, pathIn, placeOfPath, sizeAt } from './file-columns.ts';
import { type FileAmong, fileFinder } from './file-finder.ts';
import { type AddedFiles } from './input-file-hashing.ts';
import { type HashedFile } from './input-file.ts';

type FileKind = FileInput['kind'];

/** A file that was found by itself. */
export interface FoundFile {
  readonly name: string;
  kind: FileKind;
  where: string;
  /** A file itself, with no link on the way to it. */
  readonly isPlain: boolean;
  /** Where what is known of it is in the end: by itself, or at its place among others. */
  found: HashedFile | { readonly columns: FileColumns; readonly at: number } | undefined;
}

/** Plain files of a folder that were found together, in the order of their names. */
export interface FoundFolder extends AddedFiles {
  readonly kind: FileKind;
  readonly where: string;
  /** Which of them, counted from 0, are no longer among them: they are files by themselves, or none. */
  readonly apart: number[];
}

/** All that was found: files by their paths, and those of folders by the path of the folder. */
export interface FoundFiles {
  readonly files: Map<string, FoundFile>;
  readonly folders: Map<string, FoundFolder[]>;
}

/** The files among the inputs. Each is made when it is asked for: a hundred thousand at once would take more memory than all else. */
export interface HashedInputs {
  readonly count: number;
  /** How many were read; of the others what was kept holds. */
  readonly read: number;
  names(): Iterable<string>;
  get(name: string): FileInput | undefined;
  /** Whether one is a link of this digest. */
  hasLink(digest: Digest): boolean;
  /** All of them in the order of the fingerprint, with inputs that are no files, which are in that order already. */
  inOrderWith(others: readonly Input[]): Iterable<Input>;
}

/** Finds a file among those of a folder that were found together. */
export function finderIn(folders: FoundFiles['folders']): (path: string) => FileAmong<FoundFolder> | undefined {
  const find = fileFinder<FoundFolder>((folder) => folders.get(folder) ?? []);
  return (path) => {
    const among = find(path);
    return among?.files.apart.includes(among.at) === true ? undefined : among;
  };
}

/** @param known how many were not read. */
export function hashedInputs({ files, folders }: FoundFiles, known: number): HashedInputs {
  const findInFolder = finderIn(folders);
  let count = files.size;
  for (const parts of folders.values()) for (const part of parts) count += part.count - part.apart.length;
  return {
    count,
    read: count - known,
    *names() {
      yield* files.keys();
      for (const part of [...folders.values()].flat())
        for (const [at, name] of namesOf(part).entries()) if (!part.apart.includes(at)) yield pathIn(part.folder, name);
    },
    get(name) {
      const file = files.get(name);
      if (file !== undefined) return inputOf(file);
      const among = findInFolder(name);
      return among === undefined ? undefined : inputAmong(name, among.files, among.at);
    },
    hasLink: (digest) =>
      files.values().some(({ found }) => found !== undefined && 'mode' in found && found.mode === '120000' && found.digest === digest),
    inOrderWith: (others) => ({ [Symbol.iterator]: () => inOrder({ files, folders }, others) }),
  };
}

/** Entries of a folder, each with its file, or with nothing where it is a folder; in the order of their names, to which a folder's `/` belongs. */
interface OpenFolder {
  readonly folder: string;
  readonly names: readonly string[];
  readonly entries: ReadonlyMap<string, Entry | undefined> | WholeFolder;
  next: number;
}

type Entry = FoundFile | FileAmong<FoundFolder>;

/** All there is in a folder, where that is files which were found together. */
interface WholeFolder {
  readonly files: FoundFolder;
  readonly digests: string;
}

/** Folder by folder as they are nested, so that nothing but the names of each has to be sorted. All in one: each of them passes through here. */
function* inOrder(found: FoundFiles, others: readonly Input[]): Generator<Input> {
  for (const kind of inputKinds.toSorted()) {
    for (const other of others) if (other.kind === kind) yield other;
    const open = folderOpener(found, kind);
    const stack = [open('')];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { folder, entries, next: at } = top;
      const name = top.names[at];
      top.next += 1;
      if (name === undefined) stack.pop();
      else if ('digests' in entries) yield inputOfFolder(pathIn(folder, name), entries, at);
      else {
        const entry = entries.get(name);
        if (entry === undefined) stack.push(open(pathIn(folder, name.slice(0, -1))));
        else yield 'found' in entry ? inputOf(entry) : inputAmong(pathIn(folder, name), entry.files, entry.at);
      }
    }
  }
}

function folderOpener({ files, folders }: FoundFiles, kind: Input['kind']): (folder: string) => OpenFolder {
  const single = Map.groupBy(
    files.values().filter((file) => file.kind === kind),
    ({ name }) => placeOfPath(name).folder,
  );
  const inFolder = new Map<string, Set<string>>();
  for (const folder of single.keys()) addTo(inFolder, folder);
  for (const [folder, parts] of folders) if (parts.some((part) => part.kind === kind)) addTo(inFolder, folder);
  return (folder) => {
    const parts = folders.get(folder) ?? [];
    const [only] = parts;
    const isAll = parts.length === 1 && only?.kind === kind && only.apart.length === 0 && !inFolder.has(folder) && !single.has(folder);
    if (only !== undefined && isAll) {
      const digests = digestsOf(only.columns, only.first, only.count);
      return { folder, names: namesOf(only), entries: { files: only, digests }, next: 0 };
    }
    const entries = new Map<string, Entry | undefined>();
    for (const name of inFolder.get(folder) ?? []) entries.set(`${name}/`, undefined);
    for (const file of single.get(folder) ?? []) entries.set(placeOfPath(file.name).name, file);
    for (const part of parts) if (part.kind === kind) putEntries(entries, part);
    return { folder, names: sortNames([...entries.keys()]), entries, next: 0 };
  };
}

function putEntries(entries: Map<string, Entry | undefined>, files: FoundFolder): void {
  const names = namesOf(files);
  for (let at = 0; at < names.length; at += 1) if (!files.apart.includes(at)) entries.set(names[at] ?? '', { files, at });
}

/** Notes a folder with each one above it. */
function addTo(inFolder: Map<string, Set<string>>, path: string): void {
  for (let below = path; below !== '';) {
    const { folder, name } = placeOfPath(below);
    const before = inFolder.get(folder);
    if (before !== undefined) {
      before.add(name);
      return;
    }
    inFolder.set(folder, new Set([name]));
    below = folder;
  }
}

function inputOf({ name, kind, found }: FoundFile): FileInput {
  if (found === undefined) throw new TypeError('unreachable: an input that was neither read nor known');
  if ('columns' in found) return plainInput(name, kind, found.columns, found.at);
  return { kind, name, digest: found.digest, size: found.size, mode: found.mode };
}

function inputAmong(name: string, { kind, columns, first }: FoundFolder, at: number): FileInput {
  return plainInput(name, kind, columns, first + at);
}

function inputOfFolder(name: string, { files: { kind, columns, first }, digests }: WholeFolder, at: number): FileInput {
  return plainInput(name, kind, columns, first + at, digestIn(digests, at));
}

/** Spelt out: an object that is spread from others takes twice the memory. */
function plainInput(name: string, kind: FileKind, columns: FileColumns, at: number, digest = digestAt(columns, at)): FileInput {
  const mode = (modeAt(columns, at) & 0o100) === 0 ? '100644' : '100755';
  return { kind, name, digest, size: sizeAt(columns, at), mode };
}
