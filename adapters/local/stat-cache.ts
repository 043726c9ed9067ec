import { createHash } from 'node:crypto';
import { type Stats, fstatSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { openDraft } from './cache-draft.ts';
import { type CacheOwner, headerOf, inputsCacheFolder, ownership, readOwnFile } from './cache-owner.ts';
import { type FileColumns, fileColumns } from './file-columns.ts';
import { type FileIdentity, hasIdentity, identityLength } from './file-identity.ts';

/** What was found out about the files of a repository, and is known again as long as they are as they were. */
export interface StatCache {
  /**
   * A moment before this run looked at anything, as the repository's file system tells the time. What was changed since
   * has a time that is not before it; so only what was changed before it can be kept, and a change in the same instant
   * is never missed.
   */
  readonly begun: { readonly device: number; readonly time: number };
  /** Whether the digest of a file was kept, in whatever state. */
  knows(name: string): boolean;
  /** The 64 hex digits of a file's digest, where its status is what it was. */
  digestOf(name: string, status: Stats): string | undefined;
  keep(name: string, hex: string, identity: FileIdentity): void;
  /** Of a file that was found unchanged in this run, or kept. */
  identityOf(name: string): FileIdentity | undefined;
  /** What was kept as JSON under a key. */
  note(key: string): unknown;
  keepNote(key: string, value: unknown): void;
  /** Writes what is new, whole or not at all; what cannot be written is not kept. */
  close(): void;
}

/** More than this is kept only of the run that found it. */
const mostNames = 250_000;
const mostNotes = 64;

/**
 * Opens the cache of the repository in its home. Undefined where none can be kept: the home cannot be written to, or is
 * not on the device of the repository, whose clock it could not tell then.
 */
export function openStatCache(home: string, owner: CacheOwner): StatCache | undefined {
  const draft = openDraft(join(home, inputsCacheFolder));
  if (draft === undefined) return undefined;
  const stamp = fstatSync(draft.descriptor);
  if (statSync(owner.root).dev !== stamp.dev) {
    draft.discard();
    return undefined;
  }
  const file = join(home, inputsCacheFolder, 'index');
  const { files: known, notes: keptNotes } = readIndex(file, owner) ?? { files: fileColumns(), notes: {} };
  const fresh = fileColumns();
  /** 1 for each known file that is as it was. */
  const unchanged = new Uint8Array(known.names.size);
  const notes = new Map<string, unknown>(Object.entries(keptNotes));
  let isChanged = false;
  return {
    begun: { device: stamp.dev, time: stamp.ctimeMs },
    knows: (name) => known.names.has(name),
    digestOf(name, status) {
      const at = known.names.get(name);
      if (at === undefined || !hasIdentity(status, known.identities(), at * identityLength)) return undefined;
      unchanged[at] = 1;
      return known.hexAt(at);
    },
    identityOf(name) {
      const found = fresh.names.get(name);
      if (found !== undefined) return fresh.identityAt(found);
      const at = known.names.get(name);
      return at !== undefined && unchanged[at] === 1 ? known.identityAt(at) : undefined;
    },
    keep(name, hex, identity) {
      const [device, , , , , changed] = identity;
      if (device !== stamp.dev || changed >= stamp.ctimeMs) return;
      fresh.set(name, hex, identity);
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
      if (!isChanged) {
        draft.discard();
        return;
      }
      const isAllFresh = known.names.size === 0 || known.names.size + fresh.names.size > mostNames;
      if (!isAllFresh) for (const [name, at] of fresh.names) known.set(name, fresh.hexAt(at), fresh.identityAt(at));
      draft.become(file, indexContent(owner, isAllFresh ? fresh : known, Object.fromEntries(notes)));
    },
  };
}

interface Index {
  readonly files: FileColumns;
  readonly notes: Readonly<Record<string, unknown>>;
}

/** A line with the checksum of all that follows; a line of JSON; identities, digests, names and notes, one after another. */
function indexContent(owner: CacheOwner, files: FileColumns, notes: Readonly<Record<string, unknown>>): readonly Uint8Array[] {
  const identities = files.identities();
  const named = Buffer.from([...files.names.keys()].join('\0'));
  const header = Buffer.from(`${JSON.stringify({ ...ownership(owner), files: files.names.size, named: named.length })}\n`);
  const numbers = new Uint8Array(identities.buffer, identities.byteOffset, identities.byteLength);
  const parts = [header, numbers, files.digests(), named, Buffer.from(JSON.stringify(notes))];
  return [Buffer.from(`${checksumOf(parts)}\n`), ...parts];
}

/** Undefined for one that is damaged, or another's. */
function readIndex(file: string, owner: CacheOwner): Index | undefined {
  const content = readOwnFile(file);
  if (content === undefined || content[64] !== 0x0a) return undefined;
  const body = content.subarray(65);
  if (content.toString('latin1', 0, 64) !== checksumOf([body])) return undefined;
  const end = body.indexOf(0x0a);
  const { files, named, ...owned } = headerOf(body.toString('utf8', 0, end));
  if (JSON.stringify(owned) !== JSON.stringify(ownership(owner))) return undefined;
  const count = Number(files);
  const digestsAt = end + 1 + count * identityLength * 8;
  const namesAt = digestsAt + count * 64;
  const notesAt = namesAt + Number(named);
  const identities = new Float64Array(new Uint8Array(body.subarray(end + 1, digestsAt)).buffer);
  const names = count === 0 ? [] : body.toString('utf8', namesAt, notesAt).split('\0');
  return {
    files: fileColumns({ names, identities, digests: body.subarray(digestsAt, namesAt) }),
    notes: headerOf(body.toString('utf8', notesAt)),
  };
}

function checksumOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
