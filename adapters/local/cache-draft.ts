import { closeSync, constants, lstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { inputsCacheFolder } from './cache-owner.ts';

/** A new file in the cache, which gets its name or is removed. */
export interface CacheDraft {
  readonly descriptor: number;
  /** Takes the place of what stood there: whoever reads meanwhile has the old bytes or the new ones. What cannot be written is not kept. */
  become(file: string, content: readonly Uint8Array[]): void;
  discard(): void;
}

let drafts = 0;

/** In the cache of a home. Undefined where nothing can be written, or the way there leads out of the home. */
export function openDraft(home: string): CacheDraft | undefined {
  const folder = join(home, inputsCacheFolder);
  drafts += 1;
  // The time keeps it apart from what a killed process of the same number left.
  const name = join(folder, `.hybridcore-${process.pid}-${Date.now()}${drafts}.tmp`);
  let descriptor: number;
  try {
    // A repository that somebody sent may hold such a link.
    if (isLink(folder) || isLink(dirname(folder))) return undefined;
    mkdirSync(folder, { recursive: true });
    descriptor = openSync(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  } catch {
    return undefined;
  }
  return {
    descriptor,
    discard() {
      closeSync(descriptor);
      rmSync(name, { force: true });
    },
    become(file, content) {
      // Not synced: of a file that a power cut left half written its checksum tells.
      try {
        for (const part of content) for (let at = 0; at < part.length;) at += writeSync(descriptor, part, at);
        renameSync(name, file);
      } catch {
        rmSync(name, { force: true });
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
