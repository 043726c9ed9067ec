import { createWriteStream } from 'node:fs';
import { mkdtempDisposable, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { builder, measureBuild, packerThatPrints, program } from '../../bench/build-of-log.ts';
import { manyLines } from '../../bench/log.ts';
import { measure } from '../../bench/peak-memory.ts';

const count = 250_000;

describe('a log of many lines, through build', () => {
  it('is sealed whole, with its secret gone, and takes the memory of a short one', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'long-log-'));
    await writeFile(
      join(folder.path, 'long.pkr.hcl'),
      'source "null" "long" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.long"]\n}\n',
    );
    const file = join(folder.path, 'packer.log');
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const secret = `1795378213,,ui,message,    null.long: cloning with ${token}\n`;
    await pipeline(Readable.from([secret, ...manyLines(count), secret]), createWriteStream(file));
    const { exitCode, peaks } = await measureBuild(folder.path, await packerThatPrints(folder.path, file));
    expect(exitCode).toBe(0);

    const logs = join(folder.path, 'state', 'packer', 'logs', builder);
    const [build = ''] = (await readdir(logs, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const sealed = gunzipSync(await readFile(join(logs, build, '1.log.gz')))
      .toString()
      .split('\n');
    expect(sealed.filter((line) => line.includes('Get:'))).toHaveLength(count);
    expect(sealed.filter((line) => line.includes('[REDACTED:GITHUB_TOKEN:'))).toHaveLength(2);
    expect(sealed.filter((line) => line.includes(token))).toEqual([]);
    if (process.platform !== 'linux') return;
    const shown = await measure([process.execPath, program, 'logs', build, '--config', join(folder.path, 'hybridcore.yaml')]);
    for (const [name, kibibytes] of Object.entries({ ...peaks, logs: shown.kibibytes })) {
      expect(kibibytes, name).toBeGreaterThan(0);
      expect(kibibytes / 1024, `${name}, in MiB`).toBeLessThan(220);
    }
  });
});
