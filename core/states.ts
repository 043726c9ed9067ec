import * as z from 'zod';

import { namesOf } from './names-of.ts';

/** The states of a build, each with what it means. `final` ones never change. */
export const states = {
  queued: { final: false, meaning: 'accepted; waits for its turn' },
  running: { final: false, meaning: 'an attempt is under way, or about to start' },
  retrying: { final: false, meaning: 'the first attempt failed transiently; the second waits for its time' },
  succeeded: { final: true, meaning: 'an image was made and its manifest sealed' },
  skipped: { final: true, meaning: 'the inputs are unchanged, so packer did not run' },
  failed: { final: true, meaning: 'a config error: someone has to change something' },
  stopped: { final: true, meaning: 'a person stopped it' },
  escalated: { final: true, meaning: 'the one retry failed too; the operators were told' },
  quarantined: { final: true, meaning: 'a security or retention violation; the builder is closed until a person releases it' },
} as const satisfies Record<string, { final: boolean; meaning: string }>;

export const BuildState = z.literal(namesOf(states));
export type BuildState = keyof typeof states;

export function isFinal(state: BuildState): boolean {
  return states[state].final;
}
