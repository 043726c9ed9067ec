import { constants } from 'node:fs';
import { type FileHandle, open, readlink, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { TextDecoder } from 'node:util';

import { lintSource } from '@secretlint/core';
import { secretLintProfiler } from '@secretlint/profiler';
import { rules } from '@secretlint/secretlint-rule-preset-recommend';

import { type FileInput, type Input, fileKinds } from '../../core/input.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type SecretFinding } from '../../core/ports.ts';
import { findShapesInInput } from '../../core/scrub/secret-shapes.ts';
import { errorCode } from './system-error.ts';
import { encodingOf } from './text-encoding.ts';
import { reasonOf } from './input-file-place.ts';

/**
 * Secretlint's recommended rules without the one that obeys `secretlint-disable` comments: an input must not
 * be able to excuse itself. The rules are given one by one since `disabled` has no effect within a preset
 * (secretlint 13.0.7, RunningEvents.registerRule).
 */
const commentRule = '@secretlint/secretlint-rule-filter-comments';
const secretlintRules = rules.filter((rule) => rule.meta.id !== commentRule).map((rule) => ({ id: rule.meta.id, rule }));

const readBytes = 64 * 1024;
/** UTF-16 code units. A large file is searched in pieces, cut at line ends where there are any ... */
const pieceLength = 256 * 1024;
/** ... that overlap, so that nothing is cut in two: secretlint's longest pattern takes 10,000 characters of a key. */
const overlapLength = 16 * 1024;

/**
 * Looks for secrets in all files among the inputs: secretlint's rules and those of our own shapes that are
 * unmistakable (`inInputs`). A line is named once, with the first rule that fits, ours before secretlint's;
 * sorted by file (code units) and line. No text of a secret leaves this function.
 *
 * Memory is constant, whatever the size of a file. UTF-8 and UTF-16 are decoded; what is neither is searched
 * byte for byte, so a key in clear in a binary is found, one in a compressed archive is not. Of a link its
 * target's path is searched, and the target's bytes where it is a file, wherever it lies: packer would read it too.
 *
 * @param root the image repository's root, absolute
 * @throws FailureError (INPUT_UNREADABLE) when an input is gone, cannot be read, or is no regular file; Error when it leaves the root
 */
export async function findSecrets(root: string, inputs: readonly Input[]): Promise<readonly SecretFinding[]> {
  // Its marks stay in memory, several for each rule and each file.
  secretLintProfiler.setEnabled(false);
  const files = inputs.filter(isFileInput).toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const findings: SecretFinding[] = [];
  for (const file of files) {
    const found = await findInFile(root, file);
    const byLine = [...found].toSorted(([a], [b]) => a - b);
    findings.push(...byLine.map(([line, rule]) => ({ file: file.name, line, rule })));
  }
  return findings;
}

function isFileInput(input: Input): input is FileInput {
  return fileKinds.some((kind) => kind === input.kind);
}

/** The first rule for each line that holds a secret. */
type Found = Map<number, string>;

async function findInFile(root: string, file: FileInput): Promise<Found> {
  if (file.name.startsWith('/') || file.name.split('/').includes('..'))
    throw new Error(`the input ${JSON.stringify(file.name)} leaves the repository, so it is not searched for secrets`);
  const path = join(root, file.name);
  const found: Found = new Map();
  try {
    if (file.mode === '120000') {
      await findInText(await readlink(path), 1, path, found);
      const target = await stat(path).catch(() => undefined);
      if (target === undefined || target.isDirectory()) return found;
    }
    // Without O_NONBLOCK a FIFO would hold the build until somebody writes to it.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (!(await handle.stat()).isFile()) throw unsearchable(file.name, 'it is no regular file');
      await findInHandle(handle, path, found);
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Anything but the system's own errors is a bug, or was said above.
    if (errorCode(error) === undefined) throw error;
    throw unsearchable(file.name, reasonOf(error), error);
  }
  return found;
}

function unsearchable(name: string, why: string, cause?: unknown): FailureError {
  return new FailureError(
    {
      rule: 'INPUT_UNREADABLE',
      message: `the input ${JSON.stringify(name)} could not be searched for secrets: ${why}`,
      remedy: 'keep the repository still, and ask again',
    },
    { cause },
  );
}

async function findInHandle(handle: FileHandle, path: string, found: Found): Promise<void> {
  const buffer = Buffer.allocUnsafe(readBytes);
  let decoder: TextDecoder | undefined;
  let pending = '';
  let firstLine = 1;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, readBytes, null);
    const bytes = buffer.subarray(0, bytesRead);
    decoder ??= new TextDecoder(encodingOf(bytes));
    pending += decoder.decode(bytes, { stream: bytesRead > 0 });
    if (bytesRead === 0) break;
    if (pending.length < pieceLength) continue;
    const lastLineEnd = pending.lastIndexOf('\n') + 1;
    const end = lastLineEnd > pieceLength / 2 ? lastLineEnd : pending.length;
    await findInText(pending.slice(0, end), firstLine, path, found);
    const keep = overlapStart(pending, end);
    firstLine += countLineEnds(pending, 0, keep);
    pending = pending.slice(keep);
  }
  await findInText(pending, firstLine, path, found);
}

/** Where the next piece begins: at a line's beginning where one is near, since a cut line can look like a secret. */
function overlapStart(text: string, end: number): number {
  const latest = end - overlapLength;
  const lineStart = text.lastIndexOf('\n', latest - 1) + 1;
  return lineStart > latest - overlapLength ? lineStart : latest;
}

async function findInText(text: string, firstLine: number, path: string, found: Found): Promise<void> {
  const { messages } = await lintSource({
    source: { content: text, filePath: path, ext: extname(path), contentType: 'text' },
    options: { config: { rules: secretlintRules }, maskSecrets: true },
  });
  const places = [
    ...findShapesInInput(text).map((span) => ({ at: span.from, rule: span.rule })),
    ...messages.map((message) => ({ at: message.range[0], rule: message.ruleId.replace('@secretlint/secretlint-rule-', 'secretlint-') })),
  ];
  let line = firstLine;
  let position = 0;
  const named = new Set(found.keys());
  for (const { at, rule } of places.toSorted((a, b) => a.at - b.at)) {
    line += countLineEnds(text, position, at);
    position = at;
    // A rule of ours has a reason that can be looked up, so it wins over the library's.
    if (!named.has(line) && (!found.has(line) || !rule.startsWith('secretlint-'))) found.set(line, rule);
  }
}

/** Line ends from one index up to another. */
function countLineEnds(text: string, from: number, to: number): number {
  let count = 0;
  for (let index = text.indexOf('\n', from); index !== -1 && index < to; index = text.indexOf('\n', index + 1)) count += 1;
  return count;
}
