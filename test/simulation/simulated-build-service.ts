import { isDeepStrictEqual } from 'node:util';

import { type BuilderName, type RunId, timestamp } from '../../core/identity.ts';
import { type BuildService, type StartAnswer, type StartRequest } from '../../core/ports.ts';
import { type RunRecord, type RunStatus } from '../../core/run-record.ts';
import { runNamed } from '../fixtures/records.ts';

/*
 * A build service as CodeBuild is, as far as the domain can tell, on a virtual clock:
 *
 * - `start` is asynchronous: the run is under way when it answers. Equal tokens give the same run for `tokenMemory`
 *   after the first start, and another run after that. A token that is remembered with another request is refused.
 * - A run may wait in the service's own queue for `queueTime` before it begins. Its time limit counts from then on.
 * - As many runs as `limit` are under way at once; a further start is `full` and leaves nothing behind. A token that is
 *   remembered is never full.
 * - A request with a variable whose name CodeBuild keeps for itself, or for a builder without a project, is refused.
 * - A run ends once: when its process ends (SUCCEEDED where it exits with 0, else FAILED with the exit status in the
 *   context of its BUILD phase), when it is stopped (STOPPED), when its time limit is over (TIMED_OUT), or when the
 *   service fails it (FAULT). From then on its record does not change.
 * - The end of each run is reported by events, as often as the world says: `ended` is told once a run.
 * - `look` leaves out what it does not know, for `unknownFor` also what has just begun; `forget` changes nothing here, since CodeBuild keeps what it ran.
 */

export type EndedStatus = Exclude<RunStatus, 'IN_PROGRESS'>;

export interface SimulatedRun {
  readonly run: RunId;
  readonly request: StartRequest;
  readonly startedAt: number;
  /** When it leaves the queue. */
  readonly beginsAt: number;
  record: RunRecord;
}

export interface ServiceOptions {
  /** How many runs are under way at once. */
  readonly limit: number;
  /** How long a token is remembered. Milliseconds. */
  readonly tokenMemory: number;
  /** How long a run waits before it begins. Milliseconds. */
  readonly queueTime?: number;
  /** For how long it may not know of a run that it has started. Milliseconds. */
  readonly unknownFor?: number;
  /** Somebody asked for another start with a token that is remembered. */
  readonly conflict?: (token: string) => void;
  /** The builder whose builds it refuses, as it does where there is no project for them. */
  readonly refuses?: BuilderName | undefined;
  readonly now: () => number;
  /** A run was started, and begins at its time: what it does is for the world. */
  readonly begins: (run: SimulatedRun) => void;
  /** A run is ended by force: nothing of it goes on. */
  readonly killed: (run: SimulatedRun) => void;
  /** A run has ended, however. */
  readonly ended: (run: SimulatedRun, status: EndedStatus) => void;
}

export interface SimulatedBuildService extends BuildService {
  readonly runs: ReadonlyMap<RunId, SimulatedRun>;
  /** The process of a run has ended. */
  exit(run: SimulatedRun, exitCode: number): void;
  /** The service fails a run. */
  fail(run: SimulatedRun): void;
  /** Ends what has outlived its time limit. */
  enforceTimeLimits(): void;
}

export function simulatedBuildService(options: ServiceOptions): SimulatedBuildService {
  const runs = new Map<RunId, SimulatedRun>();
  const newest = new Map<string, SimulatedRun>();
  const active = new Set<SimulatedRun>();

  const end = (run: SimulatedRun, status: EndedStatus, message?: string) => {
    if (run.record.status !== 'IN_PROGRESS') return;
    active.delete(run);
    const at = timestamp(options.now());
    const contexts = message === undefined ? [] : [{ status_code: 'COMMAND_EXECUTION_ERROR', message }];
    const phase = { phase: 'BUILD', status, started_at: run.record.started_at, finished_at: at, contexts };
    const completed = { phase: 'COMPLETED', status: 'SUCCEEDED', started_at: at, finished_at: at, contexts: [] };
    run.record = { ...run.record, status, finished_at: at, phases: [...queuePhase(run, options.now()), phase, completed] };
    options.ended(run, status);
  };
  const shown = (run: SimulatedRun | undefined): readonly RunRecord[] => {
    if (run === undefined || options.now() < run.startedAt + (options.unknownFor ?? 0)) return [];
    return [run.record.status === 'IN_PROGRESS' ? { ...run.record, phases: queuePhase(run, options.now()) } : run.record];
  };
  const force = (run: SimulatedRun, status: EndedStatus) => {
    if (run.record.status === 'IN_PROGRESS') options.killed(run);
    end(run, status);
  };

  const refused = (message: string): StartAnswer => ({
    state: 'refused',
    failure: { rule: 'SERVICE_REFUSED', message, remedy: 'deploy the builder, and set other variables' },
  });

  return {
    runs,
    async start(request) {
      const known = newest.get(request.token);
      if (known !== undefined && options.now() - known.startedAt < options.tokenMemory) {
        if (isDeepStrictEqual(known.request, request)) return { state: 'started', run: known.run };
        options.conflict?.(request.token);
        return refused(`the token ${request.token} stands for another request`);
      }
      const reserved = Object.keys(request.environment).find((name) => name.startsWith('CODEBUILD_'));
      if (reserved !== undefined || request.builder === options.refuses) {
        return refused(reserved === undefined ? `there is no project for ${request.builder}` : `${reserved} is a reserved variable`);
      }
      if (active.size >= options.limit) return { state: 'full', message: `${options.limit} runs are under way` };
      const run = runNamed(`run-${runs.size + 1}`);
      const startedAt = options.now();
      const record: RunRecord = { run, status: 'IN_PROGRESS', started_at: timestamp(startedAt), finished_at: null, phases: [] };
      const simulated: SimulatedRun = { run, request, startedAt, beginsAt: startedAt + (options.queueTime ?? 0), record };
      runs.set(run, simulated);
      newest.set(request.token, simulated);
      active.add(simulated);
      options.begins(simulated);
      return { state: 'started', run };
    },
    look: async (wanted) => wanted.flatMap((run) => shown(runs.get(run))),
    async stop(run) {
      const known = runs.get(run);
      if (known !== undefined) force(known, 'STOPPED');
    },
    forget: async () => undefined,
    exit: (run, exitCode) =>
      exitCode === 0
        ? end(run, 'SUCCEEDED')
        : end(run, 'FAILED', `Error while executing command: attempt. Reason: exit status ${exitCode}`),
    fail: (run) => force(run, 'FAULT'),
    enforceTimeLimits() {
      for (const run of active) if (options.now() >= run.beginsAt + run.request.timeLimit) force(run, 'TIMED_OUT');
    },
  };
}

/** The queue of the service among the phases of a run; none where it did not wait. */
function queuePhase({ startedAt, beginsAt }: SimulatedRun, now: number): RunRecord['phases'] {
  if (beginsAt === startedAt) return [];
  const waits = now < beginsAt;
  return [
    {
      phase: 'QUEUED',
      status: waits ? 'IN_PROGRESS' : 'SUCCEEDED',
      started_at: timestamp(startedAt),
      finished_at: waits ? null : timestamp(beginsAt),
      contexts: [],
    },
  ];
}
