import { type Failure } from '../failure.ts';
import { reasonFault } from '../given-reason.ts';

/** What is wrong with the reason for which somebody changes how a build is kept: it stays in the record. Undefined where nothing is. */
export function noteFault(reason: string): Failure | undefined {
  return reasonFault(reason, { message: 'this needs a reason', remedy: 'say with --reason why, for who looks at it later' });
}
