import { type Batch, type Failing, emptyBatch, mergedBatches } from './batch.ts';
import { type Exhausted, scenarioNames } from './exhaustive.ts';
import { type Guard } from './guards.ts';
import { type Violation } from './violation.ts';
import { playJobs } from './jobs.ts';

/** How many histories a thread plays before it is given the next. */
const chunk = 250;

export interface SimulationOptions {
  /** The seed of the first history; those after it have the next. */
  readonly seed: number;
  readonly histories: number;
  /** How many histories are played at once. */
  readonly threads: number;
  /** The name of the guard that is taken away; null for none. */
  readonly without: string | null;
}

/** Plays random histories until one breaks a promise. @returns what they came to; those that began before that are among them. */
export async function simulate({ seed, histories, threads, without }: SimulationOptions): Promise<Batch> {
  const jobs = Array.from({ length: Math.ceil(histories / chunk) }, (_, index) => ({
    job: 'batch' as const,
    from: seed + index * chunk,
    histories: Math.min(chunk, histories - index * chunk),
    mostFailing: 1,
  }));
  const answers = await playJobs(jobs, threads, without, (answer) => answer.job === 'batch' && answer.batch.failing.length > 0);
  return answers.reduce((all, answer) => (answer.job === 'batch' ? mergedBatches(all, answer.batch) : all), emptyBatch(seed));
}

/** The smallest history to be found that breaks the promise that this one breaks. */
export async function smallest(failing: Failing, without: string | null): Promise<Omit<Failing, 'seed'>> {
  const [answer] = await playJobs([{ job: 'shrink', failing }], 1, without);
  if (answer?.job !== 'shrink') throw new TypeError(`the answer to a shrink job is ${answer?.job}`);
  return answer.shrunk;
}

/** Plays the history again that these choices lead to. */
export async function playAgain(choices: readonly number[], without: string | null): Promise<Omit<Failing, 'seed'>> {
  const [answer] = await playJobs([{ job: 'replay', choices }], 1, without);
  if (answer?.job !== 'replay') throw new TypeError(`the answer to a replay job is ${answer?.job}`);
  return answer.played;
}

/** Plays each scenario with each crash and each pair of crashes. */
export async function exhaust(names: readonly string[], threads: number, without: string | null): Promise<readonly Exhausted[]> {
  const unknown = names.find((name) => !scenarioNames.includes(name));
  if (unknown !== undefined) throw new Error(`there is no scenario ${unknown}; there are: ${scenarioNames.join(', ')}`);
  const jobs = names.map((name) => ({ job: 'scenario' as const, name }));
  return (await playJobs(jobs, threads, without)).flatMap((answer) => (answer.job === 'scenario' ? [answer.exhausted] : []));
}

/** What became of a guard that was taken away. */
export interface Tooth {
  readonly guard: Guard;
  /** How many histories were played until one broke a promise. */
  readonly histories: number;
  /** What it broke; undefined where nothing was broken: the guard keeps nothing, or the simulation does not see it. */
  readonly broken: Violation | undefined;
}

/** Takes a guard away and plays histories until one breaks a promise. */
export async function bite(guard: Guard, options: Omit<SimulationOptions, 'without'>): Promise<Tooth> {
  if (guard.scenario === undefined) {
    const { failing, histories } = await simulate({ ...options, without: guard.name });
    return { guard, histories, broken: failing[0]?.violations[0] };
  }
  const [exhausted] = await exhaust([guard.scenario], 1, guard.name);
  return { guard, histories: exhausted?.histories ?? 0, broken: exhausted?.failing[0]?.end.violations[0] };
}
