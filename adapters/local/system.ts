import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicFactory } from 'ulid';

import { BuildId } from '../../core/identity.ts';
import { type Clock, type Ids, type Randomness } from '../../core/ports.ts';

export const systemClock: Clock = { now: () => Date.now() };

/** Made with the first id: it looks for the machine's randomness, and most functions give no ids. */
let nextUlid: ReturnType<typeof monotonicFactory> | undefined;

export const systemIds: Ids = {
  buildId() {
    nextUlid ??= monotonicFactory();
    return BuildId.parse(nextUlid());
  },
};

export const systemRandomness: Randomness = { bytes: (count) => randomBytes(count) };

/** Timers stand still while a machine sleeps, so who waits longer has to look at the clock now and then. Milliseconds. */
const longestWait = 30_000;

/** Waits at most so many milliseconds, and not beyond an abort. It may return early: who waits for a time looks at the clock again. */
export async function systemWait(milliseconds: number, until: AbortSignal): Promise<void> {
  try {
    await sleep(Math.min(milliseconds, longestWait), undefined, { signal: until });
  } catch (cause) {
    if (!until.aborted) throw cause;
  }
}

/** Who asks on this machine; the user's number where the system knows no name (as in some containers). */
export function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
