import { type Stats, lstatSync, readFileSync, realpathSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

import { openDraft } from './cache-draft.ts';
import { type CacheOwner, headerOf, inputsCacheFolder, ownership, readOwnFile } from './cache-owner.ts';
import { type FileIdentity, hasIdentity, identityLength, identityOf } from './file-identity.ts';
import { type Sightings } from './input-sightings.ts';

/** What an answer about the inputs rests on, in numbers. */
export interface Grounds {
  /** The real root of the repository. */
  readonly root: string;
  readonly sightings: Sightings;
  /** The names of the files among the inputs. */
  readonly names: Iterable<string>;
  /** A moment before anything was looked at, and the device whose time it is. */
  readonly begun: { readonly device: number; readonly time: number };
  /** Of a file that was read, or found unchanged, since then. */
  readonly identityOf: (name: string) => FileIdentity | undefined;
  /** How many files were read to be hashed. */
  readonly read: number;
}

/** An answer as it was printed. */
export interface KeptAnswer {
  readonly text: Uint8Array;
  readonly exitCode: number;
}

/** The same as it was printed, part by part. */
export interface PrintedAnswer {
  readonly text: readonly Uint8Array[];
  readonly exitCode: number;
}

/** What was asked: whose repository it is, which file configures it, and in which words. */
export interface Asked extends CacheOwner {
  /** Absolute. */
  readonly config: string;
  readonly words: readonly string[];
  /** The answer's place within the cache: letters, digits and `-`. */
  readonly name: string;
}

/**
 * Keeps an answer with all that it rests on, so that the same words get it again without anything being read or parsed,
 * as long as nothing of that changed. Where one thing may have changed since the answer began, it is not kept.
 */
export function keepAnswer(home: string, asked: Asked, grounds: Grounds, configText: string, answer: PrintedAnswer): void {
  if (!keepsFolderTimes(grounds.root)) return;
  const basis = basisOf(asked, grounds, configText);
  if (basis === undefined) return;
  const { kept, folders, absent, links } = basis;
  const identities = new Float64Array((kept.size + links.size + 1) * identityLength);
  for (const [at, identity] of [basis.config, ...kept.values(), ...[...links.values()].map((link) => link.identity)].entries())
    identities.set(identity, at * identityLength);
  const targets = [...links.values()].map(({ target }) => target);
  const names = Buffer.from([...kept.keys(), ...links.keys(), ...targets, ...folders, ...absent].join('\0'));
  const counts = { kept: kept.size, links: links.size, folders: folders.size, absent: absent.size };
  const header = {
    ...ownership(asked),
    config: asked.config,
    words: asked.words,
    exitCode: answer.exitCode,
    ...counts,
    names: names.length,
  };
  const line = JSON.stringify(header);
  // Numbers begin at a multiple of their size.
  const padded = Buffer.from(line);
  const filling = ' '.repeat((8 - ((padded.length + 1) % 8)) % 8);
  const body = [padded, Buffer.from(`${filling}\n`), Buffer.from(identities.buffer), names, ...answer.text];
  const file = fileOf(home, asked.name);
  openDraft(home)?.become(file, [Buffer.from(`${sumOf(body)}\n`), ...body]);
}

/** The answer to the same words, where everything that it rests on is as it was; else undefined. */
export function recallAnswer(home: string, asked: Asked): KeptAnswer | undefined {
  const content = readOwnFile(fileOf(home, asked.name));
  if (content === undefined || content.length < sumLength || content[sumLength - 1] !== 0x0a) return undefined;
  const body = content.subarray(sumLength);
  if (content.toString('latin1', 0, sumLength - 1) !== sumOf([body])) return undefined;
  const end = body.indexOf(0x0a) + 1;
  const { exitCode, kept, links, folders, absent, names: length, ...owned } = headerOf(body.toString('utf8', 0, end));
  if (JSON.stringify(owned) !== JSON.stringify({ ...ownership(asked), config: asked.config, words: asked.words })) return undefined;
  const [keptCount = 0, linkCount = 0, folderCount = 0, absentCount = 0] = [kept, links, folders, absent].map(Number);
  const namesAt = end + (keptCount + linkCount + 1) * identityLength * 8;
  const textAt = namesAt + Number(length);
  const workingFolder = process.cwd();
  try {
    if (!hasIdentity(lstatSync(asked.config), new Float64Array(content.buffer, body.byteOffset + end, identityLength), 0)) return undefined;
    const identities = new Float64Array(
      content.buffer,
      body.byteOffset + end + identityLength * 8,
      (keptCount + linkCount) * identityLength,
    );
    const names = body.toString('utf8', namesAt, textAt).split('\0');
    const [linksAt, targetsAt, foldersAt] = [keptCount, keptCount + linkCount, keptCount + linkCount * 2];
    const absentAt = foldersAt + folderCount;
    // The way to the root is gone once, and not for each of ten thousand files.
    process.chdir(asked.root);
    for (let at = 0; at < targetsAt; at += 1)
      if (!hasIdentity(lstatSync(names[at] || '.'), identities, at * identityLength)) return undefined;
    for (let at = linksAt; at < targetsAt; at += 1) if (realpathSync.native(names[at] ?? '') !== names[at + linkCount]) return undefined;
    for (let at = foldersAt; at < absentAt; at += 1) if (!lstatSync(names[at] || '.').isDirectory()) return undefined;
    for (let at = absentAt; at < absentAt + absentCount; at += 1) if (statusOf(names[at] || '.') !== undefined) return undefined;
  } catch {
    return undefined;
  } finally {
    process.chdir(workingFolder);
  }
  return { text: body.subarray(textAt), exitCode: Number(exitCode) };
}

interface Basis {
  readonly config: FileIdentity;
  /** Files, and folders whose names were listed: they are to be in the very same state. */
  readonly kept: Map<string, FileIdentity>;
  /** These are to be links in the same state, and to lead to the same absolute path. */
  readonly links: Map<string, { readonly identity: FileIdentity; readonly target: string }>;
  /** These are to be folders, and no links. */
  readonly folders: Set<string>;
  /** Nothing is to be there. */
  readonly absent: Set<string>;
}

/** Undefined where something changed, or may have, since the answer was begun. */
function basisOf(
  asked: Asked,
  { root, sightings, names, begun, identityOf: knownIdentity }: Grounds,
  configText: string,
): Basis | undefined {
  const isStill = ([device, , , , , changed]: FileIdentity): boolean => device === begun.device && changed < begun.time;
  const basis: Omit<Basis, 'config'> = { kept: new Map(), links: new Map(), folders: new Set(), absent: new Set() };
  const open = [...sightings.looked, ...sightings.listed, ...names];
  const done = new Set<string>();
  try {
    const config = lstatSync(asked.config);
    // What was parsed was read before the answer was begun: it must be what stands there now.
    if (!config.isFile() || !isStill(identityOf(config)) || readFileSync(asked.config, 'utf8') !== configText) return undefined;
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (done.has(path)) continue;
      done.add(path);
      for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
        const folder = path.slice(0, slash);
        if (done.has(folder)) break;
        open.push(folder);
      }
      const known = knownIdentity(path);
      if (known !== undefined) {
        basis.kept.set(path, known);
        continue;
      }
      const status = statusOf(`${root}/${path}`);
      if (status === undefined) {
        basis.absent.add(path);
        // That it is absent now says nothing of before, unless its folder did not change.
        const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
        const above = statusOf(`${root}/${folder}`);
        if (above !== undefined && !isStill(identityOf(above))) return undefined;
        continue;
      }
      if (status.isDirectory() && !sightings.listed.has(path)) {
        basis.folders.add(path);
        continue;
      }
      const identity = identityOf(status);
      if (!isStill(identity)) return undefined;
      if (status.isSymbolicLink()) {
        const target = realpathSync.native(`${root}/${path}`);
        if (target !== root && !target.startsWith(`${root}/`)) return undefined;
        basis.links.set(path, { identity, target });
        open.push(target.slice(root.length + 1));
      } else if (status.isDirectory() || status.isFile()) basis.kept.set(path, identity);
      else return undefined;
    }
    return { ...basis, config: identityOf(config) };
  } catch {
    return undefined;
  }
}

/** Where a folder's times change with the names in it, as `statfs(2)` numbers file systems; not all keep to that. */
const folderTimesKept: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext2, ext3, ext4'],
  [0x58465342, 'XFS'],
  [0x9123683e, 'Btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
  [0x2fc12fc1, 'ZFS'],
  [0xf2f52010, 'F2FS'],
]);

function keepsFolderTimes(folder: string): boolean {
  return process.platform === 'linux' && folderTimesKept.has(statfsSync(folder).type);
}

/** Undefined where nothing is. */
function statusOf(file: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function fileOf(home: string, name: string): string {
  return join(home, inputsCacheFolder, `${name}.answer`);
}

/** Of a sum: eight hex digits, filled up so that numbers after it are where they may be, and the end of the line. */
const sumLength = 16;

/**
 * Tells of damage, not of intent; `node:crypto` would take longer to load than all that is summed up. Also `node:zlib` is
 * loaded where there is something to sum up, and not before.
 */
function sumOf(parts: readonly Uint8Array[]): string {
  const { crc32 } = process.getBuiltinModule('node:zlib');
  return parts
    .reduce((sum, part) => crc32(part, sum), 0)
    .toString(16)
    .padStart(8, '0')
    .padEnd(sumLength - 1, '.');
}
