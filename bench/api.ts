import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { openDatabase } from '../adapters/local/sqlite-database.ts';
import { sqliteRecords } from '../adapters/local/sqlite-records.ts';
import { DispatchDocument } from '../core/documents.ts';
import { type RecordWrite } from '../core/ports.ts';
import { Build } from '../core/build.ts';
import { BuilderRecord } from '../core/builder-record.ts';
import { BuildId, BuilderName, timestamp } from '../core/identity.ts';

/** How many builds are recorded when it is asked. */
const sizes = [1, 100, 100_000] as const;

/** How many requests are on their way at once. */
const atOnce = 8;

/** How much longer a request may take at the most builds than at the fewest. */
const target = 1.5;

interface Measured {
  /** A second. */
  readonly requests: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

/** `npm run bench -- api`: requests a second of `serve` and how long each takes, at few and many recorded builds. */
export async function api(words: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...words], options: { requests: { type: 'string', default: '2000' } } });
  const rows = [];
  for (const builds of sizes) rows.push({ builds, ...(await measureAt(builds, Number(values.requests))) });
  for (const { builds, asking, reading } of rows)
    console.log(`${builds} builds: ${lineOf('POST /builders/{name}/builds', asking)}; ${lineOf('GET /builds/{id}', reading)}`);
  const [few, most] = [rows[0], rows.at(-1)];
  const holds =
    few !== undefined &&
    most !== undefined &&
    (['asking', 'reading'] as const).every((which) => most[which].median <= few[which].median * target);
  console.log(
    `a request may take ${target} times as long at ${sizes.at(-1)} builds as at ${sizes[0]} (median): ${holds ? 'holds' : 'MISSED'}`,
  );
  return holds;
}

function lineOf(what: string, { requests, median, p99 }: Measured): string {
  return `${what} ${requests.toFixed(0)}/s, median ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
}

async function measureAt(builds: number, requests: number): Promise<{ readonly asking: Measured; readonly reading: Measured }> {
  const home = await mkdtemp(join(tmpdir(), 'bench-api-'));
  let serving: ChildProcess | undefined;
  try {
    await mkdir(join(home, 'base'));
    await writeFile(join(home, 'hybridcore.yaml'), 'version: 1\nbuilders:\n  base: { template: base, variables: [n] }\n');
    await writeFile(
      join(home, 'base', 'base.pkr.hcl'),
      'source "null" "x" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.x"]\n}\n',
    );
    await recordBuilds(home, builds);
    serving = spawn(process.execPath, [resolve(import.meta.dirname, '../bin/hybridcore-packer.mjs'), 'serve', '--port', '0'], {
      cwd: home,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const address = await addressOf(serving);
    const authorization = `Bearer ${(await readFile(join(home, 'state', 'api-token'), 'utf8')).trim()}`;
    // The same token each time: the path of a request through check, token and records, without a packer run for each.
    const body = JSON.stringify({ client_token: 'bench' });
    const headers = { authorization, 'content-type': 'application/json' };
    const ask = () => answered(`${address}/builders/base/builds`, { method: 'POST', headers, body });
    DispatchDocument.parse(JSON.parse((await ask()).body));
    const read = (n: number) => answered(`${address}/builds/${idOf(1 + (n % builds))}`, { headers });
    await timed(requests / 10, read, 200);
    const measured = { asking: await timed(requests, ask, 202), reading: await timed(requests, read, 200) };
    return measured;
  } finally {
    serving?.kill('SIGTERM');
    await new Promise((done) => (serving === undefined ? done(null) : serving.once('close', done)));
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Puts builds that have ended into the records of a home. */
async function recordBuilds(home: string, builds: number): Promise<void> {
  await mkdir(join(home, 'state'), { recursive: true });
  const records = sqliteRecords(await openDatabase(join(home, 'state', 'hybridcore.db')));
  const builder = BuilderName.parse('base');
  const at = timestamp(Date.UTC(2026, 10, 22));
  const nothing = { current: null, queue: [], newest: null, quarantine: null, released: null, chain_begins: null };
  const document = BuilderRecord.parse({ schema: 'hybridcore-packer/builder/1', version: 1, builder, last: idOf(builds), ...nothing });
  await records.commit([{ type: 'builder', expected: null, document }]);
  for (let from = 1; from <= builds; from += 50) {
    const numbers = Array.from({ length: Math.min(50, builds - from + 1) }, (_, index) => from + index);
    await records.commit(numbers.map((n): RecordWrite => ({ type: 'build', expected: null, document: endedBuild(n, builder, at) })));
  }
  records.close();
}

function idOf(n: number): BuildId {
  return BuildId.parse(`01${String(n).padStart(24, '0')}`);
}

/** A build that was stopped before it had its turn. */
function endedBuild(n: number, builder: BuilderName, at: string): Build {
  return Build.parse({
    schema: 'hybridcore-packer/build/1',
    version: 1,
    build_id: idOf(n),
    builder,
    state: 'stopped',
    command: 'hybridcore-packer build base',
    requested_at: at,
    requested_by: 'bench',
    variables: {},
    retention: 'standard',
    retention_terms: null,
    only_if_changed: null,
    joined: [],
    attempts: [],
    retry_at: null,
    stop: null,
    decision: null,
    finished_at: at,
    result_path: null,
    summary_path: null,
    manifest: null,
    settled_at: at,
    hold: null,
    hold_released: null,
    past_holds: [],
    past_holds_left_out: 0,
    retention_changes: [],
    retention_changes_left_out: 0,
    unkept_since: null,
    expired: null,
  });
}

async function answered(url: string, options: RequestInit): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(url, options);
  return { status: response.status, body: await response.text() };
}

function addressOf(serving: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let said = '';
    serving.once('close', () => failed(new Error(`serve ended: ${said}`)));
    serving.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-4000);
      const address = /at (http:\/\/127\.0\.0\.1:\d+);/.exec(said)?.[1];
      if (address !== undefined) done(address);
    });
  });
}

async function timed(count: number, send: (n: number) => Promise<{ readonly status: number }>, status: number): Promise<Measured> {
  const times: number[] = [];
  const began = performance.now();
  let next = 0;
  const one = async () => {
    while (next < count) {
      const sent = performance.now();
      const answer = await send((next += 1));
      if (answer.status !== status) throw new Error(`answered ${answer.status}`);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return { requests: (times.length / (performance.now() - began)) * 1000, median: at(0.5), p99: at(0.99) };
}
