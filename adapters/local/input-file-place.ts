import { isUtf8 } from 'node:buffer';
import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join, posix, relative, resolve } from 'node:path';

import { type Failure, type Outcome, failure, success } from '../../core/failure.ts';
import { errorCode } from './system-error.ts';

/** What stands at a path of the repository. */
export type InputPlace =
  | { readonly type: 'absent' }
  /** `file` is the absolute path of what stands there in the end, with all links followed. */
  | { readonly type: 'file' | 'folder'; readonly file: string; readonly status: BigIntStats; readonly link: string | undefined };

/** The real path of a repository's root: what every other real path is held against. */
export function realRoot(root: string): string {
  return realpathSync.native(root);
}

/**
 * Looks what stands at `path` below the real root, without opening it. `link` is the target's path where a link stands
 * there. PATH_OUTSIDE where a link on the way leads out of the repository, INPUT_UNREADABLE for what is neither file
 * nor folder, a link that leads nowhere or in a circle, and what may not be looked at, INPUT_NAME where the path, or one
 * that a link leads to, is not UTF-8, STORAGE where the machine is at fault. `where` says what names the path.
 */
export function lookAt(root: string, path: string, where: string): Outcome<InputPlace> {
  const named = join(root, path);
  if (!isWholeBelow(root, path)) return nameFailure(path, where);
  try {
    const own = lstatSync(named, { bigint: true, throwIfNoEntry: false });
    if (own === undefined) return success({ type: 'absent' });
    const link = own.isSymbolicLink() ? readlinkSync(named) : undefined;
    if (link !== undefined && !isWhole(link) && !isUtf8(readlinkSync(named, 'buffer'))) return linkNameFailure(path, where, link);
    const file = realpathSync.native(named);
    // A link on the way may have led there; what Node gives for it is the path of another file, or of none.
    if (!isWhole(file) && !isUtf8(realpathSync.native(named, 'buffer'))) return linkNameFailure(path, where, file);
    if (pathBelow(root, file) === undefined) return outside(path, where);
    const status = link === undefined ? own : statSync(file, { bigint: true });
    if (status.isFile()) return success({ type: 'file', file, status, link });
    if (status.isDirectory()) return success({ type: 'folder', file, status, link });
    return unreadable(path, where, `it is ${specialType(status)}, neither a file nor a folder`);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOTDIR') return success({ type: 'absent' });
    if (code === 'ENOENT') return danglingLink(root, path, where);
    return notRead(path, where, error);
  }
}

/** The path below the real root of an absolute real path, with `/`; '' for the root, undefined where it is outside. */
export function pathBelow(root: string, file: string): string | undefined {
  const below = relative(root, file);
  return below === '..' || below.startsWith('../') || posix.isAbsolute(below) ? undefined : below;
}

/**
 * Whether Node certainly gives a name as it is: for bytes that are not UTF-8 it gives U+FFFD, by which no file is found,
 * or another one; two such names read the same. A NUL ends a path for the system.
 */
export function isWhole(name: string): boolean {
  return !/[\0\uFFFD]/.test(name);
}

/** The same of a path below the real root, where the bytes of the names in its folders can be asked. */
export function isWholeBelow(root: string, path: string): boolean {
  if (isWhole(path)) return true;
  if (path.includes('\0')) return false;
  const segments = path.split('/');
  return segments.every((segment, at) => isWhole(segment) || isNameOfOne(join(root, ...segments.slice(0, at)), segment));
}

/** Whether no name in the folder reads like this one without being it. */
function isNameOfOne(folder: string, name: string): boolean {
  try {
    return readdirSync(folder, 'buffer').every((bytes) => isUtf8(bytes) || bytes.toString() !== name);
  } catch (error) {
    // Whoever looks at the path itself tells of it.
    if (errorCode(error) === undefined) throw error;
    return true;
  }
}

/** The failure for a name that is not whole. */
export function nameFailure(name: string, where: string): { readonly ok: false; readonly failure: Failure } {
  const why = name.includes('\0') ? 'has a NUL, which no file system takes' : 'is not UTF-8';
  return failure(
    'INPUT_NAME',
    `the name ${JSON.stringify(name)}, found by ${where}, ${why}`,
    'rename the file, or leave it out of the inputs',
  );
}

/** The failure for a file that cannot be taken as an input, and why. */
export function unreadable(path: string, where: string, why: string): { readonly ok: false; readonly failure: Failure } {
  return failure(
    'INPUT_UNREADABLE',
    `${JSON.stringify(path)}, named by ${where}, cannot be read: ${why}`,
    'mend the file, or what names it',
  );
}

/**
 * The failure for a system error that came of reading: INPUT_UNREADABLE, or STORAGE where it is no fault of the repository
 * and may be gone the next time. @throws what is no system error: that is a bug.
 */
export function notRead(path: string, where: string, error: unknown): { readonly ok: false; readonly failure: Failure } {
  const why = reasonOf(error);
  if (!faultsOfTheMachine.has(errorCode(error) ?? '')) return unreadable(path, where, why);
  return failure(
    'STORAGE',
    `${JSON.stringify(path)}, named by ${where}, cannot be read: ${why}`,
    'see whether the disk, its mount and the memory of the machine are well, and how many files a process may open; then ask again',
  );
}

const faultsOfTheMachine: ReadonlySet<string> = new Set(['EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOTCONN', 'ESTALE', 'ETIMEDOUT']);

/** A system error in plain words. @throws what is no system error: that is a bug. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error);
  if (code === undefined) throw error;
  return reasons.get(code) ?? `the system says ${code}`;
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'there is no permission'],
  ['EPERM', 'there is no permission'],
  ['ELOOP', 'its links go in a circle'],
  ['ENOENT', 'it is not there (any more)'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['ENXIO', 'it is a socket, a FIFO or a device'],
]);

function danglingLink(root: string, path: string, where: string): Outcome<never> {
  const named = join(root, path);
  try {
    const target = resolve(named, '..', readlinkSync(named));
    return pathBelow(root, target) === undefined ? outside(path, where) : unreadable(path, where, 'it is a link that leads nowhere');
  } catch {
    return unreadable(path, where, 'it vanished while it was looked at');
  }
}

function linkNameFailure(path: string, where: string, target: string): Outcome<never> {
  return failure(
    'INPUT_NAME',
    `${JSON.stringify(path)}, named by ${where}, is a link to ${JSON.stringify(target)}, or lies behind one: that name is not UTF-8`,
    'rename what the link leads to, or leave the link out of the inputs',
  );
}

function outside(path: string, where: string): Outcome<never> {
  return failure(
    'PATH_OUTSIDE',
    `${JSON.stringify(path)}, named by ${where}, leads out of the repository through a link`,
    'put the file itself into the repository, or leave the link out under inputs.exclude',
  );
}

function specialType(status: BigIntStats): string {
  if (status.isFIFO()) return 'a FIFO';
  return status.isSocket() ? 'a socket' : 'a device';
}
