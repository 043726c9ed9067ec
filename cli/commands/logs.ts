import { type Attempt, type Build } from '../../core/build.ts';
import { type LogsDocument } from '../../core/documents.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { logLines } from '../../core/handed-log.ts';
import { handoverLimits } from '../../core/handed-over.ts';
import { parseLine, renderLine } from '../../core/packer-log/packer-event.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
import { type Compression } from '../../core/ports.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { findBuild } from '../find-build.ts';

/** `logs <build>`: the scrubbed logs of its attempts; of a running one what there is so far. */
export async function logs(
  embedded: Embedded,
  typed: string,
  options: { attempt?: 1 | 2; raw: boolean; json: boolean },
): Promise<Outcome<Answer>> {
  const found = await findBuild(embedded, typed);
  if (!found.ok) return found;
  const build = found.value;
  const document: LogsDocument = { build_id: build.build_id, state: build.state, attempts: [] };
  const shown = build.attempts.filter(({ attempt }) => options.attempt === undefined || options.attempt === attempt);
  // A person's text goes out as it is read. A document is one value, and is made of what memory holds.
  if (!options.json && shown.length > 0) return success({ exitCode: 0, document, text: shownLogs(embedded, build, shown, options.raw) });
  for (const attempt of shown) {
    const lines = await allLines(linesOfAttempt(embedded, build, attempt));
    document.attempts.push({ attempt: attempt.attempt, log_path: attempt.outcome?.log?.path ?? null, lines });
  }
  return success(logsAnswer(document, options.raw));
}

async function* shownLogs(embedded: Embedded, build: Build, attempts: readonly Attempt[], raw: boolean): AsyncGenerator<string> {
  for (const attempt of attempts) {
    yield `# attempt ${attempt.attempt}\n`;
    for await (const lines of linesOfAttempt(embedded, build, attempt)) {
      const texts = raw ? lines : lines.flatMap(personLine);
      if (texts.length > 0) yield `${texts.join('\n')}\n`;
    }
  }
}

async function* linesOfAttempt(embedded: Embedded, build: Build, { run, outcome }: Attempt): AsyncGenerator<readonly string[]> {
  const path = outcome?.log?.path ?? null;
  if (path !== null) yield* storedLines(embedded, build, path);
  else if (outcome === null && run !== null) yield await embedded.console(run);
}

/** Logs as they are shown, whichever dispatcher has them. */
export function logsAnswer(document: LogsDocument, raw: boolean): Answer {
  const text = document.attempts
    .flatMap(({ attempt, lines }) => [`# attempt ${attempt}`, ...(raw ? lines : lines.flatMap((line) => personLine(line)))])
    .join('\n');
  return { exitCode: 0, document, text: text === '' ? `build ${document.build_id} is ${document.state}; packer did not run` : text };
}

/** A piece of a stored log at a time; in place of what cannot be read a line that says so. */
export async function* storedLines(
  { objects, compression }: Embedded,
  { expired }: Build,
  path: string,
): AsyncGenerator<readonly string[]> {
  const opened = await objects.open(path, { bytes: handoverLimits.log });
  if (opened.state !== 'open') {
    yield [
      opened.state === 'absent' && expired !== null ? `[${path} has expired: it goes since ${expired.at}]` : `[${path} is ${opened.state}]`,
    ];
    return;
  }
  try {
    yield* logLines(opened.content, compression, path);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    yield [`[${path} is damaged]`];
  }
}

/** All lines of the pieces that a log comes in. */
export async function allLines(pieces: AsyncIterable<readonly string[]>): Promise<string[]> {
  const lines: string[] = [];
  for await (const piece of pieces) for (const line of piece) lines.push(line);
  return lines;
}

/** The lines of a log as it is stored; where it is no whole gzip, one that says so. */
export function packedLines(compression: Compression, path: string, content: Uint8Array): string[] {
  const expanded = compression.expand(content, { bytes: handoverLimits.expandedLog });
  return expanded === undefined ? [`[${path} is damaged]`] : linesOf(new TextDecoder().decode(expanded));
}

/** The lines of a text that may end in a newline. */
export function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** What a person is shown of a line of packer's; nothing of those that only machines read. */
export function personLine(line: string): string[] {
  const text = renderLine(parseLine(line));
  return text === null ? [] : [plainText(text)];
}
