import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

import { type StartRequest } from '../../core/ports.ts';
import { BuilderName, RunId, Timestamp } from '../../core/identity.ts';
import { RunRecord } from '../../core/run-record.ts';
import * as z from '../../core/zod.ts';
import { makeFolder, namesIn, removeStaleDrafts, writeFileAtomically, writeDraft } from './atomic-file.ts';
import { isAbsence } from './system-error.ts';
import { readPlainFile } from './plain-file.ts';
import { ProcessIdentity } from './process-identity.ts';

/*
 * What the embedded build service keeps, below the home folder, readable by its user alone:
 *
 *   state/build-service/
 *     tokens/<sha256 of the token>   the run that a token stands for (`ClaimedToken`); created once, never changed
 *     <run>/                         one folder a run, `run-` and a ULID; appears whole, by a rename
 *       request.json                 what was asked for (`RunRequest`)
 *       hybridcore-packer            the launcher that the buildspec calls, mode 700; not where it fetches its own
 *       spawned.json                 the runner that was started last; it may not have begun yet
 *       runner.json                  the runner: whoever creates it is the only one
 *       shells.json                  the leaders of the sessions in which commands run
 *       record.json                  how the run stands (`StoredRecord`); written by the runner alone
 *       console.log                  what the commands printed, redacted
 *       runner.log                   what the runner itself had to complain about
 *       stop                         the run is to end by force
 *       orphans.json                 the runner died: the processes that it left, and when they were told to end
 *       fault.json                   the last word on a run whose runner died (`StoredRecord`); created once
 *
 * Every file but the two logs is written to a temporary name, synced and renamed or linked.
 */
export const runFiles = {
  request: 'request.json',
  launcher: 'hybridcore-packer',
  spawned: 'spawned.json',
  runner: 'runner.json',
  shells: 'shells.json',
  record: 'record.json',
  console: 'console.log',
  runnerLog: 'runner.log',
  stop: 'stop',
  orphans: 'orphans.json',
  fault: 'fault.json',
} as const;

/** The ids that this service gives: only they can name a folder of its own. */
const LocalRunId = /^run-[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

const largestDocument = 16 * 1024 * 1024;
/** What a crash left half-made goes after this; milliseconds. */
const rubbishAge = 3_600_000;
/** How long a token of a forgotten run is remembered; milliseconds. The port asks for five minutes. */
const tokenAge = 86_400_000;

export const RunRequest = z.strictObject({
  schema: z.literal('hybridcore-packer/run-request/1'),
  run: RunId,
  /** SHA-256 of the token, hex. */
  token: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  builder: BuilderName,
  requested_at: Timestamp,
  /** Of the start request; no secrets. */
  environment: z.record(z.string(), z.string()),
  /** What every run of this home finds, unless the request says otherwise. */
  project_variables: z.record(z.string(), z.string()),
  /** What stands in the place of the service's own `CODEBUILD_*` variables. */
  built_in: z.withDefault(z.record(z.string(), z.string()), {}),
  /** Names of the surroundings that are passed on; their values are never written. */
  pass_through: z.array(z.string()),
  /** The folder in which commands begin. */
  source: z.string(),
  buildspec: z.string(),
  /** Milliseconds. */
  time_limit: z.int().check(z.positive()),
  /** Milliseconds between SIGTERM and SIGKILL. */
  grace: z.int().check(z.nonnegative()),
});
export type RunRequest = z.infer<typeof RunRequest>;

export const StoredRecord = z.strictObject({ schema: z.literal('hybridcore-packer/run-record/1'), record: RunRecord });
export const ClaimedToken = z.strictObject({ run: RunId });
export const Shells = z.array(ProcessIdentity);
export const Orphans = z.strictObject({
  told_at: Timestamp,
  processes: z.array(z.strictObject({ pid: z.int().check(z.positive()), started: z.string() })),
});

/** A document as it stands on the disk: `why` says what is wrong with a damaged one, and where it is. */
export type ReadDocument<T> =
  | { readonly state: 'read'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly why: string };

export async function readDocument<T>(file: string, schema: z.ZodMiniType<T>): Promise<ReadDocument<T>> {
  const read = await readPlainFile(file, largestDocument);
  if (read.state === 'absent') return read;
  const damaged = (why: string) =>
    ({
      state: 'damaged',
      why: `${path.join(path.basename(path.dirname(file)), path.basename(file))} of the build service is damaged: ${why}`,
    }) as const;
  if (read.state !== 'read') return damaged(read.state === 'too-large' ? `it has ${read.size} bytes` : 'it is not a file');
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(read.content));
  } catch {
    return damaged('it is not JSON');
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return { state: 'read', value: parsed.data };
  const [issue] = parsed.error.issues;
  return damaged(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'it does not fit its schema'}`);
}

export function writeDocument(file: string, content: unknown): Promise<void> {
  return writeFileAtomically(file, `${JSON.stringify(content, null, 2)}\n`, 0o600);
}

/** Creates a document whole, unless something stands there. @returns whether this call was the one. */
export async function createDocument(file: string, content: unknown): Promise<boolean> {
  const draft = await writeDraft(path.dirname(file), new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`), 0o600);
  try {
    return draft.create(file);
  } finally {
    await draft.discard();
  }
}

/** All run folders of a home. */
export class RunFolders {
  readonly #root: string;

  /** @param home the folder that `state/` is in. */
  constructor(home: string) {
    this.#root = path.join(path.resolve(home), 'state', 'build-service');
  }

  folder(run: RunId): string {
    return path.join(this.#root, run);
  }

  /** Whether the id is one of this service and its folder is there. */
  async has(run: RunId): Promise<boolean> {
    return LocalRunId.test(run) && (await isThere(this.folder(run)));
  }

  async list(): Promise<readonly RunId[]> {
    return (await namesIn(this.#root)).filter((name) => LocalRunId.test(name)).map((name) => RunId.parse(name));
  }

  /** Makes a run's folder with its request and, where it has one, its launcher: whole or not at all. */
  async create(request: RunRequest, launcher: string | null): Promise<void> {
    if (!LocalRunId.test(request.run)) throw new TypeError(`a run of this service is named run- and a ULID, not ${request.run}`);
    await makeFolder(path.join(this.#root, 'tokens'));
    const draft = path.join(this.#root, `.new-${request.run}`);
    await mkdir(draft, { mode: 0o700 });
    await writeDocument(path.join(draft, runFiles.request), request);
    if (launcher !== null) await writeFileAtomically(path.join(draft, runFiles.launcher), launcher, 0o700);
    await rename(draft, this.folder(request.run));
  }

  /** Gives a token to a run, for good. @returns the run that has it: this one, or the one that was first. */
  async claim(token: string, run: RunId): Promise<RunId> {
    if (await createDocument(this.#token(token), { run })) return run;
    const holder = await this.holder(token);
    if (holder === undefined) throw new Error(`the token of ${run} was taken and is not there any more`);
    return holder;
  }

  /** @throws Error where the claim is damaged: to start the token again could run an attempt twice. */
  async holder(token: string): Promise<RunId | undefined> {
    const claimed = await readDocument(this.#token(token), ClaimedToken);
    if (claimed.state === 'damaged') throw new Error(claimed.why);
    return claimed.state === 'read' ? claimed.value.run : undefined;
  }

  /** Removes a run's folder, and what crashes and runs long forgotten have left. @param now milliseconds since 1970. */
  async remove(run: RunId, now: number): Promise<void> {
    const gone = path.join(this.#root, `.gone-${run}`);
    try {
      // In one step: half a folder would look like a run that has yet to begin.
      await rename(this.folder(run), gone);
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
    await rm(gone, { recursive: true, force: true });
    for (const name of await namesIn(this.#root)) {
      const file = path.join(this.#root, name);
      if (/^\.(?:new|gone)-/.test(name) && (await olderThan(file, now - rubbishAge))) await rm(file, { recursive: true, force: true });
    }
    await removeStaleDrafts(path.join(this.#root, 'tokens'), now - rubbishAge);
    for (const token of await namesIn(path.join(this.#root, 'tokens'))) {
      const file = this.#token(token);
      if (!(await olderThan(file, now - tokenAge))) continue;
      const claimed = await readDocument(file, ClaimedToken);
      if (claimed.state === 'read' && !(await this.has(claimed.value.run))) await rm(file, { force: true });
    }
  }

  #token(token: string): string {
    return path.join(this.#root, 'tokens', token);
  }
}

/** The request as it is written down. */
export function runRequest(given: StartRequest, home: Omit<RunRequest, 'schema' | 'builder' | 'environment' | 'time_limit'>): RunRequest {
  return {
    schema: 'hybridcore-packer/run-request/1',
    builder: given.builder,
    environment: { ...given.environment },
    time_limit: given.timeLimit,
    ...home,
  };
}

export async function isThere(file: string): Promise<boolean> {
  return (await writtenAt(file)) !== undefined;
}

async function olderThan(file: string, moment: number): Promise<boolean> {
  const at = await writtenAt(file);
  return at !== undefined && at < moment;
}

/** Milliseconds since 1970; undefined where nothing is there. */
export async function writtenAt(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
