import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { RunProcesses, signal } from '../../adapters/local/build-service-processes.ts';
import { ProcessIdentity, isAlive } from '../../adapters/local/process-identity.ts';
import { Shells, readDocument, runFiles } from '../../adapters/local/run-folder.ts';
import { type SeededRandom } from '../fixtures/seeded-random.ts';
import { type FatedBuilds } from './fated-builds.ts';

/** Who is killed: the command itself, the detached runner of a run, or one of the processes that the run runs: shell, attempt, packer, script. */
export type Victim = 'command' | 'runner' | 'run-process';

/** When SIGKILL falls, and on whom. */
export interface Death {
  /** Not before the command has said this; null: from its start on. */
  readonly line: RegExp | null;
  /** Milliseconds from then on. */
  readonly delay: number;
  readonly victims: readonly Victim[];
}

export interface EndedCommand {
  readonly words: readonly string[];
  readonly pid: number | undefined;
  readonly code: number | null;
  /** Whether it was ended by its own SIGKILL. */
  readonly killed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** All that was killed so far. */
export interface Struck {
  readonly pids: Set<number>;
  /** Runs of which a process was killed: what becomes of them is not what was asked for. */
  readonly runs: Set<string>;
  readonly count: Record<Victim, number>;
}

/** No command takes this long by itself; milliseconds. */
const hanging = 180_000;

/** Runs a command to its end, which may come early. @throws Error where it neither dies nor ends. */
export function runCommand(
  images: FatedBuilds,
  words: readonly string[],
  death?: { readonly death: Death; readonly struck: Struck; readonly random: SeededRandom },
): Promise<EndedCommand> {
  const child = images.start(words);
  let stdout = '';
  let stderr = '';
  let striking: Promise<void> | undefined;
  let blow: NodeJS.Timeout | undefined;
  const strikeSoon = () => {
    if (death === undefined) return;
    blow ??= setTimeout(() => {
      striking = strike(images, death.death.victims, child.pid, death.struck, death.random);
    }, death.death.delay);
  };
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`hybridcore-packer ${words.join(' ')} hangs: ${stderr}`));
    }, hanging);
    if (death?.death.line === null) strikeSoon();
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (death?.death.line?.test(stderr) === true) strikeSoon();
    });
    child.once('error', reject);
    child.once('close', (code, ended) => {
      clearTimeout(blow);
      clearTimeout(limit);
      (striking ?? Promise.resolve()).then(
        () => resolve({ words, pid: child.pid, code, killed: ended === 'SIGKILL', stdout, stderr }),
        reject,
      );
    });
  });
}

async function strike(
  images: FatedBuilds,
  victims: readonly Victim[],
  command: number | undefined,
  struck: Struck,
  random: SeededRandom,
): Promise<void> {
  for (const victim of victims) {
    if (victim === 'command') {
      if (command === undefined) continue;
      kill(command, victim, struck);
    } else {
      await killInRun(join(images.root, 'state', 'build-service'), victim, struck, random);
    }
  }
}

async function killInRun(runs: string, victim: 'runner' | 'run-process', struck: Struck, random: SeededRandom): Promise<void> {
  const [first, ...rest] = (await readdir(runs).catch(() => [])).filter((name) => name.startsWith('run-'));
  if (first === undefined) return;
  const run = random.pick([first, ...rest]);
  const pid = await (victim === 'runner' ? runnerOf(join(runs, run)) : processOf(join(runs, run), random));
  if (pid === undefined) return;
  struck.runs.add(run);
  kill(pid, victim, struck);
}

async function runnerOf(folder: string): Promise<number | undefined> {
  const runner = await readDocument(join(folder, runFiles.runner), ProcessIdentity);
  return runner.state === 'read' && isAlive(runner.value) ? runner.value.pid : undefined;
}

async function processOf(folder: string, random: SeededRandom): Promise<number | undefined> {
  const shells = await readDocument(join(folder, runFiles.shells), Shells);
  const [first, ...rest] = shells.state === 'read' ? new RunProcesses(shells.value).members() : [];
  return first === undefined ? undefined : random.pick([first, ...rest]).pid;
}

function kill(pid: number, victim: Victim, struck: Struck): void {
  struck.pids.add(pid);
  struck.count[victim] += 1;
  signal([{ pid }], 'SIGKILL');
}
