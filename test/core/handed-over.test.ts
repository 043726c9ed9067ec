import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileObjects } from '../../adapters/local/file-objects.ts';
import { gzip } from '../../adapters/local/gzip.ts';
import { openDatabase } from '../../adapters/local/sqlite-database.ts';
import { keys } from '../../core/contract/keys.ts';
import { toDigest } from '../../core/digest.ts';
import { fingerprintOf, toolInput } from '../../core/fingerprint.ts';
import { FailureError } from '../../core/failure-error.ts';
import { logLines } from '../../core/handed-log.ts';
import { type ReadHandover, handoverLimits, readHandedOver } from '../../core/handed-over.ts';
import { type AttemptRequest } from '../../core/request.ts';
import { endlessLog } from '../fixtures/endless-log.ts';
import { buildIdOf, builderNamed, runNamed } from '../fixtures/records.ts';

const asked: AttemptRequest = {
  builder: builderNamed('debian-base'),
  build: buildIdOf(1),
  attempt: 1,
  run: runNamed('run-01J9Z3K4M5N6P7Q8R9S0T1V2W3'),
  variables: {},
  unless: null,
  expected: null,
  builder_digest: null,
};
const at = keys.incoming(asked.run);
const inputs = [toolInput('packer', '1.14.2')];

const goodReport = {
  schema: 'hybridcore-packer/attempt-report/1',
  run: asked.run,
  builder: asked.builder,
  build_id: asked.build,
  attempt: 1,
  command: 'packer build',
  started_at: '2026-11-22T10:00:00.000Z',
  finished_at: '2026-11-22T10:01:00.000Z',
  packer: { exit_code: 0, signal: null },
  interrupted: null,
  unchanged: false,
  failure: null,
  fingerprint: fingerprintOf(inputs),
  inputs,
  undeclared: [],
  resolved: { packer: '1.14.2', plugins: {}, base_images: [] },
  recorded: [],
};
const goodScrub = {
  schema: 'hybridcore-packer/scrub-manifest/1',
  builder: asked.builder,
  build_id: asked.build,
  attempt: 1,
  rule_set: toDigest('0'.repeat(64)),
  not_searched: [],
  files: [],
};

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'handed-over-'));
  await put(at.report, JSON.stringify(goodReport));
  await put(at.scrubManifest, JSON.stringify(goodScrub));
  await put(at.log, gzipSync('1,,ui,say,hello\n'));
});

afterEach(() => rm(home, { recursive: true, force: true }));

async function put(key: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(home, key)), { recursive: true });
  await writeFile(join(home, key), content);
}

/** Also what is in the log, which is read last. */
async function read(): Promise<ReadHandover & { readonly lines?: readonly string[] }> {
  const objects = await fileObjects(home, await openDatabase(join(home, 'state', 'hybridcore.db')), () => 0);
  try {
    const handed = await readHandedOver(objects, asked);
    if (handed.state !== 'read' || handed.value.log === null) return handed;
    const lines: string[] = [];
    for await (const some of logLines(handed.value.log, gzip, at.log)) lines.push(...some);
    return { ...handed, lines };
  } catch (error) {
    if (error instanceof FailureError) return { state: 'invalid', failure: error.failure };
    throw error;
  } finally {
    objects.close();
  }
}

describe('what a run handed over', () => {
  it('is read when it is what an attempt writes', async () => {
    expect(await read()).toMatchObject({ state: 'read', value: { report: { run: asked.run } }, lines: ['1,,ui,say,hello'] });
  });

  it('is absent without a report, whatever else is there', async () => {
    await rm(join(home, at.report));
    expect(await read()).toEqual({ state: 'absent' });
  });

  it.each([
    ['no JSON', () => put(at.report, '{"schema":'), /report\.json is no JSON/],
    ['no UTF-8', () => put(at.report, new Uint8Array([0x22, 0xff, 0x22])), /report\.json is no JSON/],
    [
      'another schema',
      () => put(at.report, JSON.stringify({ ...goodReport, schema: 'hybridcore-packer/attempt-report/2' })),
      /does not fit its schema at schema/,
    ],
    ['a further key', () => put(at.report, JSON.stringify({ ...goodReport, trusted: true })), /does not fit its schema/],
    ["another build's name", () => put(at.report, JSON.stringify({ ...goodReport, build_id: buildIdOf(2) })), /speaks of the build/],
    ["another builder's name", () => put(at.report, JSON.stringify({ ...goodReport, builder: 'other' })), /speaks of the builder other/],
    [
      'another run',
      () => put(at.report, JSON.stringify({ ...goodReport, run: 'run-01J9Z3K4M5N6P7Q8R9S0T1V2W4' })),
      /speaks of the run run-/,
    ],
    ['another attempt', () => put(at.report, JSON.stringify({ ...goodReport, attempt: 2 })), /speaks of the attempt 2/],
    [
      'a fingerprint that its inputs do not give',
      () => put(at.report, JSON.stringify({ ...goodReport, inputs: [] })),
      /fingerprint that its own inputs do not give/,
    ],
    ['a log that is no gzip', () => put(at.log, 'hello'), /packer\.log\.gz is no gzip/],
    ['a log that is cut', () => put(at.log, gzipSync('x'.repeat(100_000)).subarray(0, 60)), /packer\.log\.gz is no gzip/],
    [
      'a log of nothing but line ends',
      () => put(at.log, gzipSync(Buffer.alloc(handoverLimits.lines + 1, '\n'))),
      new RegExp(`has more than ${handoverLimits.lines} lines`),
    ],
    [
      'a report of nothing but empty objects',
      () => put(at.report, `[${'{},'.repeat(handoverLimits.values / 2)}{}]`),
      new RegExp(`has more than ${handoverLimits.values} values`),
    ],
    ['a log that expands without end', () => put(at.log, endlessLog(handoverLimits.expandedLog)), /holds more than/],
    [
      'a log of one line that no attempt writes',
      () => put(at.log, gzipSync(Buffer.alloc(handoverLimits.line + 1, 'x'))),
      new RegExp(`has a line of more than ${handoverLimits.line} characters`),
    ],
    [
      'a log that is too large as it is',
      () => truncate(join(home, at.log), handoverLimits.log + 1),
      new RegExp(`has ${handoverLimits.log + 1} bytes`),
    ],
    ['no log though packer ran', () => rm(join(home, at.log)), /packer\.log\.gz is missing/],
    ['no scrub manifest though packer ran', () => rm(join(home, at.scrubManifest)), /scrub\.json is missing/],
    ['a scrub manifest of another schema', () => put(at.scrubManifest, '{}'), /scrub\.json does not fit/],
    ['a folder', async () => (await rm(join(home, at.report)), await mkdir(join(home, at.report))), /not a plain file/],
    ['a link', async () => (await rm(join(home, at.report)), await symlink('/etc/passwd', join(home, at.report))), /not a plain file/],
    ['a pipe', async () => (await rm(join(home, at.log)), execFileSync('mkfifo', [join(home, at.log)])), /not a plain file/],
  ] as const)('is refused with its place when it is %s', async (_, spoil, message) => {
    await spoil();
    expect(await read()).toMatchObject({
      state: 'invalid',
      failure: { rule: 'HANDOVER_INVALID', message: expect.stringMatching(message) as string },
    });
  });
});
