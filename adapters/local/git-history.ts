import { type Digest, digestOf } from '../../core/digest.ts';
import { git } from './git.ts';

/** A file as it once was, by what a manifest says of it. */
export interface EarlierFile {
  /** Below the repository's root. */
  readonly name: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** How many commits of one file are looked at, the newest first. */
const mostCommits = 1000;

/**
 * Looks for the content that a file had in the history that git keeps of it, on any branch: manifests hold digests, not
 * content. Undefined where git does not have it (it was never committed, or git changed its line endings), and where there
 * is no git or no repository of it. Reads what is there and nothing from elsewhere.
 *
 * @param root the folder of `hybridcore.yaml`, which may be a folder within git's repository.
 */
export async function earlierContent(root: string, { name, digest, size }: EarlierFile): Promise<Uint8Array | undefined> {
  const log = await git(root, [
    'log',
    '--all',
    '--full-history',
    '--no-renames',
    '--raw',
    '--no-abbrev',
    '-m',
    '-z',
    '--format=',
    `--max-count=${mostCommits}`,
    '--',
    name,
  ]);
  const blobs = new Set(
    (log?.toString('latin1') ?? '')
      .match(/(?<=^|\0):\d{6} \d{6} [0-9a-f]{40,64} [0-9a-f]{40,64}/g)
      ?.flatMap((entry) => entry.split(' ').slice(2)),
  );
  for (const blob of blobs) {
    if (/^0+$/.test(blob)) continue;
    const own = await git(root, ['cat-file', '-s', blob]);
    if (Number(own?.toString('latin1')) !== size) continue;
    const content = await git(root, ['cat-file', 'blob', blob]);
    if (content !== undefined && digestOf(content) === digest) return content;
  }
  return undefined;
}
