import type { Context } from 'aws-lambda';

import { type OwnRule } from '../core/classification/own-rules.ts';
import { type BuildId, type BuilderName, type RunId, timestamp } from '../core/identity.ts';
import { type Clock } from '../core/ports.ts';
import { type BuildState } from '../core/states.ts';
import { type LogCode, logMessages } from './log-messages.ts';
import { type ScrubText } from './scrub-text.ts';

/** What a line can say beside its code. There is no place for an event, a request or an environment. */
export interface LogKeys {
  readonly build_id?: BuildId | null;
  readonly builder?: BuilderName | null;
  readonly run?: RunId;
  readonly state?: BuildState;
  readonly how?: 'accepted' | 'joined' | 'known';
  readonly rule?: OwnRule;
  /** Of an answer of the API, and the code of its problem document. */
  readonly status?: number;
  readonly problem_code?: string;
  /** Of the queue's message. */
  readonly message_id?: string;
  /** Seconds until a turn comes. */
  readonly delay?: number;
  readonly open?: number;
  readonly problems?: number;
}

/** Writes a registered line. */
export type Log = (code: LogCode, keys: LogKeys) => void;

/** Writes a registered line that says what went wrong, in words of the code that found it. They are scrubbed before. */
export type LogProblem = (code: LogCode, keys: LogKeys, problem: string) => Promise<void>;

export interface FunctionLog {
  readonly log: Log;
  readonly logProblem: LogProblem;
  /** Lets the lines that follow name the invocation that they belong to. */
  readonly begin: (context: Context) => void;
}

export interface Output {
  /** What tells this deployment from others. */
  readonly service: string;
  readonly clock: Clock;
  /** Takes a line with its newline. */
  readonly write: (line: string) => void;
}

/** What stands in the place of a problem that nobody could scrub. */
const unsaid = 'it is not said here: what scrubs it could not be loaded';

/**
 * One JSON document a line, with the keys that Powertools for Lambda uses, and the code.
 *
 * @param loadScrub is called with the first problem, if there is one: most invocations have none.
 */
export function functionLog({ service, clock, write }: Output, loadScrub: () => Promise<ScrubText>): FunctionLog {
  let invocation: object = {};
  const line = (code: LogCode, keys: LogKeys & { readonly problem?: string }) => {
    const { level, text } = logMessages[code];
    write(`${JSON.stringify({ level, message: text, timestamp: timestamp(clock.now()), service, ...invocation, code, ...keys })}\n`);
  };
  return {
    log: line,
    async logProblem(code, keys, problem) {
      const scrubbed = await loadScrub().then(
        (scrub) => scrub(problem),
        () => unsaid,
      );
      line(code, { ...keys, problem: scrubbed });
    },
    begin({ functionName, awsRequestId }) {
      invocation = { function_name: functionName, function_request_id: awsRequestId };
    },
  };
}

/** What a thrown value says. */
export function problemOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
