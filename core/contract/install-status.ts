/**
 * How the install phase of `buildspecs/packer-build.yml` says why it failed: the exit status of its command. CodeBuild keeps
 * that in the phase's context, and reads no exported variable after a failed install. An attempt's own exit codes are 0 to 3
 * and a shell's begin at 126, so these mean nothing else.
 */
export const installStatus = {
  /** A download did not come through, after retries: the next attempt may have better luck. */
  unreachable: 40,
  /** Something is not set up as it must be: the same would come again. */
  invalid: 41,
  /** What came has another checksum than the pinned one. */
  tampered: 42,
} as const;

export type InstallFailure = keyof typeof installStatus;
