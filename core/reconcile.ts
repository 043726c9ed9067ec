import { type KnownRuns, advance } from './advance.ts';
import { newestAttempt } from './build.ts';
import { type CompletePorts } from './complete.ts';
import { type Config } from './config.ts';
import { type BuildId, type BuilderName, type RunId } from './identity.ts';
import { type RunRecord } from './run-record.ts';
import { settle } from './settle.ts';
import { isFinal } from './states.ts';

/** How many open builds are gone through, and how many runs looked up, at once: as many as `BuildService.look` takes. */
const pageSize = 100;

/** What a sweep could not go on with: a build, or where that is null a builder, or where both are a look at the runs under way. */
export interface SweepProblem {
  readonly builder: BuilderName | null;
  readonly build_id: BuildId | null;
  readonly message: string;
}

/** What a sweep found. */
export interface Sweep {
  /** How many builds were open when it came. */
  readonly open: number;
  /** The builders that it went on with. */
  readonly builders: readonly BuilderName[];
  /** What went wrong; the next sweep tries again. */
  readonly problems: readonly SweepProblem[];
}

/**
 * Goes through everything that is open and does what is due: what a crash left, what waits, what nobody was told, runs
 * whose end was never reported. What goes wrong with one build or builder keeps none of the others from it. The cost
 * grows with what is open, never with what was.
 */
export async function reconcile(ports: CompletePorts, config: Config): Promise<Sweep> {
  const problems: SweepProblem[] = [];
  const attempt = async (what: Omit<SweepProblem, 'message'>, work: () => Promise<void>) => {
    try {
      await work();
    } catch (cause) {
      problems.push({ ...what, message: cause instanceof Error ? cause.message : String(cause) });
    }
  };
  let found = 0;
  const builders = new Set<BuilderName>();
  const runs = new Set<RunId>();
  let cursor: string | undefined;
  do {
    const page = await ports.records.listOpenBuilds({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    found += page.items.length;
    for (const open of page.items) {
      await attempt(open, async () => {
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
  const known = await lookUp(ports, [...runs], (look) => attempt({ builder: null, build_id: null }, look));
  for (const builder of builders) await attempt({ builder, build_id: null }, () => advance(ports, config, builder, known));
  return { open: found, builders: [...builders], problems };
}

/** A problem in one line. */
export function sweepProblemText({ builder, build_id: build, message }: SweepProblem): string {
  return `${build !== null ? `build ${build}` : builder !== null ? `builder ${builder}` : 'the runs under way'}: ${message}`;
}

/** What the build service knows of all runs under way, up to 100 in one call. Those of a call that fails are looked up each by itself later, and so is one that it does not know. */
async function lookUp(
  ports: CompletePorts,
  runs: readonly RunId[],
  attempt: (look: () => Promise<void>) => Promise<void>,
): Promise<KnownRuns> {
  const known = new Map<RunId, RunRecord>();
  for (let from = 0; from < runs.length; from += pageSize) {
    const asked = runs.slice(from, from + pageSize);
    await attempt(async () => {
      for (const record of await ports.buildService.look(asked)) known.set(record.run, record);
    });
  }
  return known;
}
