import { type Build } from '../../core/build.ts';
import { type LogsDocument } from '../../core/documents.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { handoverLimits } from '../../core/handed-over.ts';
import { parseLine, renderLine } from '../../core/packer-log/packer-event.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
import { type Compression } from '../../core/ports.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { findBuild } from '../find-build.ts';

/** `logs <build>`: the scrubbed logs of its attempts; of a running one what there is so far. */
export async function logs(embedded: Embedded, typed: string, options: { attempt?: 1 | 2; raw: boolean }): Promise<Outcome<Answer>> {
  const found = await findBuild(embedded, typed);
  if (!found.ok) return found;
  const build = found.value;
  const document: LogsDocument = { build_id: build.build_id, state: build.state, attempts: [] };
  for (const { attempt, run, outcome } of build.attempts) {
    if (options.attempt !== undefined && options.attempt !== attempt) continue;
    const path = outcome?.log?.path ?? null;
    const lines =
      path === null ? (outcome === null && run !== null ? await embedded.console(run) : []) : await storedLines(embedded, build, path);
    document.attempts.push({ attempt, log_path: path, lines });
  }
  return success(logsAnswer(document, options.raw));
}

/** Logs as they are shown, whichever dispatcher has them. */
export function logsAnswer(document: LogsDocument, raw: boolean): Answer {
  const text = document.attempts
    .flatMap(({ attempt, lines }) => [`# attempt ${attempt}`, ...(raw ? lines : lines.flatMap((line) => personLine(line)))])
    .join('\n');
  return { exitCode: 0, document, text: text === '' ? `build ${document.build_id} is ${document.state}; packer did not run` : text };
}

/** The lines of a log that is stored on this machine; where it is not there any more, one that says so. */
export async function storedLines(embedded: Embedded, { expired }: Build, path: string): Promise<string[]> {
  const read = await embedded.objects.read(path, { bytes: handoverLimits.log });
  if (read.state === 'absent' && expired !== null) return [`[${path} has expired: it goes since ${expired.at}]`];
  if (read.state !== 'read') return [`[${path} is ${read.state}]`];
  return packedLines(embedded.compression, path, read.content);
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
