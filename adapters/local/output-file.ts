import { realpath, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { keyPrefixes } from '../../core/contract/object-key.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { explained } from './file-failure.ts';
import { databaseOfHome } from './object-folder.ts';
import { errorCode, isAbsence } from './system-error.ts';

/** A file that a person named for a command to write, found fit for it. */
export interface OutputFile {
  /** Writes it whole or not at all, in place of what stood there. Into a pipe or a device it writes as it comes. */
  write(content: Uint8Array | string): Promise<Outcome<void>>;
}

/** The folders of a home that are this program's alone. */
const foldersOfHome: ReadonlySet<string> = new Set(keyPrefixes.map((prefix) => prefix.slice(0, prefix.indexOf('/'))));

/** What a person can mend by naming another file. */
const refusals: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system there is read-only',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
};

/**
 * Looks at a file that an option names, before anything is written: its folder is there, it is no folder itself, and it is, by
 * its real path, nothing in a home, whose objects are sealed, locked and recorded.
 *
 * @param option as it was typed: `--output`.
 * @param file what it names, relative to `folder`.
 */
export async function outputFile(option: string, file: string, folder: string): Promise<Outcome<OutputFile>> {
  const named = `${option} ${JSON.stringify(file)}`;
  const target = path.resolve(folder, file);
  try {
    const standing = await kindOf(target);
    // Such a name may be a slip for a file in it.
    if (standing === 'folder' || /[/\\]$/.test(file)) return failure('USAGE', `${named} is a folder`, 'name a file in it');
    if (standing === 'no-file') return success({ write: (content) => written(named, () => writeFile(target, content)) });
    const place = standing === 'file' ? await realpath(target) : path.join(await realpath(path.dirname(target)), path.basename(target));
    const home = await homeAround(place);
    if (home !== undefined)
      return failure(
        'USAGE',
        `${named} lies among what hybridcore-packer keeps in the home ${home}: ${path.relative(home, place)}`,
        `name a file outside of ${[...foldersOfHome].map((name) => `${name}/`).join(', ')} of that home`,
      );
    return success({ write: (content) => written(named, () => writeFileAtomically(place, content)) });
  } catch (error) {
    if (isAbsence(error))
      return failure(
        'USAGE',
        `${named} cannot be written: there is no folder ${path.dirname(target)}`,
        'make that folder, or name a file in another',
      );
    return refused(named, error);
  }
}

async function written(named: string, write: () => Promise<void>): Promise<Outcome<void>> {
  try {
    return success(await explained(named, write));
  } catch (error) {
    return refused(named, error instanceof Error && error.cause !== undefined ? error.cause : error, error);
  }
}

/** @throws what is no fault of whoever named the file: a full disk. */
function refused(named: string, error: unknown, thrown = error): Outcome<never> {
  const why = refusals[errorCode(error) ?? ''];
  if (why === undefined) throw thrown;
  return failure('USAGE', `${named} cannot be written: ${why}`, 'name a file that can be written');
}

/** What stands there, links followed; `no-file` is a pipe or a device. */
async function kindOf(target: string): Promise<'file' | 'folder' | 'no-file' | 'absent'> {
  try {
    const status = await stat(target);
    return status.isDirectory() ? 'folder' : status.isFile() ? 'file' : 'no-file';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent';
    throw error;
  }
}

/** The home among whose own folders a place lies, or is one; undefined where it does not. */
async function homeAround(place: string): Promise<string | undefined> {
  for (let folder = place; ; folder = path.dirname(folder)) {
    const home = path.dirname(folder);
    if (home === folder) return undefined;
    if (foldersOfHome.has(path.basename(folder)) && (await kindOf(path.join(home, databaseOfHome)).catch(() => 'absent')) === 'file')
      return home;
  }
}
