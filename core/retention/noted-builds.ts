import { type Build } from '../build.ts';
import { type PlanPorts, allBuilds } from './policy-plan.ts';

/** Builds of which somebody said how they are to be kept. */
export interface NotedBuilds {
  /** Under a legal hold, or released from one since. */
  readonly holds: readonly Build[];
  /** Kept otherwise since: raised, or by a policy that was applied. */
  readonly changed: readonly Build[];
  /** Of either, those whose records hold some of it no more. */
  readonly shortened: readonly Build[];
}

/** By their ids. @param since milliseconds since 1970. */
export async function notedBuilds(records: PlanPorts['records'], since: number): Promise<NotedBuilds> {
  const holds: Build[] = [];
  const changed: Build[] = [];
  for await (const build of allBuilds(records)) {
    if (build.retention_changes.some(({ at }) => Date.parse(at) >= since)) changed.push(build);
    if (build.hold !== null || (build.hold_released !== null && Date.parse(build.hold_released.at) >= since)) holds.push(build);
  }
  const shortened = [...new Set([...holds, ...changed])].filter(
    ({ past_holds_left_out: held, retention_changes_left_out: otherwise }) => held + otherwise > 0,
  );
  return { holds: byId(holds), changed: byId(changed), shortened: byId(shortened) };
}

function byId(builds: readonly Build[]): readonly Build[] {
  return builds.toSorted((a, b) => (a.build_id < b.build_id ? -1 : 1));
}
