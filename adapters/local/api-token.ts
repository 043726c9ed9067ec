import { timingSafeEqual } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';

import { digestOf } from '../../core/digest.ts';
import { FailureError } from '../../core/failure-error.ts';
import { makeFolder, writeDraft } from './atomic-file.ts';
import { errorCode } from './system-error.ts';

/**
 * The token that lets requests into `serve`, from its file; made where there is none yet, with mode 600.
 *
 * @param random bytes for a new one.
 * @param own the user that it has to belong to; undefined where the system knows none.
 * @throws FailureError API_REFUSED for a file that others could read or have made: nobody may learn the token from it or give us theirs.
 */
export async function apiToken(
  file: string,
  random: (count: number) => Uint8Array,
  own: number | undefined = process.getuid?.(),
): Promise<string> {
  await makeFolder(path.dirname(file));
  const status = await lstat(file).catch((cause: unknown) => {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw cause;
  });
  if (status === undefined) {
    const draft = await writeDraft(path.dirname(file), Buffer.from(`${Buffer.from(random(32)).toString('base64url')}\n`), 0o600);
    try {
      // Where somebody else makes one at the same time, the first stands.
      draft.create(file);
    } finally {
      await draft.discard();
    }
    return apiToken(file, random, own);
  }
  if (!status.isFile() || (status.mode & 0o077) !== 0 || (own !== undefined && status.uid !== own)) {
    throw new FailureError({
      rule: 'API_REFUSED',
      message: `${file} is not a plain file of this user that nobody else can read (mode ${(status.mode & 0o777).toString(8)})`,
      remedy: 'remove it, and another is made; whoever has the old token has to be given the new one',
    });
  }
  const token = (await readFile(file, 'utf8')).trim();
  if (/^[\x21-\x7e]{32,512}$/.test(token)) return token;
  throw new FailureError({
    rule: 'API_REFUSED',
    message: `${file} holds no token: 32 to 512 printable characters without blanks`,
    remedy: 'remove it, and another is made',
  });
}

/** Whether a header says the token; takes as long whatever it says. */
export function showsToken(authorization: string | undefined, token: string): boolean {
  const [said, meant] = [authorization ?? '', `Bearer ${token}`].map((text) => Buffer.from(digestOf(text)));
  return said !== undefined && meant !== undefined && timingSafeEqual(said, meant);
}
