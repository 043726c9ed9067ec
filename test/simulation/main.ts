import { availableParallelism } from 'node:os';

import { Command, InvalidArgumentError } from 'commander';

import { scenarioNames } from './exhaustive.ts';
import { guards } from './guards.ts';
import { batchText, choicesFrom, exhaustedText, failingText, toothText } from './report.ts';
import { bite, exhaust, playAgain, simulate, smallest } from './simulate.ts';

/* `npm run simulate`: see README.md. Exits with 1 where a promise was broken, or where a guard was not missed. */

interface Options {
  readonly seed: number;
  readonly histories: number;
  readonly threads: number;
  readonly without?: string;
  readonly choices?: readonly number[];
  readonly exhaustive?: true | string;
  readonly teeth?: true;
}

const program = new Command('npm run simulate --')
  .description('Plays the life of builds over a world that fails, and asserts after each history what must hold.')
  .option('--seed <number>', 'the seed of the first history', wholeNumber(0, 2 ** 32 - 1), 1)
  .option('--histories <number>', 'how many histories are played', wholeNumber(1, 2 ** 32), 10_000)
  .option('--threads <number>', 'how many are played at once', wholeNumber(1, 64), availableParallelism())
  .option('--without <guard>', 'take a guard away first', guardNamed)
  .option('--choices <list>', 'play one history again, as a failing one was reported', choicesNamed)
  .option('--exhaustive [scenario]', 'play a scenario, or all of them, with each crash and each pair of crashes')
  .option('--teeth', 'take each guard away in turn: every one must be missed')
  .action(run);

await program.parseAsync();

async function run(options: Options): Promise<void> {
  const held = await play(options);
  if (!held) process.exitCode = 1;
}

async function play(options: Options): Promise<boolean> {
  if (options.choices !== undefined) return playChoices(options.choices, options.without ?? null);
  if (options.exhaustive !== undefined) return playScenarios(options.exhaustive, options);
  return options.teeth === undefined ? playHistories(options) : playWithoutEach(options);
}

async function playHistories(options: Options): Promise<boolean> {
  const without = options.without ?? null;
  const batch = await simulate({ ...options, without });
  const [first] = batch.failing;
  if (first === undefined) {
    console.log(`${batchText(batch)}\nno promise was broken`);
    return true;
  }
  const shrunk = await smallest(first, without);
  console.log(`${failingText(shrunk, without)}\n`);
  console.log(`that is what is left of seed ${first.seed} (${first.steps.length} steps, now ${shrunk.steps.length})\n${batchText(batch)}`);
  return false;
}

async function playChoices(choices: readonly number[], without: string | null): Promise<boolean> {
  const played = await playAgain(choices, without);
  console.log(failingText(played, without));
  return played.violations.length === 0;
}

async function playScenarios(which: true | string, { threads, without }: Options): Promise<boolean> {
  const exhausted = await exhaust(which === true ? scenarioNames : [which], threads, without ?? null);
  for (const each of exhausted) console.log(exhaustedText(each));
  return exhausted.every(({ failing }) => failing.length === 0);
}

async function playWithoutEach(options: Options): Promise<boolean> {
  let missed = true;
  for (const guard of guards) {
    const tooth = await bite(guard, options);
    console.log(toothText(tooth));
    if (tooth.broken === undefined) missed = false;
  }
  return missed;
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least && number <= most)) throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    return number;
  };
}

function guardNamed(text: string): string {
  if (!guards.some(({ name }) => name === text))
    throw new InvalidArgumentError(`The guards are: ${guards.map(({ name }) => name).join(', ')}.`);
  return text;
}

function choicesNamed(text: string): readonly number[] {
  const choices = choicesFrom(text);
  if (choices === undefined) throw new InvalidArgumentError('They are numbers with dots between them, as in 0.2.0.1.');
  return choices;
}
