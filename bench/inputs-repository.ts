import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An image repository to measure: its files' names below the root, and how many bytes they have together. */
export interface BenchRepository {
  readonly root: string;
  readonly names: readonly string[];
  readonly bytes: number;
}

const template = `source "null" "x" {
  communicator = "none"
}
build {
  sources = ["source.null.x"]
}
`;

const config = `version: 1
builders:
  image:
    template: image.pkr.hcl
    inputs:
      configs: ["files/**"]
`;

/** Writes a repository of so many files of about `size` bytes each (never two alike), in so many folders. */
export async function makeRepository(
  root: string,
  { files, folders, size }: { files: number; folders: number; size: number },
): Promise<BenchRepository> {
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  await writeFile(join(root, 'hybridcore.yaml'), config);
  await writeFile(join(root, 'image.pkr.hcl'), template);
  const names: string[] = [];
  let bytes = 0;
  const spread = Math.min(4000, size / 2);
  const content = randomBytes(size + spread);
  for (let at = 0; at < files; at += 1) {
    const folder = `files/folder-${String(at % folders).padStart(4, '0')}`;
    if (at < folders) await mkdir(join(root, folder), { recursive: true });
    content.writeUInt32LE(at, 0);
    const length = Math.floor(size - spread / 2 + ((at * 37) % Math.max(1, spread)));
    const name = `${folder}/file-${at}.conf`;
    await writeFile(join(root, name), content.subarray(0, length));
    names.push(name);
    bytes += length;
  }
  return { root, names, bytes };
}
