import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Readable } from 'node:stream';

import { lastRunOf, parseManifestRecord } from '../../core/packer-log/manifest-record.ts';
import { type PackerJob, type PackerOutcome } from '../../core/ports.ts';
import { lineSplitter } from './line-splitter.ts';
import { packerArguments, privateVarFileName } from './packer-arguments.ts';

/** Takes lines, and where it gives a promise has taken them when that is resolved (`Packer.run`). */
type OnLines = (lines: readonly string[]) => Promise<void> | undefined;

export interface RunPackerOptions {
  /** The repository's root: packer's working directory, to which its relative paths are relative. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds that packer gets to clean up after SIGTERM before SIGKILL; it can need two minutes. */
  readonly cleanUpTime?: number;
}

/**
 * Runs `packer build` and gives the lines of its output as they come. Secrets are in a file of mode 600 in a
 * private folder that is gone afterwards. An abort sends SIGTERM to packer alone, which passes it on and cleans up.
 */
export function runPacker(options: RunPackerOptions, job: PackerJob, onLines: OnLines, interrupt: AbortSignal): Promise<PackerOutcome> {
  return withPrivateVarFile(job, async (privateVarFile) => {
    if (job.init) {
      const initialised = await runTool(options, job, ['init', join(options.root, job.template)], onLines, interrupt);
      if (initialised.exitCode !== 0 || interrupt.aborted) return { ...initialised, recorded: [] };
    }
    const before = await readRecords(options.root, job.manifestOutputs);
    const ended = await runTool(options, job, packerArguments('build', options.root, job, privateVarFile), onLines, interrupt);
    const after = await readRecords(options.root, job.manifestOutputs);
    const read = [...after].map(([file, text]) => ({
      file,
      read: parseManifestRecord(text, { last_run_uuid: lastRunOf(before.get(file) ?? '') }),
    }));
    const problems = read.flatMap(({ file, read }) => (read.ok ? [] : [`[hybridcore-packer: ${file}: ${read.failure.message}]`]));
    if (problems.length > 0) await onLines(problems);
    return { ...ended, recorded: read.flatMap(({ read }) => (read.ok ? read.value : [])) };
  });
}

/** Runs `packer validate` in the same way. @returns packer's exit code; null where a signal ended it. */
export function validateWithPacker(options: RunPackerOptions, job: PackerJob, onLines: OnLines): Promise<number | null> {
  return withPrivateVarFile(job, async (privateVarFile) => {
    const never = new AbortController().signal;
    return (await runTool(options, job, packerArguments('validate', options.root, job, privateVarFile), onLines, never)).exitCode;
  });
}

async function withPrivateVarFile<T>(job: PackerJob, use: (file: string | null) => Promise<T>): Promise<T> {
  if (Object.keys(job.secrets).length === 0) return use(null);
  const folder = await mkdtemp(join(tmpdir(), 'hybridcore-packer-'));
  try {
    const file = join(folder, privateVarFileName);
    await writeFile(file, JSON.stringify(job.secrets), { mode: 0o600, flag: 'wx' });
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The environment of packer: the surroundings without what would steer it behind hybridcore.yaml's back. */
export function packerEnvironment(
  surroundings: Readonly<Record<string, string | undefined>>,
  hidden: readonly string[],
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(surroundings)) {
    if (value === undefined || /^(?:PKR_VAR_|PACKER_|HYBRIDCORE_)/.test(name) || hidden.includes(name)) continue;
    kept[name] = value;
  }
  return { ...kept, CHECKPOINT_DISABLE: '1' };
}

async function readRecords(root: string, files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const records = new Map<string, string>();
  for (const file of files) {
    try {
      records.set(file, await readFile(join(root, file), 'utf8'));
    } catch {
      // Not there yet, or never written because the run failed before: the log alone tells then.
    }
  }
  return records;
}

/** After packer's process is gone, how long its output may stay open and silent in the hands of what it left behind. Milliseconds. */
const drainTime = 2000;

function runTool(
  options: RunPackerOptions,
  job: PackerJob,
  arguments_: readonly string[],
  onLines: OnLines,
  interrupt: AbortSignal,
): Promise<Pick<PackerOutcome, 'exitCode' | 'signal'>> {
  return new Promise((resolve, reject) => {
    const child = spawn(job.tool.file, arguments_, {
      cwd: options.root,
      env: packerEnvironment(options.environment, job.hiddenEnvironment),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stopWaiting = stopKindly(child, interrupt, options.cleanUpTime ?? 120_000);
    const outputs = [child.stdout, child.stderr].map((stream) => linesOf(stream, onLines));
    child.once('error', (cause) => {
      stopWaiting();
      reject(cause);
    });
    child.once('exit', () => outputs.forEach(({ leave }) => leave()));
    child.once('close', (exitCode, signal) => {
      stopWaiting();
      for (const { end } of outputs) end();
      resolve({ exitCode, signal });
    });
  });
}

/** Gives the lines of a stream, and reads on only when they have been taken. */
function linesOf(stream: Readable, onLines: OnLines): { readonly leave: () => void; readonly end: () => void } {
  let lines: string[] = [];
  let left = false;
  let silence: NodeJS.Timeout | undefined;
  const splitter = lineSplitter((line) => lines.push(line));
  const give = () => {
    const given = lines;
    lines = [];
    return given.length === 0 ? undefined : onLines(given);
  };
  /** Counts the time in which nothing came, though it was listened to. */
  const listen = () => {
    if (left) silence = setTimeout(() => stream.destroy(), drainTime).unref();
  };
  stream.on('data', (chunk: Buffer) => {
    clearTimeout(silence);
    splitter.push(chunk);
    const taken = give();
    if (taken === undefined) return listen();
    stream.pause();
    void taken.then(() => {
      listen();
      stream.resume();
    });
  });
  return {
    leave() {
      left = true;
      if (!stream.isPaused()) listen();
    },
    end() {
      clearTimeout(silence);
      splitter.end();
      void give();
    },
  };
}

/** On an abort: SIGTERM, and SIGKILL only when the time to clean up is over. Returns what ends the watch. */
function stopKindly(child: ChildProcess, interrupt: AbortSignal, cleanUpTime: number): () => void {
  let force: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGTERM');
    force = setTimeout(() => child.kill('SIGKILL'), cleanUpTime);
  };
  if (interrupt.aborted) stop();
  else interrupt.addEventListener('abort', stop, { once: true });
  return () => {
    interrupt.removeEventListener('abort', stop);
    clearTimeout(force);
  };
}
