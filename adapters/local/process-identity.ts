import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

import * as z from '../../core/zod.ts';

/**
 * A process, told apart from any later one with the same number: by when it began, and in which boot of the
 * machine. Linux says both exactly (`/proc`, in clock ticks since the boot); macOS gives the second
 * (`ps -o lstart`), which needs no boot.
 */
export const ProcessIdentity = z.strictObject({ pid: z.int().check(z.positive()), started: z.string(), boot: z.string() });
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** A living process and its place among the others. Zombies are not listed: they have ended. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** On macOS, where `ps` does not tell it, the group again. */
  readonly session: number;
  readonly started: string;
}

/** The boot that the machine is in; empty on macOS, where start times are absolute. */
export function currentBoot(): string {
  return process.platform === 'linux' ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : '';
}

/** Who has this number now; undefined where nobody lives under it. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const entry = process.platform === 'linux' ? readStat(pid) : listWithPs(['-p', String(pid)]).find((found) => found.pid === pid);
  return entry === undefined ? undefined : { pid, started: entry.started, boot: currentBoot() };
}

/** Whether that very process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now !== undefined && now.started === identity.started && now.boot === identity.boot;
}

/** All living processes that this user can see. */
export function listProcesses(): readonly ProcessEntry[] {
  if (process.platform !== 'linux') return listWithPs(['-ax']);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((entry) => entry !== undefined);
}

function readStat(pid: number): ProcessEntry | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
  // The name stands in brackets and may hold anything, brackets and spaces too: what counts begins after the last.
  const [state, parent, group, session, ...others] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const started = others[15];
  if (state === undefined || started === undefined || /^[ZXx]$/.test(state)) return undefined;
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), started };
}

function listWithPs(selection: readonly string[]): readonly ProcessEntry[] {
  let text: string;
  try {
    // Without a fixed time zone and language the same process would change its identity with the surroundings.
    text = execFileSync('ps', [...selection, '-o', 'pid=,ppid=,pgid=,state=,lstart='], {
      encoding: 'utf8',
      env: { PATH: '/bin:/usr/bin', TZ: 'UTC', LC_ALL: 'C' },
    });
  } catch {
    // `ps -p` ends with 1 where there is no such process.
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (match === null || match[4]?.startsWith('Z') === true) return [];
    const group = Number(match[3]);
    return [{ pid: Number(match[1]), parent: Number(match[2]), group, session: group, started: String(match[5]) }];
  });
}
