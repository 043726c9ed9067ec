import { setTimeout as delay } from 'node:timers/promises';

import { type ProcessEntry, type ProcessIdentity, currentBoot, listProcesses } from './process-identity.ts';

/** How long a SIGKILL may take until the kernel has carried it out; milliseconds. */
const killPatience = 5_000;

/**
 * The processes of a run: those in the sessions and groups that its shells lead, all that descend from them
 * (so a packer that was given a group of its own is found), and whoever was once seen to be one of them.
 *
 * What escapes: a process that leaves the session **and** whose parent ends before it is ever looked for, as a
 * daemon does on purpose. In CodeBuild the container would end it; here it remains.
 */
export class RunProcesses {
  readonly #leaders: ProcessIdentity[];
  readonly #known: Map<number, string>;

  /** @param known processes that were seen before, by another observer of the same run. */
  constructor(leaders: readonly ProcessIdentity[], known: readonly { readonly pid: number; readonly started: string }[] = []) {
    this.#leaders = [...leaders];
    this.#known = new Map(known.map(({ pid, started }) => [pid, started]));
  }

  lead(leader: ProcessIdentity): void {
    this.#leaders.push(leader);
  }

  /** Those that live now. */
  members(): readonly ProcessEntry[] {
    const all = listProcesses();
    const byPid = new Map(all.map((entry) => [entry.pid, entry]));
    const boot = currentBoot();
    // A session keeps its number from being given away while it has members; a leader of another start is another session.
    const sessions = new Set(
      this.#leaders
        .filter((leader) => leader.boot === boot && (byPid.get(leader.pid)?.started ?? leader.started) === leader.started)
        .map((leader) => leader.pid),
    );
    const children = Map.groupBy(all, (entry) => entry.parent);
    const members = new Map<number, ProcessEntry>();
    const open = all.filter(
      (entry) => sessions.has(entry.session) || sessions.has(entry.group) || this.#known.get(entry.pid) === entry.started,
    );
    for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
      if (members.has(entry.pid) || entry.pid === process.pid) continue;
      members.set(entry.pid, entry);
      this.#known.set(entry.pid, entry.started);
      open.push(...(children.get(entry.pid) ?? []));
    }
    return [...members.values()];
  }

  /**
   * Ends them: SIGTERM once to each, and after `grace` milliseconds SIGKILL until none is left.
   * @returns those that even SIGKILL did not end (another user's, or stuck in the kernel).
   */
  async end(grace: number): Promise<readonly ProcessEntry[]> {
    const asked = new Set<number>();
    const deadline = performance.now() + grace;
    for (let pause = 10; ; pause = Math.min(pause * 2, 200)) {
      const living = this.members();
      if (living.length === 0) return [];
      signal(
        living.filter((entry) => !asked.has(entry.pid)),
        'SIGTERM',
      );
      for (const entry of living) asked.add(entry.pid);
      const left = deadline - performance.now();
      if (left <= 0) break;
      await delay(Math.min(pause, left));
    }
    return this.kill();
  }

  /** SIGKILL, until none is left. @returns those that it did not end. */
  async kill(): Promise<readonly ProcessEntry[]> {
    const deadline = performance.now() + killPatience;
    for (;;) {
      // Again and again: what is killed may have had a child since the last look.
      const living = this.members();
      if (living.length === 0 || performance.now() > deadline) return living;
      signal(living, 'SIGKILL');
      await delay(20);
    }
  }
}

/** Sends a signal to each; whoever has ended, or belongs to another user, is passed over. */
export function signal(processes: readonly { readonly pid: number }[], name: 'SIGTERM' | 'SIGKILL'): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error;
    }
  }
}
