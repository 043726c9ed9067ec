import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';

import { type LocalBuildServiceOptions, localBuildService } from '../../../adapters/local/build-service.ts';
import { identifyProcess } from '../../../adapters/local/process-identity.ts';
import { BuilderName, type RunId } from '../../../core/identity.ts';
import { type BuildService, type StartRequest } from '../../../core/ports.ts';
import { type RunRecord } from '../../../core/run-record.ts';
import { runnerFile } from '../../fixtures/build-service/programs.ts';

/** A folder that vanishes with the scope: `await using`. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hybridcore build-service '));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

/** The service with real runners; the image repository is the home folder itself. */
export function testService(
  options: Pick<LocalBuildServiceOptions, 'home' | 'buildspec'> & Partial<LocalBuildServiceOptions>,
): BuildService {
  return localBuildService({
    source: options.home,
    command: [process.execPath, runnerFile],
    program: [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--'],
    environment: process.env,
    passThrough: [],
    projectVariables: {},
    clock: { now: () => Date.now() },
    newUlid: () => ulid(),
    grace: 2_000,
    ...options,
  });
}

export function startRequest(token: string, more: Partial<StartRequest> = {}): StartRequest {
  return { token, builder: BuilderName.parse('base'), environment: {}, timeLimit: 60_000, ...more };
}

/** A buildspec whose build phase runs these commands. */
export function building(...commands: readonly string[]): string {
  return JSON.stringify({ version: '0.2', phases: { build: { commands } } });
}

export async function started(service: BuildService, request: StartRequest): Promise<RunId> {
  const answer = await service.start(request);
  if (answer.state !== 'started') throw new Error(`not started: ${JSON.stringify(answer)}`);
  return answer.run;
}

export async function lookOnce(service: BuildService, run: RunId): Promise<RunRecord> {
  const [record] = await service.look([run]);
  if (record === undefined) throw new Error(`the service does not know ${run}`);
  return record;
}

export async function ended(service: BuildService, run: RunId): Promise<RunRecord> {
  return eventually(async () => {
    const record = await lookOnce(service, run);
    return record.status === 'IN_PROGRESS' ? undefined : record;
  });
}

/** Asks until there is an answer; fails after 20 seconds. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await delay(15)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error('it did not happen within 20 seconds');
}

/** The content of a file that a command of the run writes, once it is whole (it ends with a line's end). */
export function written(file: string): Promise<string> {
  return eventually(async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    return text.endsWith('\n') ? text.trimEnd() : undefined;
  });
}

export function runFolder(home: string, run: RunId): string {
  return path.join(home, 'state', 'build-service', run);
}

export async function runnerPid(home: string, run: RunId): Promise<number> {
  const text = await eventually(() => readFile(path.join(runFolder(home, run), 'runner.json'), 'utf8').catch(() => undefined));
  const { pid }: { pid: number } = JSON.parse(text);
  return pid;
}

/** Whether a process with this number lives; a zombie does not. */
export function lives(pid: number | string): boolean {
  return identifyProcess(Number(pid)) !== undefined;
}

export function consoleOf(home: string, run: RunId): Promise<string> {
  return readFile(path.join(runFolder(home, run), 'console.log'), 'utf8');
}

export function phase(record: RunRecord, name: string): RunRecord['phases'][number] | undefined {
  return record.phases.find((each) => each.phase === name);
}
