import { type KnownRuns, advance } from './advance.ts';
import { newestAttempt } from './build.ts';
import { type CompletePorts } from './complete.ts';
import { type Config } from './config.ts';
import { type BuilderName, type RunId } from './identity.ts';
import { type RunRecord } from './run-record.ts';
import { settle } from './settle.ts';
import { isFinal } from './states.ts';

/** How many open builds are gone through, and how many runs looked up, at once: as many as `BuildService.look` takes. */
const pageSize = 100;

/**
 * Goes through everything that is open and does what is due: what a crash left, what waits, what nobody was told, runs
 * whose end was never reported. What goes wrong with one build or builder keeps none of the others from it. The cost
 * grows with what is open, never with what was.
 *
 * @returns what went wrong, each with its build or builder; the next sweep tries again.
 */
export async function reconcile(ports: CompletePorts, config: Config): Promise<readonly string[]> {
  const problems: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (cause) {
      problems.push(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  };
  const builders = new Set<BuilderName>();
  const runs = new Set<RunId>();
  let cursor: string | undefined;
  do {
    const page = await ports.records.listOpenBuilds({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    for (const open of page.items) {
      await attempt(`build ${open.build_id}`, async () => {
        const build = await ports.records.readBuild(open.build_id);
        if (build === undefined) return;
        if (isFinal(build.state)) return settle(ports, build);
        builders.add(build.builder);
        const run = newestAttempt(build)?.run ?? null;
        if (build.state === 'running' && run !== null) runs.add(run);
      });
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  const known = await lookUp(ports, [...runs]);
  for (const builder of builders) await attempt(`builder ${builder}`, () => advance(ports, config, builder, known));
  return problems;
}

/** What the build service knows of all runs under way, up to 100 in one call. */
async function lookUp(ports: CompletePorts, runs: readonly RunId[]): Promise<KnownRuns> {
  const known = new Map<RunId, RunRecord>();
  for (let from = 0; from < runs.length; from += pageSize)
    for (const record of await ports.buildService.look(runs.slice(from, from + pageSize))) known.set(record.run, record);
  return known;
}
