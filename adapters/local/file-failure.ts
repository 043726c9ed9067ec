import { FailureError } from '../../core/failure-error.ts';
import { errorCode } from './system-error.ts';

const reasons: Readonly<Record<string, { readonly what: string; readonly remedy: string }>> = {
  ENOSPC: { what: 'the disk is full', remedy: 'make room, and try again' },
  EDQUOT: { what: "the user's share of the disk is full", remedy: 'make room, and try again' },
  EFBIG: {
    what: 'it is larger than the system lets this process write',
    remedy: 'raise the limit for file sizes (ulimit -f), and try again',
  },
  EACCES: { what: 'this user may not', remedy: 'give this user the right to read and write everything below the home' },
  EPERM: {
    what: 'the system does not permit it',
    remedy: 'put the home where this user may write and files can have hard links, with --home',
  },
  EROFS: { what: 'the file system is read-only', remedy: 'put the home where it can be written, with --home' },
  EXDEV: {
    what: 'a folder on the way is another file system',
    remedy: 'mount one file system for the whole home, or for the whole of artifacts, diag, incoming, control or state/packer',
  },
  ENOTSUP: { what: 'the file system has no hard links', remedy: 'put the home on a file system that has them, with --home' },
};

/** Errors of the file system in a person's words, with what they befell; any other as it is. */
export async function explained<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || code.startsWith('ERR_')) throw error;
    throw unusable(subject, reasons[code]?.what ?? code, reasons[code]?.remedy, error);
  }
}

/** What could not be read or written, and why, as a failure to throw. */
export function unusable(
  subject: string,
  what: string,
  remedy = 'look at what stands there below the home folder, and try again',
  cause?: unknown,
): FailureError {
  return new FailureError({ rule: 'STORAGE', message: `${subject} could not be read or written: ${what}`, remedy }, { cause });
}
