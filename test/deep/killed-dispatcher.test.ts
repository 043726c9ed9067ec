import { readFile, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import { fileObjects } from '../../adapters/local/file-objects.ts';
import { openDatabase } from '../../adapters/local/sqlite-database.ts';
import { type Build } from '../../core/build.ts';
import { keys } from '../../core/contract/keys.ts';
import { BuildsDocument, StatusDocument } from '../../core/documents.ts';
import { manifestDigest } from '../../core/document-text.ts';
import { LogSummary } from '../../core/log-summary.ts';
import { Result } from '../../core/result.ts';
import { type BuildState, states } from '../../core/states.ts';
import { type FatedBuilds, type PackerExecution, fatedBuilders, fatedBuilds, fatedEnd, leakyBuilder } from './fated-builds.ts';
import { type Storm, killStorm } from './kill-storm.ts';
import { type EndedCommand, runCommand } from './killed-command.ts';
import { type Remains, draftsIn, processesNaming, readRemains } from './remains.ts';

/** Set DEEP_SEED to make the same choices again; what they meet depends on the machine's pace as well. */
const seed = Number(process.env['DEEP_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const wantedBuilds = 200;
/** How long the last builds may take, once nobody kills any more; milliseconds. */
const patience = 180_000;

let images: FatedBuilds;
let storm: Storm;
let remains: Remains;
let executions: readonly PackerExecution[];
let failed = true;

const builders = [...fatedBuilders, leakyBuilder];

beforeAll(async () => {
  images = await fatedBuilds(inject('packer').file);
  const began = performance.now();
  storm = await killStorm(images, seed, wantedBuilds);
  const calm = performance.now();
  await untilNothingIsOpen();
  remains = await readRemains(images.root);
  executions = await images.executions();
  console.log(summary(calm - began, performance.now() - calm));
  failed = false;
});

afterEach(({ task }) => {
  failed ||= task.result?.state === 'fail';
});

afterAll(async () => {
  // What is left of a failure is the only way to understand it: the pace of that run does not come again.
  if (!failed) await images.remove();
  else console.log(`seed ${seed}: what is left of it is kept in ${images.root}`);
});

/** Other commands than the killed ones, one after another, until the last has nothing left to do. */
async function untilNothingIsOpen(): Promise<void> {
  for (const deadline = performance.now() + patience; ;) {
    const ended = await runCommand(images, ['status', '--json']);
    const { builders } = StatusDocument.parse(JSON.parse(ended.stdout));
    const open = builders.filter(({ current, waiting }) => current !== null || waiting.length > 0);
    if (open.length === 0 && (await readRemains(images.root)).openRows === 0) return;
    if (performance.now() > deadline) throw new Error(`seed ${seed}: after ${patience / 1000} s this is still open: ${ended.stdout}`);
    // Looking without a pause would take the machine from the builds.
    await sleep(200);
  }
}

function summary(stormy: number, calm: number): string {
  const count = (names: readonly string[]) =>
    [...Map.groupBy(names, (name) => name)].map(([name, all]) => `${all.length} ${name}`).join(', ');
  const { command, runner, 'run-process': process } = storm.struck.count;
  return (
    `seed ${seed}: ${storm.commands.length} commands, ${storm.commands.filter(({ killed }) => killed).length} killed ` +
    `(SIGKILL to ${command} commands, ${runner} runners, ${process} processes of runs); ${remains.builds.length} builds: ` +
    `${count(remains.builds.map((build) => build.state))}; ${executions.length} packer runs for ` +
    `${new Set(executions.map(({ build }) => build)).size} builds; ${Math.round(stormy / 1000)} s under fire, ${Math.round(calm / 1000)} s after it`
  );
}

/** An expectation whose failure names the seed. */
function hold<T>(actual: T) {
  return expect(actual, `seed ${seed}`);
}

async function document(key: string | null): Promise<unknown> {
  return JSON.parse(await readFile(join(images.root, key ?? 'no key'), 'utf8')) as unknown;
}

function buildsOf(builder: string): readonly Build[] {
  return remains.builds.filter((build) => build.builder === builder);
}

/** Whether a process of one of its runs was killed, so that its end is not the one that was asked for. */
function isStruck(build: Build): boolean {
  return build.attempts.some(({ run }) => run !== null && storm.struck.runs.has(run));
}

describe('a dispatcher that is killed again and again', () => {
  it('has had real packer at work for at least 200 builds, and been killed in the middle of most', () => {
    hold(new Set(executions.map(({ build }) => build)).size).toBeGreaterThanOrEqual(wantedBuilds);
    hold(storm.commands.filter(({ killed }) => killed).length).toBeGreaterThan(wantedBuilds / 2);
    hold(Math.min(...Object.values(storm.struck.count))).toBeGreaterThan(0);
  });

  it('loses no build that it ever told of, and lists the same builds as its records hold', async () => {
    const known = new Set<string>(remains.builds.map((build) => build.build_id));
    hold([...storm.heard, ...executions.map(({ build }) => build)].filter((id) => !known.has(id))).toEqual([]);
    for (const builder of builders) {
      const listed: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const ended = await runCommand(images, [
          'builds',
          builder,
          '--json',
          '--limit',
          '20',
          ...(cursor === '' ? [] : ['--cursor', cursor]),
        ]);
        const page = BuildsDocument.parse(JSON.parse(ended.stdout));
        listed.push(...page.builds.map((build) => `${build.build_id} ${build.state} ${build.attempts}`));
        cursor = page.cursor;
      }
      hold(listed.reverse()).toEqual(buildsOf(builder).map((build) => `${build.build_id} ${build.state} ${build.attempts.length}`));
    }
  });

  it('ends every build in exactly one final state, the one that was told to whoever asked', () => {
    const end = new Map<string | null, BuildState>(remains.builds.map((build) => [build.build_id, build.state]));
    hold(remains.builds.filter((build) => !states[build.state].final || build.settled_at === null || build.finished_at === null)).toEqual(
      [],
    );
    hold(remains.openRows).toEqual(0);
    hold(remains.builders.filter((builder) => builder.current !== null || builder.queue.length > 0)).toEqual([]);
    hold(storm.told.filter(({ build_id: id, state }) => id !== null && state !== end.get(id))).toEqual([]);
  });

  it('ends a build as if nothing had happened, where nothing but commands was killed', () => {
    const surprises = remains.builds.filter((build) => {
      const wanted = build.builder === leakyBuilder ? 'quarantined' : fatedEnd(build.variables['fate'] ?? '');
      return build.state !== wanted && !isStruck(build) && !(build.state === 'stopped' && storm.stopped.has(build.build_id));
    });
    hold(surprises).toEqual([]);
  });

  it('runs packer once an attempt, at most twice a build, and never two at a time for a builder', async () => {
    const runs = new Map<string | null, string>(
      remains.builds.flatMap((build) => build.attempts.map((attempt) => [attempt.run, `${build.build_id} ${attempt.attempt}`] as const)),
    );
    hold(executions.filter(({ build, attempt, run }) => runs.get(run) !== `${build} ${attempt}`)).toEqual([]);
    hold([...Map.groupBy(executions, ({ run }) => run).values()].filter((same) => same.length > 1)).toEqual([]);
    hold([...Map.groupBy(executions, ({ build }) => build).values()].filter((same) => same.length > 2)).toEqual([]);
    hold(await images.overlaps()).toEqual([]);
    const ran = new Set(executions.map(({ run }) => run));
    hold(remains.builds.filter((build) => build.state === 'succeeded' && !ran.has(build.attempts.at(-1)?.run ?? ''))).toEqual([]);
  });

  it('makes a second attempt after class 2 alone', () => {
    const faults = remains.builds.filter(({ attempts }) => {
      const [first, second] = attempts;
      return attempts.length > 2 || (second !== undefined && first?.outcome?.verdict.exit_code !== 2);
    });
    hold(faults).toEqual([]);
    hold(remains.builds.filter((build) => build.state === 'escalated' && build.attempts.length !== 2)).toEqual([]);
  });

  it('keeps the chain of every builder whole', async () => {
    for (const builder of builders) {
      const chain = await remains.chain(builder);
      hold(chain.map((manifest) => manifest.sequence)).toEqual(chain.map((_, index) => index + 1));
      hold(chain.map((manifest) => manifest.previous?.digest ?? null)).toEqual([null, ...chain.map(manifestDigest)].slice(0, chain.length));
      const sealing = buildsOf(builder).filter((build) => build.state === 'succeeded');
      hold(new Map(chain.map((manifest) => [manifest.build_id, manifestDigest(manifest)]))).toEqual(
        new Map(chain.map(({ build_id: id }) => [id, sealing.find((build) => build.build_id === id)?.manifest?.digest])),
      );
      hold(sealing.length).toEqual(chain.length);
      const newest = remains.builders.find((record) => record.builder === builder)?.newest ?? null;
      hold(newest?.build_id ?? null).toEqual(chain.at(-1)?.build_id ?? null);
      if (newest !== null) hold(await document(`artifacts/${builder}.hash.json`)).toEqual(await document(newest.path));
    }
    expect((await Promise.all(builders.map(remains.chain))).flat().length).toBeGreaterThan(wantedBuilds / 4);
  });

  it('leaves result, summary and logs of every build, as its record has them, with their tags', async () => {
    const database = await openDatabase(join(images.root, 'state', 'hybridcore.db'));
    const objects = await fileObjects(images.root, database, () => Date.now());
    for (const build of remains.builds) {
      const result = Result.parse(await document(build.result_path));
      hold(result).toMatchObject({
        build_id: build.build_id,
        state: build.state,
        exit_code: states[build.state].exit_code,
        attempt: build.attempts.findLast((each) => each.run !== null)?.attempt ?? 0,
        manifest_path: build.manifest?.path ?? null,
        summary_path: build.summary_path,
        retryable: false,
      });
      const written = LogSummary.parse(await document(build.summary_path));
      hold(written).toMatchObject({
        build_id: build.build_id,
        state: build.state,
        manifest: build.manifest,
        result_path: build.result_path,
      });
      hold(written.attempts.map(({ run, verdict }) => ({ run, verdict }))).toEqual(
        build.attempts.map(({ run, outcome }) => ({ run, verdict: outcome?.verdict ?? null })),
      );
      const logs = build.attempts.flatMap(({ outcome }) => (outcome?.log === undefined || outcome.log === null ? [] : [outcome.log]));
      for (const log of logs) {
        const content = await readFile(join(images.root, log.path));
        hold(content.length).toEqual(log.size);
        expect(() => gunzipSync(content), log.path).not.toThrow();
      }
      const left = [build.result_path, build.summary_path, build.manifest?.path, ...logs.map((log) => log.path)];
      const scrubs = build.attempts.map(({ outcome }) => outcome?.scrub_manifest_path);
      for (const key of [...left, ...scrubs].filter((each) => typeof each === 'string')) {
        hold([key, await objects.tags(key)]).toMatchObject([key, { build: build.build_id, retention: build.retention }]);
      }
    }
    for (const { builder, last } of remains.builders) {
      if (last !== null) hold(await document(keys.newestSummary(builder))).toEqual(await document(keys.summary(builder, last)));
    }
    objects.close();
  });

  it('tells the operators of each build that escalated or was quarantined, under its one key, and of no other', () => {
    const due = remains.builds.filter((build) => build.state === 'escalated' || build.state === 'quarantined');
    hold(due.length).toBeGreaterThan(0);
    hold([...new Set(remains.notices.map((notice) => notice.key))].sort()).toEqual(
      due.map((build) => `${build.build_id}:${build.state}`).sort(),
    );
  });

  it('has nothing to complain about in any command that lived', () => {
    hold(storm.told.filter(({ classification }) => ['UNKNOWN', 'STORAGE', 'CHAIN_BROKEN'].includes(classification.rule))).toEqual([]);
    const faults = /could not be gone on with|tried again with the next command|fault of hybridcore-packer/;
    hold(storm.commands.flatMap(({ stderr }) => stderr.split('\n').filter((line) => faults.test(line)))).toEqual([]);
    const answered = ({ code, stdout }: EndedCommand) => code !== null && code <= 3 && stdout.endsWith('}\n');
    hold(storm.commands.filter((command) => !command.killed && !answered(command))).toEqual([]);
  });

  it('leaves nothing handed over and no process, and what is half-written is of killed processes alone and goes after a day', async () => {
    hold(remains.files.filter((file) => /^(?:incoming|control)\//.test(file) && draftsIn([file]).length === 0)).toEqual([]);
    // A start that died before the run had its token leaves a folder that nobody ever began.
    const runs = remains.files.filter((file) => /^state\/build-service\/run-[^/]+$/.test(file));
    hold(runs.filter((run) => remains.files.includes(`${run}/runner.json`))).toEqual([]);
    const written = draftsIn(remains.files).filter(({ pid }) => !storm.struck.pids.has(pid));
    hold(written.map((draft) => [draft, storm.commands.find(({ pid }) => pid === draft.pid)])).toEqual([]);
    for (let tries = 0; tries < 50 && processesNaming(images.root).length > 0; tries += 1) await sleep(100);
    hold(processesNaming(images.root)).toEqual([]);

    const longAgo = new Date(Date.now() - 2 * 86_400_000);
    for (const file of (await readdir(images.root, { recursive: true })).filter((each) => /(?:^|\/)\.(?:hybridcore|new|gone)-/.test(each)))
      await utimes(join(images.root, file), longAgo, longAgo);
    hold((await runCommand(images, ['build', fatedBuilders[0], '--json'])).code).toEqual(0);
    hold(draftsIn(await readdir(images.root, { recursive: true }))).toEqual([]);
  });
});
