import { createHash } from 'node:crypto';
import { type Stats, fstatSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { openDraft } from './cache-draft.ts';
import { type CacheOwner, headerOf, inputsCacheFolder, ownership, readOwnFile } from './cache-owner.ts';
import { type FileColumns, type FolderNames, countOf, digestLength, filesWhere, identityAt, namesOf } from './file-columns.ts';
import { fileFinder } from './file-finder.ts';
import { type AddedFiles, type ReadFiles } from './input-file-hashing.ts';
import { type FileIdentity, hasIdentity, identityLength } from './file-identity.ts';

/** What was found out about the files of a repository, and is known again as long as they are as they were. */
export interface StatCache {
  /**
   * A moment before this run looked at anything, as the repository's file system tells the time. What was changed since
   * has a time that is not before it; so only what was changed before it can be kept, and a change in the same instant
   * is never missed.
   */
  readonly begun: { readonly device: number; readonly time: number };
  /** What was kept of files, in whatever state they are. */
  readonly known: FileColumns;
  /** Those of them that are in a folder, in parts. */
  inFolder(folder: string): readonly AddedFiles[];
  /** Where a file is among them. */
  placeOf(path: string): number | undefined;
  /** Whether the file at a place is still what it was. */
  isUnchanged(at: number, status: Stats): boolean;
  /** Keeps the files that were read, but for what changed meanwhile. */
  keep(read: ReadFiles): void;
  /** Of a file that was found unchanged in this run. */
  identityOf(path: string): FileIdentity | undefined;
  /** What was kept as JSON under a key. */
  note(key: string): unknown;
  keepNote(key: string, value: unknown): void;
  /** Writes what is new, whole or not at all; what cannot be written is not kept. */
  close(): void;
}

/** More than this is kept only of the run that found it. */
const mostNames = 250_000;
const mostNotes = 64;

const nothing: Index = { files: { folders: [], identities: new Float64Array(), digests: Buffer.alloc(0) }, notes: {} };

/**
 * Opens the cache of the repository in its home. Undefined where none can be kept: the home cannot be written to, or is
 * not on the device of the repository, whose clock it could not tell then.
 */
export function openStatCache(home: string, owner: CacheOwner): StatCache | undefined {
  const draft = openDraft(home);
  if (draft === undefined) return undefined;
  const stamp = fstatSync(draft.descriptor);
  if (statSync(owner.root).dev !== stamp.dev) {
    draft.discard();
    return undefined;
  }
  const file = join(home, inputsCacheFolder, 'index');
  const { files: known, notes: keptNotes } = readIndex(file, owner) ?? nothing;
  const byFolder = new Map<string, AddedFiles[]>();
  let knownCount = 0;
  for (const files of known.folders) {
    const added = { ...files, columns: known, first: knownCount };
    const before = byFolder.get(files.folder);
    if (before === undefined) byFolder.set(files.folder, [added]);
    else before.push(added);
    knownCount += files.count;
  }
  const fresh: FileColumns[] = [];
  /** 1 for each known file that is as it was. */
  const unchanged = new Uint8Array(knownCount);
  const notes = new Map<string, unknown>(Object.entries(keptNotes));
  let isChanged = false;

  const find = fileFinder<AddedFiles>((folder) => byFolder.get(folder) ?? []);
  function placeOf(path: string): number | undefined {
    const among = find(path);
    return among === undefined ? undefined : among.files.first + among.at;
  }

  /** What is to be known the next time: all that was, with what was read in the place of what was there. */
  function merged(): readonly FileColumns[] {
    const count = fresh.reduce((sum, files) => sum + countOf(files), 0);
    if (knownCount === 0 || knownCount + count > mostNames) return fresh;
    const replaced = new Set<number>();
    for (const { folder, ...files } of fresh.flatMap(({ folders }) => folders)) {
      const names = new Set(namesOf({ folder, ...files }));
      for (const before of byFolder.get(folder) ?? [])
        for (const [at, name] of namesOf(before).entries()) if (names.has(name)) replaced.add(before.first + at);
    }
    return [...filesWhere(known, (at) => !replaced.has(at)), ...fresh];
  }

  return {
    begun: { device: stamp.dev, time: stamp.ctimeMs },
    known,
    inFolder: (folder) => byFolder.get(folder) ?? [],
    placeOf,
    isUnchanged(at, status) {
      if (!hasIdentity(status, known.identities, at * identityLength)) return false;
      unchanged[at] = 1;
      return true;
    },
    identityOf(path) {
      const at = placeOf(path);
      return at !== undefined && unchanged[at] === 1 ? identityAt(known, at) : undefined;
    },
    keep(read) {
      const isStill = (from: number): boolean =>
        read.identities[from] === stamp.dev && (read.identities[from + 5] ?? Number.NaN) < stamp.ctimeMs;
      const kept = filesWhere(read, (at) => read.isRead(at) && isStill(at * identityLength));
      if (kept.length === 0) return;
      fresh.push(...kept);
      isChanged = true;
    },
    note: (key) => notes.get(key),
    keepNote(key, value) {
      notes.delete(key);
      notes.set(key, value);
      for (const oldest of [...notes.keys()].slice(0, Math.max(0, notes.size - mostNotes))) notes.delete(oldest);
      isChanged = true;
    },
    close() {
      if (isChanged) draft.become(file, indexContent(owner, merged(), Object.fromEntries(notes)));
      else draft.discard();
    },
  };
}

interface Index {
  readonly files: FileColumns;
  readonly notes: Readonly<Record<string, unknown>>;
}

/** A line with the checksum of all that follows; a line of JSON; identities, digests, a line with the names of each folder, and notes, one after another. */
function indexContent(owner: CacheOwner, files: readonly FileColumns[], notes: Readonly<Record<string, unknown>>): readonly Uint8Array[] {
  const named = files.map(({ folders }) => Buffer.from(folders.map((folder) => `${lineOf(folder)}\n`).join('')));
  const count = files.reduce((sum, columns) => sum + countOf(columns), 0);
  const header = JSON.stringify({ ...ownership(owner), files: count, named: named.reduce((sum, { length }) => sum + length, 0) });
  // Numbers begin at a multiple of their size.
  const filling = ' '.repeat((8 - ((sumLength + header.length + 1) % 8)) % 8);
  const parts = [
    Buffer.from(`${header}${filling}\n`),
    ...files.map(({ identities }) => new Uint8Array(identities.buffer, identities.byteOffset, identities.byteLength)),
    ...files.map(({ digests }) => digests),
    ...named,
    Buffer.from(JSON.stringify(notes)),
  ];
  return [Buffer.from(`${checksumOf(parts)}\n`), ...parts];
}

/** No name of an input has a NUL or a line feed. */
function lineOf({ folder, count, joined }: FolderNames): string {
  return `${folder}\0${count}\0${joined}`;
}

function folderIn(line: string): FolderNames {
  const [folder = '', count = '', joined = ''] = line.split('\0');
  return { folder, count: Number(count), joined };
}

/** The checksum and the end of its line. */
const sumLength = 65;

/** Undefined for one that is damaged, or another's. */
function readIndex(file: string, owner: CacheOwner): Index | undefined {
  const content = readOwnFile(file);
  if (content === undefined || content[sumLength - 1] !== 0x0a) return undefined;
  if (content.toString('latin1', 0, sumLength - 1) !== checksumOf([content.subarray(sumLength)])) return undefined;
  const end = content.indexOf(0x0a, sumLength);
  const { files, named, ...owned } = headerOf(content.toString('utf8', sumLength, end));
  if (JSON.stringify(owned) !== JSON.stringify(ownership(owner))) return undefined;
  const count = Number(files);
  const digestsAt = end + 1 + count * identityLength * 8;
  const namesAt = digestsAt + count * digestLength;
  const notesAt = namesAt + Number(named);
  return {
    files: {
      folders: content
        .toString('utf8', namesAt, notesAt)
        .split('\n')
        .slice(0, -1)
        .map((line) => folderIn(line)),
      identities: new Float64Array(content.buffer, content.byteOffset + end + 1, count * identityLength),
      digests: content.subarray(digestsAt, namesAt),
    },
    notes: headerOf(content.toString('utf8', notesAt)),
  };
}

function checksumOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
