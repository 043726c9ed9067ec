import { type Failure } from './failure.ts';

/**
 * A failure that a port throws, since its answer has no place for it: the world failed it, or its records are
 * not for this program. The hosts catch it and show the failure as it is.
 */
export class FailureError extends Error {
  override readonly name = 'FailureError';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.message}; ${failure.remedy}`, options);
    this.failure = failure;
  }
}
