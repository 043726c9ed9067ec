import { createWriteStream } from 'node:fs';
import { mkdtempDisposable, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';

import { cleanLines, variedLines } from '../../bench/clean-log.ts';
import { measure } from '../../bench/peak-memory.ts';
import { ScrubDocument } from '../../core/documents.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'hybridcore-packer.mjs');
const mebibyte = 1024 * 1024;

describe('scrub', () => {
  it('redacts less than once in a MiB of 100 MiB where nothing is secret, in constant memory', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'deep-scrub-'));
    const log = join(folder.path, 'packer.log');
    const manifest = join(folder.path, 'scrub.json');
    await pipeline(Readable.from(variedLines(await cleanLines(), 'deep', 100 * mebibyte)), createWriteStream(log));
    const { kibibytes } = await measure([process.execPath, program, 'scrub', log, '--manifest', manifest]);
    const { file } = ScrubDocument.parse(JSON.parse(await readFile(manifest, 'utf8')));
    expect(file.bytes_before).toBe((await stat(log)).size);
    expect(file.lines).toBeGreaterThan(900_000);
    expect(file.actions.reduce((sum, { count }) => sum + count, 0)).toBeLessThan(100);
    expect(kibibytes).toBeLessThan(256 * 1024);
  });
});
