import { successLog } from '../fixtures/dispatcher.ts';

/**
 * How a packer run goes. `secret`: it is not reached, since a secret stands among the inputs. `lost`: the run's machine
 * dies. `hangs`: it never ends, and does not listen to anybody.
 */
export const packerPlans = ['success', 'config-error', 'transient', 'violation', 'secret', 'lost', 'hangs'] as const;
export type PackerPlan = (typeof packerPlans)[number];

function failedWith(error: string): readonly string[] {
  return [
    `1795378213,amazon-ebs.x,error,${error}`,
    '1795378213,,error-count,1',
    `1795378213,,ui,error,\\n==> Some builds didn't complete successfully and had errors:`,
    `1795378213,,ui,error,--> amazon-ebs.x: ${error}`,
  ];
}

/** What packer prints, and what it exits with. */
export const packerOutputs: Readonly<
  Record<Exclude<PackerPlan, 'secret' | 'lost' | 'hangs'>, { readonly lines: readonly string[]; readonly exitCode: number }>
> = {
  success: { lines: successLog, exitCode: 0 },
  'config-error': { lines: failedWith('Script exited with non-zero exit status: 7'), exitCode: 1 },
  transient: {
    lines: failedWith('Error launching source instance: InsufficientInstanceCapacity: There is no capacity.\\n\\tstatus code: 500'),
    exitCode: 1,
  },
  violation: {
    lines: failedWith(
      'Error launching source instance: UnauthorizedOperation: You are not authorized to perform this operation.\\n\\tstatus code: 403%!(PACKER_COMMA) request id: 1',
    ),
    exitCode: 1,
  },
};

/** What packer prints when it is interrupted and has cleaned up. */
export const cancelledLog = [
  '1795378213,,ui,error,Cancelling build after receiving terminated',
  "1795378213,,ui,say,Build 'amazon-ebs.x' finished after 3 seconds.",
  '1795378213,,ui,say,Cleanly cancelled builds after being interrupted.',
];
