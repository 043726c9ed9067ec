import { type RunId } from '../identity.ts';

/** What every key begins with, in order. What lies elsewhere below the home folder is no object: the records' database, for instance. */
export const keyPrefixes = ['artifacts/', 'control/', 'diag/', 'incoming/', 'state/packer/'] as const;

/** S3 takes keys of up to 1024 bytes. */
const longestKey = 1024;

/**
 * One part of a key. The first character is no dot, so `.` and `..` are none, and names that begin with a dot are
 * free for what must never be taken for an object. 255 bytes is what file systems take.
 */
const keySegment = /^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,254}$/;

/** Whether a name can be one part of a key, between two `/`. */
export function isKeySegment(name: string): boolean {
  return keySegment.test(name);
}

/** Why a text can be no key, on either home; undefined where it can. */
export function keyProblem(key: string): string | undefined {
  if (key.length > longestKey) return `it is longer than ${longestKey} characters`;
  const prefix = keyPrefixes.find((known) => key.startsWith(known));
  if (prefix === undefined) return `it begins with none of ${keyPrefixes.join(' ')}`;
  const wrong = key.split('/').find((segment) => !isKeySegment(segment));
  return wrong === undefined
    ? undefined
    : `${JSON.stringify(wrong)} can be no part of a key: those are of A-Z a-z 0-9 . _ : -, begin with no dot and have 1 to 255 characters`;
}

/** @throws TypeError where the text can be no key: keys come from `keys`, so that is a bug or hostile. */
export function assertKey(key: string): void {
  const problem = keyProblem(key);
  if (problem !== undefined) throw new TypeError(`not the key of an object: ${JSON.stringify(key.slice(0, longestKey))}: ${problem}`);
}

/** @throws TypeError where a run may hand nothing over under the key: it lies elsewhere than below `incoming/<run>/`. */
export function assertHandoverKey(key: string, run: RunId): void {
  assertKey(key);
  const folder = `incoming/${run}/`;
  if (!key.startsWith(folder)) throw new TypeError(`nothing is handed over under ${JSON.stringify(key)}, which is not below ${folder}`);
}

/** @throws RangeError where that is no limit for a read, in bytes: a bug of the caller. */
export function assertReadLimit(bytes: number): void {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`a read takes a limit of 0 or more bytes, not ${bytes}`);
}
