import { spawn } from 'node:child_process';

/** One process, or several at once: the time is that of all together. */
export interface Contestant {
  readonly name: string;
  readonly commands: readonly (readonly [program: string, ...words: string[]])[];
  readonly folder: string;
  /** Before each run, outside of what is measured. */
  readonly prepare?: () => Promise<void> | void;
}

/**
 * Runs contestants in turn, the order turned round with every round, and gives the lower quartile of each one's
 * milliseconds, from before its process is made until it has ended: a median of a busy machine measures its neighbours.
 */
export async function measure(
  contestants: readonly Contestant[],
  rounds: number,
  environment: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      await contestant.prepare?.();
      const start = performance.now();
      await Promise.all(contestant.commands.map((command) => run(command, contestant.folder, environment)));
      times.get(contestant.name)?.push(performance.now() - start);
    }
  }
  return new Map([...times].map(([name, values]) => [name, values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)] ?? Number.NaN]));
}

/** @throws Error for a process that cannot be started, or ends with another code than 0: it would be measured as fast. */
export function run(
  [program, ...words]: Contestant['commands'][number],
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let [text, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      // What is printed is taken, and little of it is kept.
      if (text.length < 4096) text += chunk.toString('latin1');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString('latin1');
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(`${text}${errors}`);
      else reject(new Error(`${program} ${words.slice(0, 3).join(' ')} ended with ${code}: ${errors.slice(0, 2000)}`));
    });
  });
}
