import { type OwnRule } from './classification/own-rules.ts';

/**
 * Something that our own code found wrong, told to a person: where, what, what to do.
 * Exceptions are for bugs; what can be expected to go wrong is one of these.
 */
export interface Failure {
  readonly rule: OwnRule;
  /** What is wrong, and where: a file with its line, a key, a name. One sentence. */
  readonly message: string;
  /** What to do about it. One sentence. */
  readonly remedy: string;
  /** The lines or places that it rests on, already free of secrets. */
  readonly evidence?: readonly string[];
}

/** Either a value or the reason why there is none. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export function success<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function failure(
  rule: OwnRule,
  message: string,
  remedy: string,
  evidence?: readonly string[],
): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: evidence === undefined ? { rule, message, remedy } : { rule, message, remedy, evidence } };
}
