import { jsonSize } from './bounded-text.ts';
import { longestReason } from './builder-record.ts';
import { type Failure } from './failure.ts';
import { hasLineBreak } from './packer-log/plain-text.ts';

/**
 * Why the reason that a person gives cannot be recorded; undefined where it can.
 *
 * @param missing what is said where there is none.
 */
export function reasonFault(reason: string, missing: { readonly message: string; readonly remedy: string }): Failure | undefined {
  if (reason.trim() === '') return { rule: 'REQUEST_INVALID', ...missing };
  if (hasLineBreak(reason))
    return { rule: 'REQUEST_INVALID', message: 'the reason has a line break', remedy: 'say it in one line, and name where the rest is' };
  if (reason.isWellFormed() && jsonSize(reason) <= longestReason) return undefined;
  return {
    rule: 'REQUEST_INVALID',
    message: `the reason takes more than ${longestReason} bytes`,
    remedy: 'say it shorter, and name where the rest is',
  };
}
