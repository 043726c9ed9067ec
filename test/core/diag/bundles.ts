import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { gzip } from '../../../adapters/local/gzip.ts';
import { tarArchive } from '../../../adapters/local/tar-archive.ts';
import { type AttemptReport } from '../../../core/attempt-report.ts';
import { type UsersRule } from '../../../core/classification/users-rules.ts';
import { type Config } from '../../../core/config.ts';
import { type DiagBundle, type DiagPorts, type StorePorts, makeBundle } from '../../../core/diag/make-bundle.ts';
import { type ReadBundle, readBundle } from '../../../core/diag/read-bundle.ts';
import { type Replay, replay } from '../../../core/diag/replay.ts';
import { type Outcome } from '../../../core/failure.ts';
import { type BuildId } from '../../../core/identity.ts';
import { type SecretValue } from '../../../core/scrub/redactor.ts';
import { type Dispatcher, config } from '../../fixtures/dispatcher.ts';

export const reading = { compression: gzip, archive: tarArchive };

export function diagPorts(home: Dispatcher): DiagPorts & StorePorts {
  return { ...home.ports, kept: home.kept, archive: tarArchive };
}

export async function bundleOf(
  home: Dispatcher,
  id: BuildId,
  options: { readonly config?: Config; readonly secrets?: readonly SecretValue[]; readonly kept?: null } = {},
): Promise<Outcome<DiagBundle>> {
  return makeBundle(
    { ...diagPorts(home), ...(options.kept === null ? { kept: null } : {}) },
    options.config ?? config,
    await home.build(id),
    options.secrets ?? [],
  );
}

/** The bundle of a build, made and read again. @throws where it cannot be. */
export async function packed(home: Dispatcher, id: BuildId, own?: Config): Promise<ReadBundle & { readonly content: Uint8Array }> {
  const made = await bundleOf(home, id, own === undefined ? {} : { config: own });
  if (!made.ok) throw new Error(made.failure.message);
  const read = await readBundle(reading, made.value.content);
  if (!read.ok) throw new Error(read.failure.message);
  return { ...read.value, content: made.value.content };
}

export function textIn(bundle: ReadBundle, path: string): string {
  const content = bundle.files.get(path);
  if (content === undefined) throw new Error(`the bundle has no ${path}`);
  return new TextDecoder().decode(content);
}

export function documentOf(bundle: ReadBundle, path: string): unknown {
  return JSON.parse(textIn(bundle, path)) as unknown;
}

/** Lets the run under way end as told, and completes it. */
export async function ended(
  home: Dispatcher,
  id: BuildId,
  changes: Partial<AttemptReport> = {},
  log?: readonly string[],
  status: 'SUCCEEDED' | 'FAILED' = 'SUCCEEDED',
): Promise<void> {
  await home.handOver(id, changes, log);
  home.service.end(status);
  await home.step();
}

/** A build that was started, whose run is under way. */
export async function running(home: Dispatcher, changes: object = {}): Promise<BuildId> {
  const id = await home.accepted(undefined, changes);
  await home.step();
  return id;
}

/** Packer's log of a run whose script printed a line and then failed. */
export function failedScript(line: string): string[] {
  const exit = 'Script exited with non-zero exit status: 7.Allowed exit codes are: [0]';
  return [
    '1795378213,,ui,say,==> null.x: Running local shell script: install.sh',
    `1795378213,,ui,error,==> null.x: ${line}`,
    '1795378213,,ui,say,==> null.x: Provisioning step had errors: Running the cleanup provisioner%!(PACKER_COMMA) if present...',
    `1795378213,,ui,error,Build 'null.x' errored after 10 milliseconds: ${exit}`,
    '1795378213,,error-count,1',
    "1795378213,,ui,error,\\n==> Some builds didn't complete successfully and had errors:",
    `1795378213,null.x,error,${exit}`,
    `1795378213,,ui,error,--> null.x: ${exit}`,
    '1795378213,,ui,say,\\n==> Builds finished but no artifacts were created.',
  ];
}

/** Puts other bytes in the place of what stands at a key; null: none. */
export async function tamper(home: Dispatcher, key: string, change: (before: Uint8Array) => Uint8Array | string | null): Promise<void> {
  const file = join(home.home, key);
  await mkdir(dirname(file), { recursive: true });
  await chmod(file, 0o644);
  const after = change(await readFile(file));
  if (after === null) await rm(file);
  else await writeFile(file, after);
}

/** What a script prints where a mirror is in flux. */
export const mirrorLine = 'E: Unable to fetch some archives%!(PACKER_COMMA) maybe run apt-get update or try with --fix-missing?';

/** As an attempt reports packer to have ended with an error. */
export const failedPacker = { packer: { exit_code: 1, signal: null } } as const;

/** @param users the user's own rules, in place of those of the bundle. */
export function played(bundle: ReadBundle, users?: readonly UsersRule[]): Replay {
  const again = replay(bundle, users);
  if (!again.ok) throw new Error(again.failure.message);
  return again.value;
}
