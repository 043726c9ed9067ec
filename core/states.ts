import { type ExitCode } from './exit-code.ts';
import { namesOf } from './names-of.ts';
import * as z from './zod.ts';

/**
 * The states of a build, each with what it means. `final` ones never change, and have one exit code; `exit_code` is
 * null where it is not decided yet.
 */
export const states = {
  queued: { final: false, exit_code: null, meaning: 'accepted; waits for its turn' },
  running: { final: false, exit_code: null, meaning: 'an attempt is under way, or about to start' },
  retrying: { final: false, exit_code: null, meaning: 'the first attempt failed transiently; the second waits for its time' },
  succeeded: { final: true, exit_code: 0, meaning: 'an image was made and its manifest sealed' },
  skipped: { final: true, exit_code: 0, meaning: 'the inputs are unchanged, so packer did not run' },
  failed: { final: true, exit_code: 1, meaning: 'a config error: someone has to change something' },
  stopped: { final: true, exit_code: 1, meaning: 'a person stopped it' },
  escalated: { final: true, exit_code: 2, meaning: 'the one retry failed too; the operators were told' },
  quarantined: {
    final: true,
    exit_code: 3,
    meaning: 'a security or retention violation; the builder is closed until a person releases it',
  },
} as const satisfies Record<string, { final: boolean; exit_code: ExitCode | null; meaning: string }>;

export const BuildState = z.literal(namesOf(states));
export type BuildState = keyof typeof states;

export function isFinal(state: BuildState): boolean {
  return states[state].final;
}
