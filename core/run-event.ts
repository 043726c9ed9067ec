import { type Wait, advance } from './advance.ts';
import { type Build } from './build.ts';
import { type CompletePorts } from './complete.ts';
import { type Config } from './config.ts';
import { BuildId, RunId, timestamp } from './identity.ts';
import { RunStatus } from './run-record.ts';
import { isFinal } from './states.ts';
import { type StrayEvent, eventIdOf } from './stray-event.ts';
import * as z from './zod.ts';

/** What the build service says when a run has changed its status: all of it a claim, which the records and a look at the run decide. */
export const RunEvent = z.object({
  run: RunId,
  status: RunStatus,
  /** From the run's environment; null where it has none. */
  build_id: z.nullable(BuildId),
});
export type RunEvent = z.infer<typeof RunEvent>;

/**
 * Goes on with the build that an event of the build service is about. It may come twice, late, before the start was
 * recorded, or never. One for a build that is not known, that has ended, or for a run that its build does not have, is
 * recorded once and has no effect.
 *
 * @returns as `advance` does.
 */
export async function handleRunEvent(ports: CompletePorts, config: Config, event: RunEvent): Promise<Wait | undefined> {
  const build = event.build_id === null ? undefined : await ports.records.readBuild(event.build_id);
  const why = strayReason(build, event.run);
  if (why !== undefined) await recordStray(ports, event, why);
  return build === undefined || why !== undefined ? undefined : advance(ports, config, build.builder);
}

function strayReason(build: Build | undefined, run: RunId): StrayEvent['why'] | undefined {
  if (build === undefined) return 'unknown-build';
  if (isFinal(build.state)) return 'final-build';
  // An intended attempt may have this run: who started it has not recorded it yet.
  return build.attempts.some((attempt) => attempt.run === run || attempt.run === null) ? undefined : 'unknown-run';
}

async function recordStray(ports: CompletePorts, event: RunEvent, why: StrayEvent['why']): Promise<void> {
  const id = eventIdOf(event.run, event.status);
  if ((await ports.records.readStrayEvent(id)) !== undefined) return;
  const document: StrayEvent = {
    schema: 'hybridcore-packer/stray-event/1',
    version: 1,
    event_id: id,
    run: event.run,
    status: event.status,
    build_id: event.build_id,
    why,
    received_at: timestamp(ports.clock.now()),
  };
  // Somebody else who records the same at once records the same.
  await ports.records.commit([{ type: 'stray-event', expected: null, document }]);
}
