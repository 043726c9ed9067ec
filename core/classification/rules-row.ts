import { type ExitCode } from '../exit-code.ts';

/** Where a text comes from, which decides the rows that may read it. */
export type TextSource = 'error' | 'output' | 'service';

/** What else is known where a row has matched: only what can be computed from the log. */
export interface TurnContext {
  readonly source: TextSource;
  /** The text that the row matched. */
  readonly text: string;
  /** The target's name; null for errors that belong to none. */
  readonly target: string | null;
  /** The last lines that the failed step printed, oldest first. */
  readonly step: readonly string[];
  /** Ids of images that this run made itself. */
  readonly made: readonly string[];
}

/** A context in which an ambiguous row has another class. */
export interface Turn {
  readonly to: ExitCode;
  readonly when: (context: TurnContext) => boolean;
  /** When that is, and why, in a sentence for the operator. */
  readonly says: string;
}

interface Row {
  /** The rule's name in verdicts. Never reused for another meaning. */
  readonly code: string;
  /** Matched against at most 4096 UTF-16 code units, so no text can cost much time. */
  readonly pattern: RegExp;
  /** What kind of failure it is. */
  readonly reason: string;
  /** What to do next. */
  readonly hint: string;
  /** Where the wording and the class come from. */
  readonly evidence: string;
  /** On an ambiguous row, whose `class` is that of a first look. The first turn that holds decides. */
  readonly turns?: readonly Turn[];
  /** Says only that something failed: the lines that the step printed before it are asked first. */
  readonly unspecific?: true;
  /** In a step's output this tends to follow from an earlier failure, which then decides where it stands close before. */
  readonly consequence?: true;
}

/**
 * `reads` says which text a row is about: `error`, packer's own error lines with the API error codes in them;
 * `output`, what a failed step printed; `any`, both; `service`, the build service's own words. A violation is
 * never read from what a script printed: no script can quarantine a builder.
 */
export type RuleRow =
  | (Row & { readonly class: 1 | 2; readonly reads: 'error' | 'output' | 'any' | 'service' })
  | (Row & { readonly class: 3; readonly reads: 'error' | 'service' });
