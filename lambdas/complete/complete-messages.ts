import type { SQSBatchResponse } from 'aws-lambda';

import { type CompletePorts } from '../../core/complete.ts';
import { type Config } from '../../core/config.ts';
import { type Outcome } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { takeTurn } from '../../core/reconcile.ts';
import { type RunEvent, handleRunEvent } from '../../core/run-event.ts';
import { Turn, type Turns, nextTurn } from '../../core/turn.ts';
import * as z from '../../core/zod.ts';
import { type Count } from '../counts.ts';
import { type Log, type LogKeys, type LogProblem, problemOf } from '../log.ts';

export interface CompleteDependencies {
  readonly ports: CompletePorts;
  readonly config: Config;
  readonly turns: Turns;
  readonly log: Log;
  readonly logProblem: LogProblem;
  readonly count: Count;
  /** Reads an event of the build service. Its failures name places and never quote: an event carries the values of variables. */
  readonly readRunEvent: (event: unknown) => Outcome<RunEvent>;
}

/** Builders whose messages are gone on with at once. */
const buildersAtOnce = 2;

const Batch = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });

/** What a message asks for. */
type Message =
  | { readonly type: 'turn'; readonly turn: Turn }
  | { readonly type: 'event'; readonly event: RunEvent }
  | { readonly type: 'unreadable'; readonly why: string };

type KnownMessage = Exclude<Message, { type: 'unreadable' }>;

/**
 * Goes on with what the messages of a batch are about: events of the build service, and turns. Messages of one builder
 * follow each other in their order; different builders do not wait for each other. A message that fails comes again, and
 * it alone; but not the turn of a sweep, since the next sweep sends another. One that is nothing known is logged and dropped:
 * it would be that for ever.
 *
 * @param batch what the queue's mapping delivers.
 * @returns the messages that are to come again.
 */
export async function completeMessages(dependencies: CompleteDependencies, batch: unknown): Promise<SQSBatchResponse> {
  const { logProblem, count } = dependencies;
  const parsed = Batch.safeParse(batch);
  if (!parsed.success) {
    await logProblem('BATCH_FAILED', {}, 'the function was called with something else than messages of a queue');
    throw new Error('this function takes batches of an SQS queue, and was called with something else');
  }
  const failed: string[] = [];
  let [unreadable, sweepProblems] = [0, 0];
  const lines = new Map<string, (() => Promise<void>)[]>();
  for (const record of parsed.data.Records) {
    const message = readMessage(dependencies, record.body);
    if (message.type === 'unreadable') {
      unreadable += 1;
      await logProblem('MESSAGE_UNREADABLE', { message_id: record.messageId }, message.why);
      continue;
    }
    const take = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (cause) {
        const isOfSweep = message.type === 'turn' && message.turn.open !== undefined;
        const code = isOfSweep ? 'SWEEP_PROBLEM' : 'MESSAGE_FAILED';
        await logProblem(code, { message_id: record.messageId, ...aboutMessage(message) }, problemOf(cause));
        if (isOfSweep) sweepProblems += 1;
        else failed.push(record.messageId);
      }
    };
    await take(async () => {
      const builder = await builderOf(dependencies, message);
      // What is about no known builder waits for nothing else.
      const line = builder ?? `message ${record.messageId}`;
      lines.set(line, [...(lines.get(line) ?? []), () => take(() => goOnWith(dependencies, message, builder))]);
    });
  }
  await inTurn([...lines.values()], buildersAtOnce);
  count({ unreadableMessages: unreadable, failedMessages: failed.length, sweepProblems });
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

function readMessage({ readRunEvent }: CompleteDependencies, body: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // What JSON.parse says quotes the text.
    return { type: 'unreadable', why: 'it is no JSON' };
  }
  const turn = Turn.safeParse(value);
  if (turn.success) return { type: 'turn', turn: turn.data };
  const event = readRunEvent(value);
  return event.ok ? { type: 'event', event: event.value } : { type: 'unreadable', why: `it is no turn, and ${event.failure.message}` };
}

/** Undefined where the records hold no such build. */
async function builderOf({ ports }: CompleteDependencies, message: KnownMessage): Promise<BuilderName | undefined> {
  if (message.type === 'turn') return message.turn.turn;
  const { build_id: id } = message.event;
  return id === null ? undefined : (await ports.records.readBuild(id))?.builder;
}

/** Does what a message asks for, and sends a turn where the builder then waits for a time. */
async function goOnWith(dependencies: CompleteDependencies, message: KnownMessage, builder: BuilderName | undefined): Promise<void> {
  const { ports, config, turns, log } = dependencies;
  const taken = message.type === 'turn' ? message.turn : null;
  const wait = message.type === 'turn' ? await takeTurn(ports, config, message.turn) : await handleRunEvent(ports, config, message.event);
  const next = builder === undefined ? undefined : nextTurn(builder, wait, taken, ports.clock.now());
  if (builder !== undefined && next !== undefined) {
    await turns.send(next.turn, next.delay);
    log('TURN_SENT', { builder, delay: Math.ceil(next.delay / 1000) });
  }
  log(message.type === 'turn' ? 'TURN_TAKEN' : 'EVENT_TAKEN', aboutMessage(message));
}

function aboutMessage(message: KnownMessage): LogKeys {
  return message.type === 'turn' ? { builder: message.turn.turn } : { build_id: message.event.build_id, run: message.event.run };
}

/** Works through several lines, at most so many at once; the work of one line in its order. */
async function inTurn(lines: readonly (readonly (() => Promise<void>)[])[], atOnce: number): Promise<void> {
  const waiting = [...lines];
  const worker = async () => {
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) for (const work of line) await work();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, lines.length) }, () => worker()));
}
