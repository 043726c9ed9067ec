import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { Build } from '../../core/build.ts';
import { BuilderRecord } from '../../core/builder-record.ts';
import { HashManifest } from '../../core/hash-manifest.ts';
import { BuildId } from '../../core/identity.ts';
import * as z from '../../core/zod.ts';

/** A line of `state/packer/notices.jsonl`. */
const StoredNotice = z.object({ key: z.string(), builder: z.string(), build: BuildId, subject: z.string(), message: z.string() });

/** All that a home holds, read past the program: the records from SQLite, the objects from their files. */
export interface Remains {
  readonly builds: readonly Build[];
  readonly builders: readonly BuilderRecord[];
  /** How many rows say of themselves that they are open. */
  readonly openRows: number;
  /** The sealed manifests of a builder, in their order. */
  readonly chain: (builder: string) => Promise<readonly HashManifest[]>;
  readonly notices: readonly z.infer<typeof StoredNotice>[];
  /** Files below the home, relative to it. */
  readonly files: readonly string[];
}

export async function readRemains(home: string): Promise<Remains> {
  const database = new DatabaseSync(join(home, 'state', 'hybridcore.db'), { readOnly: true });
  const documents = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row): unknown => JSON.parse(String(row['document'])));
  try {
    return {
      builds: documents('SELECT document FROM builds ORDER BY build_id').map((document) => Build.parse(document)),
      builders: documents('SELECT document FROM builders ORDER BY builder').map((document) => BuilderRecord.parse(document)),
      openRows: Number(database.prepare('SELECT count(*) AS rows FROM builds WHERE open = 1').get()?.['rows']),
      chain: (builder) => chainOf(home, builder),
      notices: (await readFile(join(home, 'state', 'packer', 'notices.jsonl'), 'utf8')).split('\n').flatMap(noticeOf),
      files: await readdir(home, { recursive: true }),
    };
  } finally {
    database.close();
  }
}

/** A line that a kill tore is no notice: it was told, and is told again. */
function noticeOf(line: string): readonly z.infer<typeof StoredNotice>[] {
  try {
    return [StoredNotice.parse(JSON.parse(line))];
  } catch (cause) {
    if (cause instanceof SyntaxError) return [];
    throw cause;
  }
}

async function chainOf(home: string, builder: string): Promise<readonly HashManifest[]> {
  const folder = join(home, 'artifacts', builder);
  const names = (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.'));
  const manifests = await Promise.all(
    names.map(async (name) => {
      const manifest = HashManifest.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
      if (name !== `${manifest.build_id}.hash.json`) throw new Error(`${name} is the manifest of ${manifest.build_id}`);
      return manifest;
    }),
  );
  return manifests.sort((a, b) => a.sequence - b.sequence);
}

/** What killed writers left half-written, with the number of the process that did. */
export function draftsIn(files: readonly string[]): readonly { readonly file: string; readonly pid: number }[] {
  return files.flatMap((file) => {
    const pid = /^\.hybridcore-(\d+)-\d+\.tmp$/.exec(basename(file))?.[1];
    return pid === undefined ? [] : [{ file, pid: Number(pid) }];
  });
}

/** Command lines of living processes that name this folder. */
export function processesNaming(folder: string): readonly string[] {
  return execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder));
}
