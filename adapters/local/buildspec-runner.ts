import { existsSync, openSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';

import { variables } from '../../core/contract/variables.ts';
import { type Clock } from '../../core/ports.ts';
import { surroundingsOf } from './build-service-environment.ts';
import { RunProcesses } from './build-service-processes.ts';
import { type Buildspec, type BuildspecPhase, type CommandPhase, commandPhases, parseBuildspec } from './buildspec.ts';
import { Console, type Redact } from './buildspec-console.ts';
import { type Context, type FinalStatus, RunJournal } from './buildspec-journal.ts';
import { BuildspecShell } from './buildspec-shell.ts';
import { type ProcessIdentity, identifyProcess } from './process-identity.ts';
import { RunRequest, createDocument, readDocument, runFiles, writeDocument } from './run-folder.ts';

/** Timers of Node hold no more milliseconds than this: 24 days. */
const longestTimer = 2 ** 31 - 1;

/** What every line passes before it is written anywhere. */
type Redaction =
  /** Knows no line but the one it is given. */
  | { readonly redact: Redact }
  /**
   * Told once the secrets that are passed on to the commands; what it answers is called for each output and each
   * text that stands alone, and remembers what it likes of that one. Equal lines give equal marks in all of them.
   */
  | { readonly openRedaction: (secrets: readonly PassedSecret[]) => () => Redact };

/** A variable of the surroundings that reaches the commands and must not be printed. */
interface PassedSecret {
  readonly name: string;
  readonly value: string;
}

export type RunnerOptions = Redaction & {
  readonly clock: Clock;
  /** The runner's own surroundings; what of it reaches the commands: `surroundingsOf`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** Why a run ends before its commands do. */
type Interruption = 'stopped' | 'timed-out' | 'signalled';

const interruptions = {
  stopped: { status: 'STOPPED', contexts: [] },
  'timed-out': { status: 'TIMED_OUT', contexts: [{ status_code: 'BUILD_TIMED_OUT', message: 'Build has timed out.' }] },
  // The machine shuts down, or a person killed the runner by hand: no operator asked for it.
  signalled: {
    status: 'FAULT',
    contexts: [
      {
        status_code: 'INTERRUPTED',
        message: 'the runner of the build service was told to end (SIGTERM), and nobody had asked to stop the run',
      },
    ],
  },
} as const satisfies Record<Interruption, { status: FinalStatus; contexts: readonly Context[] }>;

type PhaseOutcome =
  | { readonly status: 'SUCCEEDED' }
  | { readonly status: 'FAILED'; readonly context: Context }
  | { readonly status: 'INTERRUPTED'; readonly by: Interruption };

/**
 * Runs the buildspec of a run folder to its end: the body of the runner's process. Whoever creates `runner.json`
 * is the only runner of the run; another one that was started for it ends at once.
 *
 * What of buildspec 0.2 is carried out: `parseBuildspec`; how the commands share a shell: `BuildspecShell`.
 * Like CodeBuild
 * - the first failed command skips the rest of its phase, `finally` always runs, post_build runs after a failed
 *   build; a failed install or pre_build ends the commands. `on-failure` changes only whether the next phase
 *   runs: a run in which a phase failed is FAILED.
 * - variables win in this order: the start request's, the home's, the buildspec's, the surroundings'; the
 *   built-in `CODEBUILD_*` stand above all. Built in are BUILD_ARN and BUILD_ID (both the run's id),
 *   BUILD_SUCCEEDING, INITIATOR, SRC_DIR and START_TIME; HOME and the AWS_ regions where the surroundings have
 *   them. There is no BUILD_NUMBER, since nothing here counts, and nothing of images, keys and source versions;
 *   what the request says of such variables (`built_in`) stands above this service's own.
 * - a run that was stopped or reached its time limit runs neither `finally` nor post_build.
 *
 * When the run ends, so do its processes (`RunProcesses`): those that still run in the background get SIGTERM,
 * and SIGKILL after the grace.
 *
 * @returns 0 where the run SUCCEEDED, or where another runner has it; else 1.
 * @throws Error where the run folder cannot be read: the build service then reports a fault.
 */
export async function runBuildspec(runFolder: string, options: RunnerOptions): Promise<number> {
  const folder = path.resolve(runFolder);
  const interruption = listenForSignals(folder);
  let limit: NodeJS.Timeout | undefined;
  try {
    const request = await readDocument(path.join(folder, runFiles.request), RunRequest);
    if (request.state !== 'read') throw new Error(request.state === 'damaged' ? request.why : `there is no run in ${folder}`);
    const self = identifyProcess(process.pid);
    if (self === undefined || !(await createDocument(path.join(folder, runFiles.runner), self))) return 0;
    if (existsSync(path.join(folder, runFiles.stop))) interruption.interrupt('stopped');
    limit = setTimeout(() => interruption.interrupt('timed-out'), Math.min(request.value.time_limit, longestTimer));
    const status = await new BuildspecRun(folder, request.value, options, interruption.interrupted).run();
    return status === 'SUCCEEDED' ? 0 : 1;
  } finally {
    clearTimeout(limit);
    interruption.silence();
  }
}

interface Listening {
  /** Resolves with the first interruption. */
  readonly interrupted: Promise<Interruption>;
  readonly interrupt: (by: Interruption) => void;
  readonly silence: () => void;
}

/** From the very beginning, so that no signal finds the runner without a handler. */
function listenForSignals(folder: string): Listening {
  const { promise, resolve } = Promise.withResolvers<Interruption>();
  const told = () => resolve(existsSync(path.join(folder, runFiles.stop)) ? 'stopped' : 'signalled');
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, told);
  return {
    interrupted: promise,
    interrupt: resolve,
    silence: () => {
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.off(name, told);
    },
  };
}

class BuildspecRun {
  readonly #folder: string;
  readonly #request: RunRequest;
  readonly #options: RunnerOptions;
  readonly #interrupted: Promise<Interruption>;
  readonly #journal: RunJournal;
  readonly #console: Console;
  readonly #leaders: ProcessIdentity[] = [];
  readonly #processes = new RunProcesses([]);
  #succeeding = true;
  #consoleError: string | undefined;

  constructor(folder: string, request: RunRequest, options: RunnerOptions, interrupted: Promise<Interruption>) {
    this.#folder = folder;
    this.#request = request;
    this.#options = options;
    this.#interrupted = interrupted;
    this.#journal = new RunJournal(folder, request.run, request.requested_at, options.clock);
    const log = openSync(path.join(folder, runFiles.console), 'a', 0o600);
    this.#console = new Console((text) => this.#writeConsole(log, text), redactionOf(options, request.pass_through));
  }

  async run(): Promise<FinalStatus> {
    try {
      await this.#journal.begin('PROVISIONING');
      this.#journal.end('SUCCEEDED');
      await this.#journal.begin('DOWNLOAD_SOURCE');
      const buildspec = await this.#download();
      if (buildspec === undefined) return await this.#finalize('FAILED');
      const shell = this.#openShell(buildspec);
      const { status, exported } = await this.#runPhases(buildspec, shell);
      return await this.#finalize(status, { shell, exported });
    } catch (error) {
      // A bug, or the world failed the runner: the run must end in its record all the same.
      this.#journal.end('FAULT', [
        { status_code: 'RUNNER_ERROR', message: this.#console.scrub(error instanceof Error ? error.message : String(error)) },
      ]);
      await this.#processes.end(this.#request.grace);
      await this.#journal.complete('FAULT');
      return 'FAULT';
    }
  }

  #writeConsole(log: number, text: string): void {
    try {
      writeSync(log, text);
    } catch (error) {
      // A full disk must not cost an image that is nearly made.
      this.#consoleError ??= error instanceof Error ? error.message : String(error);
    }
  }

  /** Undefined, with the phase ended, where the buildspec or the source is not there to be used. */
  async #download(): Promise<Buildspec | undefined> {
    const parsed = parseBuildspec(this.#request.buildspec, 'buildspec');
    if (!parsed.ok) {
      this.#journal.end('FAILED', [{ status_code: 'YAML_FILE_ERROR', message: parsed.failure.message }]);
      return undefined;
    }
    const source = await stat(this.#request.source).catch(() => undefined);
    if (source?.isDirectory() !== true) {
      this.#journal.end('FAILED', [{ status_code: 'CLIENT_ERROR', message: `the source folder ${this.#request.source} is not there` }]);
      return undefined;
    }
    this.#journal.end('SUCCEEDED');
    return parsed.value;
  }

  #openShell(buildspec: Buildspec): BuildspecShell {
    const request = this.#request;
    return new BuildspecShell({
      shell: buildspec.shell,
      directory: request.source,
      environment: {
        ...surroundingsOf(this.#options.environment, request.pass_through),
        ...buildspec.variables,
        ...request.project_variables,
        ...request.environment,
        [variables.run]: request.run,
        CODEBUILD_BUILD_ID: request.run,
        CODEBUILD_BUILD_SUCCEEDING: '1',
        CODEBUILD_INITIATOR: 'hybridcore-packer',
        CODEBUILD_SRC_DIR: request.source,
        CODEBUILD_START_TIME: String(Date.parse(request.requested_at)),
        ...request.built_in,
      },
      exportedVariables: buildspec.exportedVariables,
      // Before the shell is given a command: should the runner die, whoever looks finds the session.
      began: async (leader) => {
        this.#leaders.push(leader);
        this.#processes.lead(leader);
        await writeDocument(path.join(this.#folder, runFiles.shells), this.#leaders);
      },
      openOutput: () => this.#console.open(),
    });
  }

  async #runPhases(
    buildspec: Buildspec,
    shell: BuildspecShell,
  ): Promise<{ readonly status: FinalStatus; readonly exported?: Readonly<Record<string, string>> }> {
    for (const name of commandPhases) {
      const phase = buildspec.phases[name];
      await this.#journal.begin(phaseNames[name]);
      const outcome = await this.#runPhase(name, phase, shell);
      if (outcome.status === 'INTERRUPTED') {
        const { status, contexts } = interruptions[outcome.by];
        this.#journal.end(status, contexts);
        return { status };
      }
      this.#journal.end(outcome.status, outcome.status === 'FAILED' ? [outcome.context] : []);
      if (outcome.status === 'FAILED' && !goesOn(name, phase)) return { status: 'FAILED' };
    }
    await this.#journal.begin('UPLOAD_ARTIFACTS');
    this.#journal.end('SUCCEEDED');
    const exported = Object.entries(shell.exportedVariables).map(([name, value]) => [name, this.#console.scrub(value)] as const);
    return { status: this.#succeeding ? 'SUCCEEDED' : 'FAILED', exported: Object.fromEntries(exported) };
  }

  async #runPhase(name: CommandPhase, phase: BuildspecPhase, shell: BuildspecShell): Promise<PhaseOutcome> {
    let failed: Context | undefined;
    for (const commands of [phase.commands, phase.finally]) {
      for (const command of commands) {
        const before = await Promise.race([this.#interrupted, Promise.resolve(undefined)]);
        if (before !== undefined) return { status: 'INTERRUPTED', by: before };
        this.#console.say(`[build service] ${phaseNames[name]}: ${firstLine(command)}`);
        const ended = await Promise.race([this.#interrupted, shell.run(command, this.#succeeding)]);
        if (typeof ended === 'string') return { status: 'INTERRUPTED', by: ended };
        if (ended === 0) continue;
        this.#succeeding = false;
        failed ??= {
          status_code: 'COMMAND_EXECUTION_ERROR',
          message: this.#console.scrub(`Error while executing command: ${command}. Reason: exit status ${ended}`),
        };
        break;
      }
    }
    return failed === undefined ? { status: 'SUCCEEDED' } : { status: 'FAILED', context: failed };
  }

  async #finalize(
    status: FinalStatus,
    ran?: { readonly shell: BuildspecShell; readonly exported: Readonly<Record<string, string>> | undefined },
  ): Promise<FinalStatus> {
    await this.#journal.begin('FINALIZING');
    if (status === 'SUCCEEDED' || status === 'FAILED') await ran?.shell.finish(this.#request.grace);
    else ran?.shell.abandon();
    const left = await this.#processes.end(this.#request.grace);
    await ran?.shell.drain();
    const remaining = left.map((entry) => ({ status_code: 'PROCESS_REMAINS', message: `the process ${entry.pid} could not be ended` }));
    const lost =
      this.#consoleError === undefined
        ? []
        : [{ status_code: 'CONSOLE_INCOMPLETE', message: `${runFiles.console} is not complete: ${this.#consoleError}` }];
    this.#journal.end('SUCCEEDED', [...remaining, ...lost]);
    await this.#journal.complete(status, ran?.exported);
    return status;
  }
}

function redactionOf(options: RunnerOptions, passThrough: readonly string[]): () => Redact {
  if ('redact' in options) return () => options.redact;
  const surroundings = surroundingsOf(options.environment, passThrough);
  return options.openRedaction(
    [...passThrough, ...secretNames].flatMap((name) => {
      const value = surroundings[name];
      return value === undefined ? [] : [{ name, value }];
    }),
  );
}

/** Secrets that are passed on without being asked for. */
const secretNames = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN'];

const phaseNames = { install: 'INSTALL', pre_build: 'PRE_BUILD', build: 'BUILD', post_build: 'POST_BUILD' } as const;

/** Whether the next phase runs after this one has failed. */
function goesOn(name: CommandPhase, phase: BuildspecPhase): boolean {
  if (phase.onFailure !== null) return phase.onFailure === 'CONTINUE';
  // The transition of CodeBuild's user guide: only a failed build is followed by post_build.
  return name === 'build' || name === 'post_build';
}

/** Enough to tell the commands of a buildspec apart; the whole stands in the buildspec. */
function firstLine(command: string): string {
  const [first = '', ...rest] = command.trim().split('\n');
  return rest.length === 0 ? first : `${first} ...`;
}
