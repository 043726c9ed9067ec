import { type Outcome } from '../../../core/failure.ts';

/**
 * What discovery asks of the image repository's files. Paths are below its root with `/`, '' is the root; `where` says
 * what names the path, for the message of a failure. Links are followed as long as they stay inside; one that leaves is
 * PATH_OUTSIDE, what is neither file nor folder or cannot be read is INPUT_UNREADABLE.
 */
export interface RepositoryFiles {
  typeOf(path: string, where: string): Outcome<'file' | 'folder' | 'absent'>;
  /** The names in a folder, sorted in code units. */
  namesIn(folder: string, where: string): Outcome<readonly string[]>;
  /** A whole file, of at most `limit` bytes. */
  read(path: string, where: string, limit: number): Outcome<Uint8Array>;
  /** The files below a folder that fit a pattern, relative to the folder and sorted; undefined where it cannot be read. */
  filesIn(folder: string, pattern: string): readonly string[] | undefined;
  /** The existing name that is most like a path that is not there; undefined where none is near. */
  nearest(path: string): string | undefined;
}
