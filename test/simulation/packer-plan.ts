/**
 * How a packer run goes. `secret`: it is not reached, since a secret stands among the inputs. `lost`: the run's machine
 * dies. `hangs`: it never ends, and does not listen to anybody.
 *
 * The rest are played on the deployed home alone, where attempts are not to be trusted. `other-inputs`: packer ran, and the
 * report speaks of inputs that it did not see. `no-image`, `old-image`: the log claims an image that is not there, or was there
 * before. `overwrites`: all is well, and later on other reports and logs are written over it.
 */
export const packerPlans = [
  'success',
  'config-error',
  'transient',
  'violation',
  'secret',
  'lost',
  'hangs',
  'other-inputs',
  'no-image',
  'old-image',
  'overwrites',
] as const;
export type PackerPlan = (typeof packerPlans)[number];

/** The plans of attempts that lie. */
export const lyingPlans: ReadonlySet<PackerPlan> = new Set(['other-inputs', 'no-image', 'old-image', 'overwrites']);

function failedWith(error: string): readonly string[] {
  return [
    `1795378213,amazon-ebs.x,error,${error}`,
    '1795378213,,error-count,1',
    `1795378213,,ui,error,\\n==> Some builds didn't complete successfully and had errors:`,
    `1795378213,,ui,error,--> amazon-ebs.x: ${error}`,
  ];
}

/** What packer prints of a success with one image. */
export function successLog(image: string): readonly string[] {
  return [
    '1795378213,amazon-ebs.x,artifact-count,1',
    '1795378213,amazon-ebs.x,artifact,0,builder-id,mitchellh.amazonebs',
    `1795378213,amazon-ebs.x,artifact,0,id,${image}`,
    '1795378213,amazon-ebs.x,artifact,0,files-count,0',
    '1795378213,amazon-ebs.x,artifact,0,end',
    '1795378213,,ui,say,\\n==> Builds finished. The artifacts of successful builds are:',
  ];
}

/** What packer prints where it fails. */
export const failureLogs: Readonly<Record<'config-error' | 'transient' | 'violation', readonly string[]>> = {
  'config-error': failedWith('Script exited with non-zero exit status: 7'),
  transient: failedWith('Error launching source instance: InsufficientInstanceCapacity: There is no capacity.\\n\\tstatus code: 500'),
  violation: failedWith(
    'Error launching source instance: UnauthorizedOperation: You are not authorized to perform this operation.\\n\\tstatus code: 403%!(PACKER_COMMA) request id: 1',
  ),
};

/** What packer prints when it is interrupted and has cleaned up. */
export const cancelledLog = [
  '1795378213,,ui,error,Cancelling build after receiving terminated',
  "1795378213,,ui,say,Build 'amazon-ebs.x' finished after 3 seconds.",
  '1795378213,,ui,say,Cleanly cancelled builds after being interrupted.',
];
