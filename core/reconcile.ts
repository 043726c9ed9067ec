import { type Wait, advance } from './advance.ts';
import { type CompletePorts } from './complete.ts';
import { type Config } from './config.ts';
import { type BuildId, type BuilderName } from './identity.ts';
import { openBuilds } from './open-builds.ts';
import { settle } from './settle.ts';
import { isFinal } from './states.ts';
import { type Turn } from './turn.ts';

/** What could not be gone on with: a build that has ended and is not settled, or where `build_id` is null what is due for a builder. */
export interface SweepProblem {
  readonly builder: BuilderName;
  readonly build_id: BuildId | null;
  readonly cause: unknown;
}

/** What a sweep found. */
export interface Sweep {
  /** How many builds were open when it came. */
  readonly open: number;
  /** What went wrong; the next sweep tries again. */
  readonly problems: readonly SweepProblem[];
}

/**
 * Does what is due for one builder: settles what of its open builds has ended, and goes on with the line. What goes wrong with
 * one of that keeps none of the rest from it.
 */
async function goOnWith(
  ports: CompletePorts,
  config: Config,
  builder: BuilderName,
  open: readonly BuildId[],
): Promise<{ readonly problems: readonly SweepProblem[]; readonly wait: Wait | undefined }> {
  const problems: SweepProblem[] = [];
  const attempt = async (id: BuildId | null, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (cause) {
      problems.push({ builder, build_id: id, cause });
    }
  };
  for (const id of open) {
    await attempt(id, async () => {
      const build = await ports.records.readBuild(id);
      if (build !== undefined && isFinal(build.state)) await settle(ports, build);
    });
  }
  let wait: Wait | undefined;
  await attempt(null, async () => {
    wait = await advance(ports, config, builder);
  });
  return { problems, wait };
}

/**
 * Does what a turn asks for.
 *
 * @returns as `advance` does.
 * @throws AggregateError where something of what a sweep found could not be gone on with, after all the rest was.
 */
export async function takeTurn(ports: CompletePorts, config: Config, { turn: builder, open }: Turn): Promise<Wait | undefined> {
  if (open === undefined) return advance(ports, config, builder);
  const { problems, wait } = await goOnWith(ports, config, builder, open);
  if (problems.length === 0) return wait;
  const causes = problems.map(({ cause }) => cause);
  throw new AggregateError(causes, problems.map((problem) => sweepProblemText(problem)).join('; '));
}

/**
 * Goes through everything that is open and does what is due: what a crash left, what waits, what nobody was told, runs
 * whose end was never reported. What goes wrong with one build or builder keeps none of the others from it. The cost
 * grows with what is open, never with what was.
 */
export async function reconcile(ports: CompletePorts, config: Config): Promise<Sweep> {
  const open = await openBuilds(ports);
  const problems: SweepProblem[] = [];
  for (const [builder, builds] of open) problems.push(...(await goOnWith(ports, config, builder, builds)).problems);
  return { open: [...open.values()].flat().length, problems };
}

/** A problem in one line. */
export function sweepProblemText({ builder, build_id: build, cause }: SweepProblem): string {
  return `${build === null ? `builder ${builder}` : `build ${build}`}: ${cause instanceof Error ? cause.message : String(cause)}`;
}
