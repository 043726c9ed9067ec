import { type Expression } from './hcl-document.ts';
import { type Evaluation, type Value } from './hcl-value.ts';

/** Names that a `for` or a `dynamic` block binds; a value of undefined: bound, but not known. */
export type Bindings = ReadonlyMap<string, Value | undefined>;

export const noBindings: Bindings = new Map();

/** What expressions can refer to. */
export interface Surroundings {
  variable(name: string): Evaluation;
  /** What a variable's value is written as; undefined where there is none. */
  variableExpression(name: string): Expression | undefined;
  local(name: string): Expression | undefined;
  /** The template's folder, below the repository's root. */
  readonly folder: string;
  /** The files below a folder of the repository that fit a pattern, relative to that folder and sorted; undefined where it cannot be read. */
  filesIn(folder: string, pattern: string): readonly string[] | undefined;
  /** Whether a file stands there; undefined where that cannot be told. */
  isFile(path: string): boolean | undefined;
  /** What a file of the repository says; undefined where it cannot be read, is no text, or is longer than paths are taken from. */
  textIn(path: string): string | undefined;
  /** A file of the repository as the text with interpolations that templatefile() takes it for. */
  templateIn(path: string): Expression | undefined;
}

export interface Evaluator {
  /** What an expression is known to be. Never throws, and ends soon whatever the expression is. */
  evaluate(expression: Expression, bindings?: Bindings): Evaluation;
  /**
   * The texts that an expression may become, with `anyText` where a part is not known: one for each branch of its
   * conditionals.
   */
  alternatives(expression: Expression, bindings?: Bindings): readonly string[];
}
