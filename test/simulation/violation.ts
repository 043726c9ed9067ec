/** A promise of the domain that is broken: which, and how it shows. */
export interface Violation {
  readonly promise: string;
  readonly how: string;
}

/** Tells of a violation. */
export type Violate = (promise: string, how: string) => void;
