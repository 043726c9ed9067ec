import { type Digest } from '../digest.ts';
import { type ScrubbedFile } from './scrub-manifest.ts';

/** The file in a scrub manifest that stands for the log as it was sealed: after the hook on the dispatcher's side. */
export const receivedLogFile = 'packer.log, on receipt';

/** The digest of the text of the log that was sealed; undefined where none was. What the attempt itself says of its files stands before it. */
export function receivedLogDigest({
  files,
}: {
  readonly files: readonly Pick<ScrubbedFile, 'file' | 'digest_after'>[];
}): Digest | undefined {
  return files.findLast(({ file }) => file === receivedLogFile)?.digest_after;
}
