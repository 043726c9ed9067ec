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
  /** Of the queue's message. */
  readonly message_id?: string;
  /** Seconds until a turn comes. */
  readonly delay?: number;
  readonly open?: number;
  readonly problems?: number;
  /** What went wrong, in words of the code that found it. It is scrubbed before it is written. */
  readonly problem?: string;
}

/** Writes a registered line. */
export type Log = (code: LogCode, keys: LogKeys) => void;

export interface FunctionLog {
  readonly log: Log;
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

/** One JSON document a line, with the keys that Powertools for Lambda uses, and the code. */
export function functionLog({ service, clock, write }: Output, scrub: ScrubText): FunctionLog {
  let invocation: object = {};
  return {
    log(code, keys) {
      const { level, text } = logMessages[code];
      const said = { level, message: text, timestamp: timestamp(clock.now()), service, ...invocation, code, ...keys };
      write(`${JSON.stringify(keys.problem === undefined ? said : { ...said, problem: scrub(keys.problem) })}\n`);
    },
    begin({ functionName, awsRequestId }) {
      invocation = { function_name: functionName, function_request_id: awsRequestId };
    },
  };
}
