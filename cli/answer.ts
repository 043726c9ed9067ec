import { styleText } from 'node:util';

import { type Verdict, verdictOf } from '../core/classification/verdict.ts';
import { type ExitCode } from '../core/exit-code.ts';
import { type Failure } from '../core/failure.ts';
import { timestamp } from '../core/identity.ts';
import { refusedResult } from '../core/result.ts';
import { type Host } from './host.ts';
import { jsonParts } from './render/json-parts.ts';
import { plainText } from '../core/packer-log/plain-text.ts';
import { type Channel } from './terminal.ts';

/** What a command came to: the document for `--json`, the text for a person, the code to exit with. */
export interface Answer {
  readonly exitCode: ExitCode;
  readonly document: unknown;
  /** What is too long for memory comes in pieces of whole lines, each with its end. */
  readonly text: string | AsyncIterable<string>;
  /** Gets what was printed of it, part by part. */
  readonly keep?: (printed: readonly Uint8Array[]) => void;
}

/** Prints an answer: with `--json` one document on standard output and nothing else, without it text. */
export async function printAnswer(host: Host, answer: Answer, json: boolean): Promise<void> {
  const printed: Uint8Array[] = [];
  for await (const part of json ? jsonLines(host, answer.document) : textParts(host, answer.text)) {
    if (part === '') continue;
    host.terminal.out.pass(part);
    await host.terminal.out.taken();
    if (answer.keep !== undefined) printed.push(Buffer.from(part));
  }
  answer.keep?.(printed);
}

async function* textParts({ outgoing }: Host, text: Answer['text']): AsyncGenerator<string> {
  if (typeof text === 'string') {
    yield text === '' ? '' : outgoing.text(`${text}\n`);
    return;
  }
  const scrub = outgoing.stream();
  for await (const piece of text) yield scrub.push(piece);
  yield scrub.rest();
}

function* jsonLines(host: Host, document: unknown): Generator<string> {
  yield* jsonParts(document, host.outgoing);
  yield '\n';
}

/** Prints a failure: where, what, what to do; with `--json` as a result. */
export function printFailure(host: Host, cause: Failure, about: { builder: string | null; at: number }, json: boolean): ExitCode {
  const verdict = verdictOf(cause);
  if (json)
    for (const part of jsonLines(host, refusedResult(verdict, { command: host.command, builder: about.builder, at: timestamp(about.at) })))
      host.terminal.out.pass(part);
  else host.terminal.err.write(`${verdictText(host.terminal.err, verdict)}\n`);
  return verdict.exit_code;
}

/** A verdict as a person reads it: the rule, why, on which lines, and what to do next. */
export function verdictText(channel: Channel, verdict: Verdict): string {
  const { rule, reason, hint, evidence } = verdict.classification;
  const lines = evidence.filter((line) => !reason.includes(line)).map((line) => `    ${plainText(line)}`);
  return [
    `${paint(channel, verdict.exit_code === 0 ? 'green' : 'red', `${rule} (exit code ${verdict.exit_code})`)}: ${plainText(reason)}`,
    ...lines,
    ...(hint === '' ? [] : [`  ${paint(channel, 'cyan', 'next')}: ${plainText(hint)}`]),
  ].join('\n');
}

type Colour = 'red' | 'green' | 'yellow' | 'cyan';

/** Text in a colour, where the channel takes colours. */
export function paint(channel: Channel, colour: Colour, text: string): string {
  // The channel was asked already; styleText would ask process.stdout, whatever is written to.
  return channel.colour ? styleText(colour, text, { validateStream: false }) : text;
}
