import path from 'node:path';

import { type RunId, type Timestamp, timestamp } from '../../core/identity.ts';
import { type Clock } from '../../core/ports.ts';
import { type RunPhase, type RunRecord, type RunStatus } from '../../core/run-record.ts';
import { runFiles, writeDocument } from './run-folder.ts';

/** CodeBuild's names of the phases of a run, in their order. */
type PhaseName =
  | 'SUBMITTED'
  | 'QUEUED'
  | 'PROVISIONING'
  | 'DOWNLOAD_SOURCE'
  | 'INSTALL'
  | 'PRE_BUILD'
  | 'BUILD'
  | 'POST_BUILD'
  | 'UPLOAD_ARTIFACTS'
  | 'FINALIZING'
  | 'COMPLETED';

export type Context = RunPhase['contexts'][number];
export type FinalStatus = Exclude<RunStatus, 'IN_PROGRESS'>;

/** Writes `record.json`, whole, at each change of the phase. One phase ends where the next begins. */
export class RunJournal {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #run: RunId;
  readonly #startedAt: Timestamp;
  readonly #phases: RunPhase[] = [];

  /** @param startedAt when the run was asked for. */
  constructor(folder: string, run: RunId, startedAt: Timestamp, clock: Clock) {
    this.#file = path.join(folder, runFiles.record);
    this.#clock = clock;
    this.#run = run;
    this.#startedAt = startedAt;
    this.#phases.push({ phase: 'SUBMITTED', status: 'SUCCEEDED', started_at: startedAt, finished_at: startedAt, contexts: [] });
    this.#phases.push({ phase: 'QUEUED', status: 'SUCCEEDED', started_at: startedAt, finished_at: timestamp(clock.now()), contexts: [] });
  }

  async begin(phase: PhaseName): Promise<void> {
    this.#phases.push({ phase, status: 'IN_PROGRESS', started_at: timestamp(this.#clock.now()), finished_at: null, contexts: [] });
    await this.#write('IN_PROGRESS', null);
  }

  /** Ends the phase that is under way, if one is. The next `begin` or `complete` writes it down. */
  end(status: FinalStatus, contexts: readonly Context[] = []): void {
    const last = this.#phases.at(-1);
    if (last === undefined || last.finished_at !== null) return;
    this.#phases.splice(-1, 1, { ...last, status, finished_at: timestamp(this.#clock.now()), contexts: [...contexts] });
  }

  /** The last word: nothing is written after it. */
  async complete(status: FinalStatus, exportedVariables?: Readonly<Record<string, string>>): Promise<void> {
    const now = timestamp(this.#clock.now());
    this.#phases.push({ phase: 'COMPLETED', status: 'SUCCEEDED', started_at: now, finished_at: now, contexts: [] });
    await this.#write(status, now, exportedVariables);
  }

  async #write(status: RunStatus, finishedAt: Timestamp | null, exportedVariables?: Readonly<Record<string, string>>): Promise<void> {
    const record: RunRecord = { run: this.#run, status, started_at: this.#startedAt, finished_at: finishedAt, phases: this.#phases };
    await writeDocument(this.#file, {
      schema: 'hybridcore-packer/run-record/1',
      record: exportedVariables === undefined ? record : { ...record, exported_variables: exportedVariables },
    });
  }
}
