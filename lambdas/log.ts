import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';

import { type OwnRule } from '../core/classification/own-rules.ts';
import { type BuildId, type BuilderName, type RunId } from '../core/identity.ts';
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
  begin(context: Context): void;
}

/** JSON lines on standard output, each with its `code`. @param service what tells this deployment from others. */
export function functionLog(service: string, scrub: ScrubText): FunctionLog {
  const logger = new Logger({ serviceName: service });
  return {
    log(code, keys) {
      const { level, text } = logMessages[code];
      logger[level](text, { code, ...keys, ...(keys.problem === undefined ? {} : { problem: scrub(keys.problem) }) });
    },
    begin: (context) => logger.addContext(context),
  };
}
