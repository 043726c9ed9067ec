import * as z from './zod.ts';

/**
 * The four classes of an outcome. They are the exit codes of the command line and the `exit_code` of every
 * result; packer's own exit code (0 or 1 whatever happened) never is.
 */
export const exitCodes = {
  0: { classification: 'success', policy: 'nothing to retry: the manifest is sealed' },
  1: { classification: 'packer validation or config error', policy: 'no retry: the operator sees the cause and a hint' },
  2: { classification: 'infrastructure or transient failure', policy: 'one retry after a delay, then escalated to the operators' },
  3: {
    classification: 'security or retention violation',
    policy: 'aborted at once: the builder is quarantined until a person releases it',
  },
} as const;

export const ExitCode = z.literal([0, 1, 2, 3]);
export type ExitCode = z.infer<typeof ExitCode>;

/** Over several targets the gravest decides: 3 before 1 before 2 before 0. A retry cannot heal a config error beside it. */
const gravity: Record<ExitCode, number> = { 3: 3, 1: 2, 2: 1, 0: 0 };

/** Compares by gravity: negative where `a` is graver than `b`, for sorting the gravest first. */
export function byGravity(a: ExitCode, b: ExitCode): number {
  return gravity[b] - gravity[a];
}
