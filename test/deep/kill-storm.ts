import { Result } from '../../core/result.ts';
import { type SeededRandom, seededRandom } from '../fixtures/seeded-random.ts';
import { type Fate, type FatedBuilds, fatedBuilders, leakyBuilder } from './fated-builds.ts';
import { type Death, type EndedCommand, type Struck, runCommand } from './killed-command.ts';

/** As many commands at once: more than CI has cores, since a command waits for most of its life. */
const atOnce = 6;

/** What was seen from outside while commands were killed. */
export interface Storm {
  readonly struck: Struck;
  readonly commands: readonly EndedCommand[];
  /** Every build that any command told of. */
  readonly heard: ReadonlySet<string>;
  /** Results that commands gave, those of refused requests too. */
  readonly told: readonly Result[];
  /** Builds that `stop` was called for. */
  readonly stopped: ReadonlySet<string>;
}

/** Runs commands and kills most of them, until packer has run for so many builds. @param seed all choices derive from it; the moments at which they meet the builds do not. */
export async function killStorm(images: FatedBuilds, seed: number, builds: number): Promise<Storm> {
  const struck: Struck = { pids: new Set(), runs: new Set(), count: { command: 0, runner: 0, 'run-process': 0 } };
  const commands: EndedCommand[] = [];
  const heard = new Set<string>();
  const told: Result[] = [];
  const stopped = new Set<string>();
  const enough = async () => new Set((await images.executions()).map((execution) => execution.build)).size >= builds;

  const keepAsking = async (random: SeededRandom) => {
    while (!(await enough())) {
      const words = nextCommand(random, [...heard].slice(-6));
      if (words[0] === 'stop' && words[1] !== undefined) stopped.add(words[1]);
      const ended = await runCommand(images, words, { death: nextDeath(random), struck, random });
      commands.push(ended);
      for (const [, id] of ended.stderr.matchAll(/\bbuild ([0-7][0-9A-HJKMNP-TV-Z]{25})\b/g)) if (id !== undefined) heard.add(id);
      const result = resultOf(ended);
      if (result !== undefined) told.push(result);
      if (result?.build_id !== undefined && result.build_id !== null) heard.add(result.build_id);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, async (_, index) => keepAsking(seededRandom(seed + index))));
  return { struck, commands, heard, told, stopped };
}

/** What a `build` printed; undefined for other commands, and where it was killed before. */
function resultOf(ended: EndedCommand): Result | undefined {
  return ended.words[0] === 'build' && ended.stdout.endsWith('}\n') ? Result.parse(JSON.parse(ended.stdout)) : undefined;
}

function nextCommand(random: SeededRandom, recent: readonly string[]): readonly string[] {
  const [first, ...rest] = recent;
  switch (random.weighted({ build: 84, leak: 4, release: 3, status: 5, stop: 4 })) {
    case 'build': {
      const fate = random.weighted<Fate>({ sound: 60, flaky: 20, doomed: 10, broken: 10 });
      // A few tickets only, so that now and then a request equals one that waits.
      return ['build', random.pick(fatedBuilders), '--var', `fate=${fate}`, '--var', `ticket=${random.between(1, 9)}`, '--json'];
    }
    case 'leak':
      return ['build', leakyBuilder, '--json'];
    case 'release':
      return ['quarantine', 'release', leakyBuilder, '--reason', 'to see it again', '--json'];
    case 'status':
      return ['status', '--json'];
    case 'stop':
      return first === undefined ? ['status', '--json'] : ['stop', random.pick([first, ...rest]), '--json'];
  }
}

interface Turn {
  readonly line: RegExp;
  /** Milliseconds after it that are worth a crash. */
  readonly most: number;
}

/** What a command says in the life of a build. */
const turns: readonly [Turn, ...Turn[]] = [
  { line: /attempt \d (?:starts|is under way)/, most: 300 },
  { line: /Running local shell script/, most: 600 },
  { line: /^attempt \d: /m, most: 400 },
  { line: /stands below incoming/, most: 250 },
  { line: /stands below incoming[^]*(?:the one retry comes at|stands below incoming)/, most: 1500 },
];

function nextDeath(random: SeededRandom): Death {
  const victims = random.weighted({ command: 84, runner: 5, 'command runner': 3, 'run-process': 5, 'command run-process': 3 });
  const named = victims.split(' ').map((victim): Death['victims'][number] => {
    if (victim === 'command' || victim === 'runner') return victim;
    return 'run-process';
  });
  // Most of a life is the start of Node and packer, so every other crash is aimed at what comes after a turn.
  if (random.number() < 0.5) return { line: null, delay: random.between(100, 3000), victims: named };
  const { line, most } = random.pick(turns);
  return { line, delay: random.between(0, most), victims: named };
}
