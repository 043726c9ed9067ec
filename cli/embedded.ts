import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { localBuildService } from '../adapters/local/build-service.ts';
import { fileObjects } from '../adapters/local/file-objects.ts';
import { gzip } from '../adapters/local/gzip.ts';
import { fileKeptObjects } from '../adapters/local/kept-objects.ts';
import { databaseOfHome } from '../adapters/local/object-folder.ts';
import { readBuildspec } from '../adapters/local/packaged-files.ts';
import { RunFolders, runFiles } from '../adapters/local/run-folder.ts';
import { type ScheduleBook, scheduleBook } from '../adapters/local/schedule-book.ts';
import { openDatabase } from '../adapters/local/sqlite-database.ts';
import { sqliteRecords } from '../adapters/local/sqlite-records.ts';
import { systemClock, systemIds, systemRandomness } from '../adapters/local/system.ts';
import { isAbsence } from '../adapters/local/system-error.ts';
import { terminalOperators } from '../adapters/local/terminal-operators.ts';
import { withoutDeployment } from '../adapters/local/without-deployment.ts';
import { type CompletePorts } from '../core/complete.ts';
import { variables } from '../core/contract/variables.ts';
import { type DispatchPorts } from '../core/dispatch.ts';
import { type RunId } from '../core/identity.ts';
import { plainText } from '../core/packer-log/plain-text.ts';
import { type KeptObjects } from '../core/ports.ts';
import { reconcile, sweepProblemText } from '../core/reconcile.ts';
import { type Host, type Repository } from './host.ts';

/** The dispatcher on this machine: the domain's ports over SQLite, files and the embedded build service. */
export interface Embedded extends CompletePorts, DispatchPorts {
  readonly kept: KeptObjects;
  /** The lines of a run's console so far, scrubbed; none when the run is completed. */
  console(run: RunId): Promise<string[]>;
  consoleFile(run: RunId): string;
  /** What is remembered of the schedules, for `startSchedules`. */
  readonly schedules: ScheduleBook;
  close(): void;
}

function databaseFile({ home }: Repository): string {
  return join(home, databaseOfHome);
}

/** Whether a home has no records yet. */
export async function isNewHome(repository: Repository): Promise<boolean> {
  try {
    await stat(databaseFile(repository));
    return false;
  } catch (cause) {
    // What else stands in the way is told by whoever opens it.
    return isAbsence(cause);
  }
}

/**
 * Opens the records and objects of a repository's home, making what is not there yet, and goes on from what is
 * recorded: a build whose command is gone is completed by the next command, whichever that is.
 */
export async function openEmbedded(host: Host, repository: Repository): Promise<Embedded> {
  const { home, root, config } = repository;
  const database = await openDatabase(databaseFile(repository));
  const objects = await fileObjects(home, database, () => systemClock.now());
  const program = ownProgram();
  const secretNames = Object.values(config.builders).flatMap((builder) =>
    Object.values(builder.secrets).flatMap((reference) => (reference.startsWith('env:') ? [reference.slice('env:'.length)] : [])),
  );
  const runFolders = new RunFolders(home);
  const consoleFile = (run: RunId) => join(runFolders.folder(run), runFiles.console);
  const embedded: Embedded = {
    ...withoutDeployment,
    records: sqliteRecords(database),
    objects,
    kept: await fileKeptObjects(home, database),
    operators: terminalOperators(home, (text) => host.terminal.err.write(`${text}\n`)),
    buildService: localBuildService({
      home,
      source: root,
      buildspec: await readBuildspec(),
      command: [...program, 'run-buildspec'],
      program,
      environment: host.environment,
      passThrough: secretNames,
      projectVariables: { [variables.home]: home, [variables.config]: repository.file },
      clock: systemClock,
      newUlid: () => systemIds.buildId(),
    }),
    compression: gzip,
    randomness: systemRandomness,
    clock: systemClock,
    ids: systemIds,
    consoleFile,
    schedules: scheduleBook(database),
    async console(run) {
      try {
        return (await readFile(consoleFile(run), 'utf8')).replace(/\n$/, '').split('\n');
      } catch {
        return [];
      }
    },
    close() {
      objects.close();
      database.close();
    },
  };
  for (const problem of (await reconcile(embedded, config)).problems) {
    host.terminal.err.write(
      `something recorded could not be gone on with, and is tried again with the next command: ${plainText(sweepProblemText(problem))}\n`,
    );
  }
  return embedded;
}

/** This very program, for the build service to start again: the file that Node was given, whether bundled or not. */
function ownProgram(): [string, ...string[]] {
  const entry = process.argv[1];
  if (entry === undefined) throw new Error('the program does not know its own file');
  return [process.execPath, entry];
}
