import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
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

/** Who asks on this machine; the user's number where the system knows no name (as in some containers). */
export function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
