import { createWriteStream } from 'node:fs';
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';

import { builder, measureBuild, packerThatPrints } from '../../bench/build-of-log.ts';
import { cleanLines, variedLines } from '../../bench/clean-log.ts';
import { LogSummary } from '../../core/log-summary.ts';
import { ScrubManifest } from '../../core/scrub/scrub-manifest.ts';

const mebibyte = 1024 * 1024;

/** 250 to 290 were seen, of a log of 230 MiB as of 100: what the collector leaves for later. MiB. */
const mostMemory = 320;

describe('a log of a million lines, 100 MiB where nothing is secret', () => {
  it('goes through build whole and in constant memory, and is redacted less than once in a MiB', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'deep-scrub-'));
    const log = join(folder.path, 'packer.log');
    await pipeline(Readable.from(variedLines(await cleanLines(), 'deep', 100 * mebibyte)), createWriteStream(log));
    await writeFile(
      join(folder.path, 'long.pkr.hcl'),
      'source "null" "long" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.long"]\n}\n',
    );
    const { exitCode, peaks } = await measureBuild(folder.path, await packerThatPrints(folder.path, log));
    expect(exitCode).toBe(0);

    const logs = join(folder.path, 'state', 'packer', 'logs');
    const summary = LogSummary.parse(JSON.parse(await readFile(join(logs, `${builder}.json`), 'utf8')));
    const manifest = ScrubManifest.parse(JSON.parse(await readFile(join(folder.path, summary.scrub_manifest_path ?? ''), 'utf8')));
    const [first] = manifest.files;
    expect(first?.bytes_before).toBeGreaterThan(99 * mebibyte);
    expect(first?.lines).toBeGreaterThan(900_000);
    const actions = manifest.files.map((file) => file.actions.reduce((sum, { count }) => sum + count, 0));
    expect(actions[0], 'by the attempt').toBeLessThan(100);
    expect(actions.slice(1), 'on receipt nothing is left to redact').toEqual([0, 0, 0]);
    // What was received is what was scrubbed: no line is left out.
    expect(manifest.files.find(({ file }) => file.includes('on receipt'))?.bytes_before).toBe(first?.bytes_after);
    expect((await readdir(join(logs, builder, summary.build_id))).sort()).toEqual(['1.log.gz']);
    expect((await stat(join(folder.path, summary.attempts[0]?.log?.path ?? ''))).size).toBe(summary.attempts[0]?.log?.size);
    for (const [name, kibibytes] of Object.entries(peaks)) expect(kibibytes / 1024, `${name}, in MiB`).toBeLessThan(mostMemory);
  });
});
