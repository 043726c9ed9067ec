import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileObjects } from '../../../adapters/local/file-objects.ts';
import { handoverFolder } from '../../../adapters/local/handover-folder.ts';
import { openDatabase } from '../../../adapters/local/sqlite-database.ts';
import { keys } from '../../../core/contract/keys.ts';
import { handoverContract } from '../../contracts/handover.ts';
import { runNamed, someTime } from '../../fixtures/records.ts';

const temporaryFolder = async () => realpath(await mkdtemp(path.join(tmpdir(), 'handover-folder-')));

handoverContract('a folder', async () => {
  const home = await temporaryFolder();
  const objects = await fileObjects(home, await openDatabase(path.join(home, 'state', 'hybridcore.db')), () => someTime);
  return {
    of: (run) => handoverFolder(home, run),
    async read(key) {
      const read = await objects.read(key, { bytes: 100_000_000 });
      return read.state === 'read' ? read.content : undefined;
    },
    keys: async () => (await objects.list('', { limit: 1000 })).items,
    async remove() {
      objects.close();
      await rm(home, { recursive: true, force: true });
    },
  };
});

describe('what is handed over in a folder', () => {
  const run = runNamed('run:1');
  const at = keys.incoming(run);
  let home: string;
  beforeEach(async () => {
    home = await temporaryFolder();
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('is for its user alone, and nothing is left beside it', async () => {
    const handover = handoverFolder(home, run);
    const log = await handover.openLog(run);
    await log.write('a line\n');
    await log.close();
    await handover.put(at.report, 'a report');
    expect((await readdir(path.dirname(path.join(home, at.report)))).sort()).toEqual(['packer.log.gz', 'report.json']);
    for (const key of [at.log, at.report]) expect((await stat(path.join(home, key))).mode & 0o777, key).toBe(0o600);
  });

  it('below a file is an error, and the file stays', async () => {
    await writeFile(path.join(home, 'incoming'), 'a file');
    await expect(handoverFolder(home, run).put(at.report, 'x')).rejects.toThrow(/EEXIST|ENOTDIR/);
    await expect(handoverFolder(home, run).openLog(run)).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(await readFile(path.join(home, 'incoming'), 'utf8')).toBe('a file');
  });

  it('a log that meets a limit for file sizes is an error when it is closed, and never shows', async () => {
    const module = path.resolve(import.meta.dirname, '../../../adapters/local/handover-folder.ts');
    const script = `
      const { handoverFolder } = await import(${JSON.stringify(module)});
      const { randomBytes } = await import('node:crypto');
      const log = await handoverFolder(${JSON.stringify(home)}, 'run:1').openLog('run:1');
      for (let n = 0; n < 300; n += 1) {
        await log.write(randomBytes(1000).toString('hex') + '\\n');
        await new Promise((resolve) => setImmediate(resolve));
      }
      await log.close().then(() => console.log('closed'), (error) => console.log(error.code));`;
    const child = spawnSync('sh', ['-c', 'ulimit -f 8; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect({ status: child.status, said: child.stdout.trim() }).toEqual({ status: 0, said: 'EFBIG' });
    expect(await readdir(path.dirname(path.join(home, at.log)))).not.toContain('packer.log.gz');
  });
});
