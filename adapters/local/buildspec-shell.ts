import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { Readable } from 'node:stream';

import { type OutputStream } from './buildspec-console.ts';
import { type ProcessIdentity, identifyProcess } from './process-identity.ts';

/** The file descriptor on which the shell reports; high, since buildspecs use 3 and 4 for their own. */
const reportDescriptor = 9;
/** How long to wait for what an ended shell still had to say; milliseconds. */
const lastWords = 250;

interface ShellOptions {
  readonly shell: 'bash' | '/bin/sh';
  /** Where the first command begins. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Variables whose values are read after each command. */
  readonly exportedVariables: readonly string[];
  /** Called with each shell process before it is given a command. */
  readonly began: (leader: ProcessIdentity) => Promise<void>;
  /** Opens where an output goes; called twice for each shell process. */
  readonly openOutput: () => OutputStream;
}

interface State {
  /** A script of the shell's own (`export -p`) that sets all exported variables. */
  readonly exports: string;
  readonly directory: string;
  readonly values: ReadonlyMap<string, string>;
}

interface Report extends State {
  readonly status: number;
  /** From the EXIT trap: this shell takes no more commands. */
  readonly last: boolean;
}

/** What begins a report, sent as one: NUL parts the fields, since no variable can hold it. */
const prelude = (names: readonly string[]) =>
  [
    '__hybridcore_report() {',
    `  { printf '%s\\0%s\\0' "$1" "$PWD"; export -p; printf '\\0'`,
    ...names.map((name) => `    printf '%s\\0' "\${${name}+=}\${${name}-}"`),
    `  } >&${reportDescriptor}`,
    '}',
    `trap '__hybridcore_report "ended $?"' EXIT`,
    '',
  ].join('\n');

/**
 * One shell for all commands of a buildspec, as version 0.2 has it: variables, functions, options, the folder
 * and background jobs of one command are there for the next.
 *
 * The shell reads its script from a pipe that we write to as we go: each command is an `eval` in that same
 * shell, with nothing on its standard input, followed by a report of its exit status, folder and exported
 * variables on a descriptor of its own. (A shell per command, with the environment carried over, would lose
 * what is not exported, on which real buildspecs rely.)
 *
 * A command that ends the shell (`exit 7`, `exec`, a failure under `set -e`, a signal) ends only itself: the
 * next one runs in a new shell that begins with the exported variables and the folder that the old one had at
 * its end (from its EXIT trap; where the command replaced the trap or the shell, as they were before that
 * command). What was not exported is then gone. The state is passed on in memory and never written.
 *
 * Each shell leads a session and a process group of its own, so the whole of a run can be found and ended.
 */
export class BuildspecShell {
  readonly #options: ShellOptions;
  readonly #outputs: Promise<void>[] = [];
  readonly #streams: Readable[] = [];
  #running: RunningShell | undefined;
  #state: State | undefined;
  #abandoned = false;

  constructor(options: ShellOptions) {
    this.#options = options;
  }

  /** The exported variables that are set, as the last command left them. */
  get exportedVariables(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#state?.values ?? []);
  }

  /** Runs a command to its end. @returns its exit status; 128 and the signal's number where one ended the shell. */
  async run(command: string, succeeding: boolean): Promise<number> {
    // It may have been killed since its last command, by something that runs in the background.
    if (this.#running?.ended === true) this.#running = undefined;
    this.#running ??= await this.#start();
    const running = this.#running;
    const script = [
      `CODEBUILD_BUILD_SUCCEEDING=${succeeding ? 1 : 0}; export CODEBUILD_BUILD_SUCCEEDING`,
      `eval ${quote(command)} </dev/null`,
      '__hybridcore_report "$?"',
      '',
    ];
    running.write(script.join('\n'));
    const report = await running.report();
    if (report !== undefined) this.#state = report;
    if (report !== undefined && !report.last) return report.status;
    this.#running = undefined;
    return (await running.exit).status;
  }

  /** Gives it no more commands, nor to a shell that is just beginning; the processes are ended by the caller. */
  abandon(): void {
    this.#abandoned = true;
  }

  /** Lets the shell end by itself (its EXIT traps run); resolves when it has, or `patience` milliseconds are over. */
  async finish(patience: number): Promise<void> {
    if (this.#running === undefined) return;
    this.#running.close();
    await withinTime(this.#running.exit, patience);
  }

  /** Takes in what is still in the pipes. A process that escaped may hold one open, so not for ever. */
  async drain(): Promise<void> {
    await withinTime(Promise.all(this.#outputs), 1000);
    for (const stream of this.#streams) stream.destroy();
    await Promise.all(this.#outputs);
  }

  async #start(): Promise<RunningShell> {
    const { shell, directory, environment, exportedVariables, began } = this.#options;
    const state = this.#state;
    const child = spawn(shell, shell === 'bash' ? ['--noprofile', '--norc', '-s'] : ['-s'], {
      cwd: directory,
      // A variable that a command took away must not come back with the next shell.
      env: state === undefined ? environment : {},
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', ...Array.from({ length: reportDescriptor - 3 }, () => 'ignore' as const), 'pipe'],
    });
    await once(child, 'spawn');
    const running = new RunningShell(child, exportedVariables);
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) this.#attach(stream);
    const leader = child.pid === undefined ? undefined : identifyProcess(child.pid);
    if (leader !== undefined) await began(leader);
    if (this.#abandoned) {
      child.kill('SIGKILL');
      throw new Error('the run ended while its shell began');
    }
    running.write(prelude(exportedVariables));
    if (state !== undefined) running.write(`${state.exports}\ncd ${quote(state.directory)}\n`);
    return running;
  }

  #attach(stream: Readable): void {
    const output = this.#options.openOutput();
    stream.on('data', (chunk: Buffer) => output.push(chunk));
    this.#streams.push(stream);
    this.#outputs.push(
      new Promise((resolve) => {
        stream.on('error', () => undefined);
        stream.on('close', () => {
          output.end();
          resolve();
        });
      }),
    );
  }
}

/** One process of the shell. */
class RunningShell {
  readonly #child: ChildProcess;
  readonly #names: readonly string[];
  readonly #reports: Readable;
  readonly exit: Promise<{ readonly status: number }>;
  /** Whether the process is gone. */
  ended = false;
  #text = '';

  constructor(child: ChildProcess, names: readonly string[]) {
    this.#child = child;
    this.#names = names;
    // The types of Node know five descriptors.
    const reports: unknown = Array.from<unknown>(child.stdio)[reportDescriptor];
    if (!(reports instanceof Readable)) throw new TypeError('unreachable: the report descriptor is a pipe');
    this.#reports = reports;
    reports.setEncoding('utf8');
    reports.on('data', (text: string) => (this.#text += text));
    reports.on('error', () => undefined);
    // The shell may end before it has read all that was written to it.
    child.stdin?.on('error', () => undefined);
    this.exit = new Promise((resolve) => {
      child.on('exit', (code, signal) => {
        this.ended = true;
        resolve({ status: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
      });
    });
  }

  write(script: string): void {
    this.#child.stdin?.write(script);
  }

  close(): void {
    this.#child.stdin?.end();
  }

  /** The next report, or undefined where the shell ended without one. */
  async report(): Promise<Report | undefined> {
    for (;;) {
      const report = this.#take();
      if (report !== undefined) return report;
      if (this.ended) {
        await withinTime(once(this.#reports, 'close'), lastWords);
        return this.#take();
      }
      const waiting = new AbortController();
      await Promise.race([this.exit, once(this.#reports, 'data', { signal: waiting.signal }).catch(() => undefined)]);
      waiting.abort();
    }
  }

  #take(): Report | undefined {
    const [status, directory, exports, ...values] = this.#text.split('\0');
    if (status === undefined || directory === undefined || exports === undefined || values.length < this.#names.length + 1)
      return undefined;
    this.#text = values.slice(this.#names.length).join('\0');
    // An unset variable reports nothing, a set one `=` and its value.
    const set = this.#names.flatMap((name, index): [string, string][] =>
      values[index]?.startsWith('=') === true ? [[name, values[index].slice(1)]] : [],
    );
    const last = status.startsWith('ended ');
    return { status: Number(last ? status.slice('ended '.length) : status), last, directory, exports, values: new Map(set) };
  }
}

/** A text as one word of a shell, whatever it holds. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function withinTime(promise: Promise<unknown>, patience: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, patience)))]);
  clearTimeout(timer);
}
