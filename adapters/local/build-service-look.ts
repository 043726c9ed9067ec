import path from 'node:path';

import { type RunId, type Timestamp, timestamp } from '../../core/identity.ts';
import { type Clock } from '../../core/ports.ts';
import { type RunRecord } from '../../core/run-record.ts';
import { RunProcesses, signal } from './build-service-processes.ts';
import { ProcessIdentity, identifyProcess, isAlive } from './process-identity.ts';
import {
  Orphans,
  type ReadDocument,
  RunRequest,
  Shells,
  StoredRecord,
  createDocument,
  readDocument,
  runFiles,
  writeDocument,
  writtenAt,
} from './run-folder.ts';

/** How long a run may have no runner before it is given up; milliseconds. */
export const beginningPatience = 60_000;

/** How the processes stand that run a run. */
type RunnerState =
  /** Its runner lives, or has yet to begin. */
  | 'alive'
  /** Nobody has begun it, and nobody will by himself. */
  | 'never-began'
  /** It ended, with or without a last word. */
  | 'dead';

export async function runnerState(folder: string, clock: Clock): Promise<RunnerState> {
  const runner = await readDocument(path.join(folder, runFiles.runner), ProcessIdentity);
  if (runner.state === 'read') return isAlive(runner.value) ? 'alive' : 'dead';
  if (runner.state === 'damaged') return 'dead';
  const spawned = await readDocument(path.join(folder, runFiles.spawned), ProcessIdentity);
  if (spawned.state === 'read') return isAlive(spawned.value) ? 'alive' : 'never-began';
  const { startedAt } = await beginning(folder);
  return clock.now() - Date.parse(startedAt) < beginningPatience ? 'alive' : 'never-began';
}

/** The record that will not change any more; undefined where there is none yet. */
export async function lastWord(folder: string, run: RunId): Promise<RunRecord | undefined> {
  for (const file of [runFiles.record, runFiles.fault]) {
    const stored = await readDocument(path.join(folder, file), StoredRecord);
    if (stored.state === 'read' && stored.value.record.run === run && stored.value.record.status !== 'IN_PROGRESS')
      return stored.value.record;
  }
  return undefined;
}

/**
 * What is known of a run whose folder is there. Never throws over what stands in it.
 *
 * A run whose runner died without a last word is a FAULT, with the place in a context; so is one whose record is
 * damaged once its runner has ended (a living runner mends it with its next phase). But the FAULT is told only
 * when none of the run's processes lives any more, since a new attempt may begin then: until that the run is
 * IN_PROGRESS. The first look tells the processes to end (SIGTERM), and a look after `patience` milliseconds kills
 * them: packer needs up to two minutes to remove what it made. A stop by force kills them at once. What they print
 * meanwhile has no reader any more, so a program goes on only if it bears a closed output (an attempt must).
 */
export async function lookAt(folder: string, run: RunId, clock: Clock, patience: number): Promise<RunRecord> {
  const before = await lastWord(folder, run);
  if (before !== undefined) return before;
  switch (await runnerState(folder, clock)) {
    case 'alive':
      return inProgress(folder, run);
    case 'never-began': {
      const self = identifyProcess(process.pid);
      // With this nobody can begin it any more; who was quicker is its runner.
      if (self === undefined || !(await createDocument(path.join(folder, runFiles.runner), self))) return inProgress(folder, run);
      return declareFault(
        folder,
        run,
        clock,
        `the runner of the build service ended before it began; ${runFiles.runnerLog} in its folder may say why`,
      );
    }
    case 'dead': {
      // It may have written its last word since the first look.
      const after = await lastWord(folder, run);
      if (after !== undefined) return after;
      if (await endOrphans(folder, clock, patience)) return inProgress(folder, run);
      return declareFault(folder, run, clock, 'the runner of the build service died: it was killed, or the machine was restarted');
    }
  }
}

/** Kills what a dead runner left behind. */
export async function killOrphans(folder: string): Promise<void> {
  await (await orphansOf(folder)).processes.kill();
}

/** @returns whether some of them still live. */
async function endOrphans(folder: string, clock: Clock, patience: number): Promise<boolean> {
  const { processes, toldAt } = await orphansOf(folder);
  const living = processes.members();
  if (living.length === 0) return false;
  if (toldAt === undefined) {
    await writeDocument(path.join(folder, runFiles.orphans), {
      told_at: timestamp(clock.now()),
      processes: living.map(({ pid, started }) => ({ pid, started })),
    });
    signal(living, 'SIGTERM');
  } else if (clock.now() - Date.parse(toldAt) >= patience) {
    return (await processes.kill()).length > 0;
  }
  return true;
}

async function orphansOf(folder: string): Promise<{ readonly processes: RunProcesses; readonly toldAt: Timestamp | undefined }> {
  const shells = await readDocument(path.join(folder, runFiles.shells), Shells);
  const orphans = await readDocument(path.join(folder, runFiles.orphans), Orphans);
  const known = orphans.state === 'read' ? orphans.value : undefined;
  return { processes: new RunProcesses(shells.state === 'read' ? shells.value : [], known?.processes), toldAt: known?.told_at };
}

async function inProgress(folder: string, run: RunId): Promise<RunRecord> {
  const stored = await readDocument(path.join(folder, runFiles.record), StoredRecord);
  if (stored.state === 'read' && stored.value.record.run === run) return stored.value.record;
  const { startedAt } = await beginning(folder);
  const submitted = { phase: 'SUBMITTED', status: 'SUCCEEDED', started_at: startedAt, finished_at: startedAt, contexts: [] };
  const queued = { phase: 'QUEUED', status: 'IN_PROGRESS', started_at: startedAt, finished_at: null, contexts: [] };
  return { run, status: 'IN_PROGRESS', started_at: startedAt, finished_at: null, phases: [submitted, queued] };
}

/** The first to declare it is right for good: the time is then the same for all who look. */
async function declareFault(folder: string, run: RunId, clock: Clock, message: string): Promise<RunRecord> {
  const stored = await readDocument(path.join(folder, runFiles.record), StoredRecord);
  const { startedAt, damage } = await beginning(folder);
  const now = timestamp(clock.now());
  const places = [...damaged(stored, 'RECORD_DAMAGED'), ...damage];
  const readable = stored.state === 'read' && stored.value.record.run === run ? stored.value.record : undefined;
  const phases = (readable?.phases ?? []).map((phase) =>
    phase.finished_at === null ? { ...phase, status: 'FAULT', finished_at: now } : phase,
  );
  const completed = {
    phase: 'COMPLETED',
    status: 'FAULT',
    started_at: now,
    finished_at: now,
    contexts: [...places, { status_code: 'RUNNER_LOST', message }],
  };
  const record: RunRecord = {
    run,
    status: 'FAULT',
    started_at: readable?.started_at ?? startedAt,
    finished_at: now,
    phases: [...phases, completed],
  };
  await createDocument(path.join(folder, runFiles.fault), { schema: 'hybridcore-packer/run-record/1', record });
  return (await lastWord(folder, run)) ?? record;
}

function damaged(document: ReadDocument<unknown>, code: string): readonly { status_code: string; message: string }[] {
  return document.state === 'damaged' ? [{ status_code: code, message: document.why }] : [];
}

/** When the run was asked for; where the request is damaged, when its folder was last written. */
async function beginning(
  folder: string,
): Promise<{ readonly startedAt: Timestamp; readonly damage: readonly { status_code: string; message: string }[] }> {
  const request = await readDocument(path.join(folder, runFiles.request), RunRequest);
  if (request.state === 'read') return { startedAt: request.value.requested_at, damage: [] };
  return { startedAt: timestamp((await writtenAt(folder)) ?? 0), damage: damaged(request, 'REQUEST_DAMAGED') };
}
