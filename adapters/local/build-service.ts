import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { variables } from '../../core/contract/variables.ts';
import { RunId, timestamp } from '../../core/identity.ts';
import { type BuildService, type Clock, type StartAnswer, type StartRequest } from '../../core/ports.ts';
import { checkStartEnvironment } from '../../core/start-environment.ts';
import { isAbsence } from './system-error.ts';
import { surroundingsOf } from './build-service-environment.ts';
import { signal } from './build-service-processes.ts';
import { beginningPatience, killOrphans, lastWord, lookAt, runnerState } from './build-service-look.ts';
import { quote } from './buildspec-shell.ts';
import { parseBuildspec } from './buildspec.ts';
import { ProcessIdentity, currentBoot, identifyProcess, isAlive } from './process-identity.ts';
import { RunFolders, RunRequest, isThere, readDocument, runFiles, runRequest, writeDocument } from './run-folder.ts';

/** As many runs as CodeBuild takes at once by default. */
const defaultLimit = 20;
/** From SIGTERM to SIGKILL when a run ends by force; kindness came before, through `control/<run>/stop`. Milliseconds. */
const defaultGrace = 10_000;
/** How often a start tries again that found the last places taken by others that were just starting. */
const mostTries = 6;
/** What a packer whose runner died gets to remove what it made; milliseconds. */
const defaultOrphanPatience = 150_000;

export interface LocalBuildServiceOptions {
  /** The folder that `state/` is in. */
  readonly home: string;
  /** The image repository: the folder in which the commands of a buildspec begin. */
  readonly source: string;
  /** The buildspec's text (`readBuildspec`). */
  readonly buildspec: string;
  /** How a runner is started, for instance `node hybridcore-packer.cjs run-buildspec`; the run's folder is appended. It calls `runBuildspec`. */
  readonly command: readonly [string, ...string[]];
  /** What the buildspec's `hybridcore-packer` is, for instance `node hybridcore-packer.cjs`; without it the buildspec fetches its own. */
  readonly program?: readonly [string, ...string[]];
  /** The surroundings, of which `surroundingsOf` is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Names in the surroundings that the runs need too: of `env:NAME` secrets. Their values are never written. */
  readonly passThrough: readonly string[];
  /** Variables of every run, as of a CodeBuild project: `HYBRIDCORE_HOME` and `HYBRIDCORE_CONFIG`. A start request wins over them. */
  readonly projectVariables: Readonly<Record<string, string>>;
  /** What runs find in the place of this service's own `CODEBUILD_*`, where they are known by other ids elsewhere. */
  readonly builtIn?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** New ULIDs: a run is named `run-` and one of them. */
  readonly newUlid: () => string;
  /** How many runs may be under way at once. */
  readonly limit?: number;
  /** Milliseconds. */
  readonly grace?: number;
  /** Milliseconds. */
  readonly orphanPatience?: number;
}

/**
 * The build service of one machine: runs a buildspec as CodeBuild would, each run in a runner of its own, which
 * goes on when whoever started it is gone. What is on the disk: `run-folder.ts`; how a buildspec is run:
 * `runBuildspec`; what a look says of a run whose runner died: `lookAt`.
 *
 * Safe against any number of processes that use the same home at once. Equal tokens give the same run, until a
 * day after it was forgotten. A start that died half-way is finished by the next one with its token. The limit is
 * never passed; of several starts that race for the last place one gets it, unless too many race for too long.
 */
export function localBuildService(options: LocalBuildServiceOptions): BuildService {
  const { clock } = options;
  const folders = new RunFolders(options.home);
  const look = async (run: RunId) =>
    (await folders.has(run))
      ? unlessForgotten(folders, run, lookAt(folders.folder(run), run, clock, options.orphanPatience ?? defaultOrphanPatience))
      : undefined;

  return {
    start: (request) => start(options, folders, request),

    async look(runs) {
      const records = [];
      for (const run of runs) {
        const record = await look(run);
        if (record !== undefined) records.push(record);
      }
      return records;
    },

    async stop(run) {
      if (!(await folders.has(run))) return;
      const folder = folders.folder(run);
      if ((await lastWord(folder, run)) !== undefined) return;
      // First: a runner that has yet to begin looks for it, and one that gets the signal tells by it who asked.
      await writeDocument(path.join(folder, runFiles.stop), { asked_at: timestamp(clock.now()) });
      const runner = await readDocument(path.join(folder, runFiles.runner), ProcessIdentity);
      if (runner.state === 'absent') return;
      if (runner.state === 'read' && isAlive(runner.value)) signal([runner.value], 'SIGTERM');
      else await killOrphans(folder);
    },

    async forget(run) {
      const record = await look(run);
      if (record?.status === 'IN_PROGRESS') throw new Error(`the run ${run} has not ended, so it cannot be forgotten`);
      if (record !== undefined) await folders.remove(run, clock.now());
    },
  };
}

async function start(options: LocalBuildServiceOptions, folders: RunFolders, given: StartRequest): Promise<StartAnswer> {
  const token = createHash('sha256').update(given.token).digest('hex');
  const holder = await folders.holder(token);
  if (holder !== undefined) return ensureRunner(options, folders, holder);

  const environment = checkStartEnvironment(given.environment);
  if (!environment.ok) return { state: 'refused', failure: environment.failure };
  const buildspec = parseBuildspec(options.buildspec, 'buildspecs/packer-build.yml');
  if (!buildspec.ok) return { state: 'refused', failure: buildspec.failure };

  const limit = options.limit ?? defaultLimit;
  for (let tries = 1; ; tries += 1) {
    // The folder is the reservation of a place, and comes before the count: two that race see each other.
    const run = await reserve(options, folders, given, token);
    const { underWay, starting } = await countOthers(options, folders, run, token);
    if (underWay + starting < limit) {
      const winner = await folders.claim(token, run);
      if (winner !== run) await folders.remove(run, options.clock.now());
      return ensureRunner(options, folders, winner);
    }
    await folders.remove(run, options.clock.now());
    const winner = await folders.holder(token);
    if (winner !== undefined) return ensureRunner(options, folders, winner);
    if (underWay >= limit || tries === mostTries) {
      const message = `${underWay + starting} runs are under way in the build service of this machine, and it takes ${limit} at once`;
      return { state: 'full', message };
    }
    // Others race for the last places, and all of them may have stepped back: they try again, each at another time.
    await delay(Math.random() * 50 * tries);
  }
}

async function reserve(options: LocalBuildServiceOptions, folders: RunFolders, given: StartRequest, token: string): Promise<RunId> {
  const run = RunId.parse(`run-${options.newUlid()}`);
  const request = runRequest(given, {
    run,
    token,
    requested_at: timestamp(options.clock.now()),
    project_variables: {
      ...(options.program === undefined ? {} : { [variables.command]: path.join(folders.folder(run), runFiles.launcher) }),
      ...options.projectVariables,
    },
    built_in: { ...options.builtIn },
    pass_through: [...options.passThrough],
    source: path.resolve(options.source),
    buildspec: options.buildspec,
    grace: options.grace ?? defaultGrace,
  });
  const launcher = options.program === undefined ? null : `#!/bin/sh\nexec ${options.program.map(quote).join(' ')} "$@"\n`;
  await folders.create(request, launcher);
  return run;
}

interface Others {
  readonly underWay: number;
  /** Reservations that have not been given their token yet: their starters may step back. */
  readonly starting: number;
}

/** Runs beside this one that take a place. One with the same token does not: only one of the two will be started. */
async function countOthers(options: LocalBuildServiceOptions, folders: RunFolders, self: RunId, token: string): Promise<Others> {
  let [underWay, starting] = [0, 0];
  for (const run of await folders.list()) {
    const folder = folders.folder(run);
    if (run === self || (await lastWord(folder, run)) !== undefined) continue;
    if ((await runnerState(folder, options.clock)) === 'alive') {
      const request = await readDocument(path.join(folder, runFiles.request), RunRequest);
      if (request.state === 'read' && request.value.token === token) continue;
      if (request.state === 'read' && (await folders.holder(request.value.token)) !== run) starting += 1;
      else underWay += 1;
    } else {
      await removeAbandoned(options.clock, folders, run);
    }
  }
  return { underWay, starting };
}

/** A reservation whose starter died before it had the token: nobody knows this run, and nobody will start it. */
async function removeAbandoned(clock: Clock, folders: RunFolders, run: RunId): Promise<void> {
  const folder = folders.folder(run);
  const request = await readDocument(path.join(folder, runFiles.request), RunRequest);
  if (request.state !== 'read' || (await isThere(path.join(folder, runFiles.runner)))) return;
  const young = clock.now() - Date.parse(request.value.requested_at) < beginningPatience;
  if (!young && (await folders.holder(request.value.token)) !== run) await folders.remove(run, clock.now());
}

/**
 * Starts a runner unless the run has one, had one, or is forgotten. A start that raced this one, or died before it,
 * may have started one that has not begun: then there are two for a moment, and `runner.json` is given to one.
 */
async function ensureRunner(options: LocalBuildServiceOptions, folders: RunFolders, run: RunId): Promise<StartAnswer> {
  const folder = folders.folder(run);
  if ((await folders.has(run)) && !(await isThere(path.join(folder, runFiles.runner))))
    await unlessForgotten(folders, run, spawnRunner(options, folder));
  return { state: 'started', run };
}

async function spawnRunner(options: LocalBuildServiceOptions, folder: string): Promise<void> {
  const [file, ...arguments_] = options.command;
  const log = await open(path.join(folder, runFiles.runnerLog), 'a', 0o600);
  try {
    const runner = spawn(file, [...arguments_, folder], {
      cwd: folder,
      // Its own session: neither the terminal nor the process that started it takes it along when it goes.
      detached: true,
      stdio: ['ignore', 'ignore', log.fd],
      env: surroundingsOf(options.environment, options.passThrough),
    });
    await once(runner, 'spawn');
    runner.unref();
    // Where it has ended already, no process ever has this identity.
    const identity = runner.pid === undefined ? undefined : identifyProcess(runner.pid);
    await writeDocument(
      path.join(folder, runFiles.spawned),
      identity ?? { pid: runner.pid ?? process.pid, started: 'ended at once', boot: currentBoot() },
    );
  } finally {
    await log.close();
  }
}

/** What is written into the folder of a run fails where another process completed the run and forgot it meanwhile: then there is nothing to say of it. */
async function unlessForgotten<T>(folders: RunFolders, run: RunId, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsence(error) && !(await folders.has(run))) return undefined;
    throw error;
  }
}
