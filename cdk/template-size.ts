import { type Outcome, failure, success } from '../core/failure.ts';

/** What CloudFormation takes as a template from a bucket, in bytes: 1 MB by its documentation, read in the stricter way. */
export const largestTemplate = 1_000_000;

/**
 * Holds a synthesized template against what CloudFormation takes: its size depends on names, secrets and policies, so it is
 * known only now. CONFIG_INVALID where it is too large.
 */
export function checkTemplateSize(stackName: string, builders: number, bytes: number): Outcome<number> {
  if (bytes <= largestTemplate) return success(bytes);
  return failure(
    'CONFIG_INVALID',
    `the template of the stack ${stackName} with ${builders} builders has ${bytes} bytes, and CloudFormation takes ${largestTemplate}`,
    'move some builders to a second hybridcore.yaml and deploy that as a stack of another name (-c stack=NAME), or shorten their aws.policies; nothing was deployed',
  );
}
