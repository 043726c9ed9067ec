import { lstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where the program lies in pieces; the bundle is one file. */
const ownSource = 'program-identity.ts';
const sources = ['core', 'adapters', 'cli'] as const;

/**
 * Names the very program that runs by the state of its files: another version, and the same one with a line changed, has
 * another name. What is kept of answers is kept under it, so no answer outlives the program that found it.
 */
export function programIdentity(): string {
  const own = import.meta.filename;
  const files = own.endsWith(ownSource) ? sourceFiles(resolve(own, '..', '..')) : [own];
  let newest = 0;
  let sizes = 0;
  for (const file of files) {
    const status = lstatSync(file);
    newest = Math.max(newest, status.ctimeMs);
    sizes += status.size;
  }
  return `${files.length} files, ${sizes} bytes, changed ${newest}`;
}

function sourceFiles(root: string): readonly string[] {
  const files = sources.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)),
  );
  return [...files.filter((file) => file.endsWith('.ts')), join(root, 'package-lock.json')];
}
