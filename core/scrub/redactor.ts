import { regionsOf } from './hint-search.ts';
import { type KnownValues, type SecretValue, createKnownValues, leastPiece } from './known-values.ts';
import { createPrivateKeyBlock } from './private-key-block.ts';
import { type ScrubAction } from './scrub-manifest.ts';
import { createScrubActions } from './scrub-action.ts';
import { scrubLine } from './scrub-line.ts';
import { findShapes } from './secret-shapes.ts';
import { type Span } from './span.ts';

export type { SecretValue } from './known-values.ts';

export interface RedactorOptions {
  readonly values: readonly SecretValue[];
  /** Random, at least 16 bytes, one for all files of a scrub manifest, and never written anywhere. */
  readonly key: Uint8Array;
}

/**
 * The hook through which everything passes that leaves a build, before anything is written. One redactor
 * sees one file, from its first line to its last. Terminal escapes should be gone before: a colour within a secret
 * hides it.
 */
export interface Redactor {
  /**
   * The next piece of a text, of any length; gives what can be written by now, with every secret replaced by a marker
   * and all else as it is. A line is kept back until its end is there, and longer where a known value may go on in
   * the next one. Memory is constant: of a line that is longer than 256 KiB the beginning is given before its end.
   */
  push(text: string): string;
  /** What was kept back: the file is over, or what follows is a text of its own within it. */
  rest(): string;
  /** A line without its newline, scrubbed at once: for texts that are no stream. What is wrapped over lines is not found. */
  line(text: string): string;
  /** Whether a text that stands alone holds nothing that could be a secret. Told fast; where it is false there may still be none. */
  isClean(text: string): boolean;
  /** The file is over, after lines alone. A private key that has not ended is forgotten. */
  end(): void;
  /** Everything that was done, with its place after scrubbing. */
  summary(): readonly ScrubAction[];
  /** Whether there were so many that the summary puts them together. */
  aggregated(): boolean;
  /** Names of the values that are too short or too common to be searched for: the caller warns of them. */
  readonly notSearched: readonly string[];
  /** A redactor of the same values and key for another file: ids are equal in both. */
  forAnotherFile(): Redactor;
}

/** A line is cut beyond this many characters, somewhere in what is behind `longLine - cutRoom`. */
const longLine = 256 * 1024;
const cutRoom = 32 * 1024;
/** What one character takes at most where JSON stands within JSON. */
const longestEscape = 24;
/** No more is kept back for a value that may go on. */
const mostKept = 128 * 1024;

/**
 * Makes a redactor of known values and of secrets by shape (`redaction-rules.ts`). A value of less than 6 characters
 * or one that is an ordinary word is not searched for (`notSearched`).
 *
 * @throws RangeError when the key has less than 16 bytes.
 */
export function createRedactor(options: RedactorOptions): Redactor {
  if (options.key.length < 16) throw new RangeError('the key of a redactor has at least 16 bytes');
  const key = Uint8Array.from(options.key);
  return redactorOf(createKnownValues(options.values, key), key);
}

function redactorOf(values: KnownValues, key: Uint8Array): Redactor {
  const block = createPrivateKeyBlock();
  const actions = createScrubActions();
  /** Lines that have ended, and what was written of the one that has not. */
  let lines = 0;
  let column = 0;
  /** What was given already and still has to be seen beside what comes: where a value goes over to it. */
  let context = '';
  let pending: string[] = [];
  let pendingLength = 0;

  function piece(text: string, known: readonly Span[]): string {
    const scrubbed = scrubLine(text, values, [...block.find(text), ...known], key);
    for (const marker of scrubbed.placed) actions.add(marker.rule, marker.id, lines + 1, column + marker.from + 1);
    return scrubbed.text;
  }

  function endLine(): void {
    lines += 1;
    column = 0;
  }

  /** Scrubs `text` from one index up to another; each is the beginning of a line but where a long one is cut. */
  function scrub(text: string, from: number, to: number): string {
    const written: string[] = [];
    const regions = regionsOf(text, values);
    let next = 0;
    let region = regions[next];
    let found: readonly Span[] | undefined;
    let at = from;
    while (at < to) {
      while (region !== undefined && region.to <= at) {
        next += 1;
        region = regions[next];
        found = undefined;
      }
      if (!block.isOpen() && (region === undefined || region.from > at)) {
        const end = Math.min(to, region?.from ?? to);
        const untouched = text.slice(at, end);
        written.push(untouched);
        const ended = countLineEnds(untouched);
        column = ended === 0 ? column + untouched.length : untouched.length - untouched.lastIndexOf('\n') - 1;
        lines += ended;
        at = end;
        continue;
      }
      const lineEnd = text.indexOf('\n', at);
      const end = lineEnd === -1 || lineEnd > to ? to : lineEnd;
      let known: readonly Span[] = [];
      if (region?.values === true && region.from <= at) {
        const { from: base } = region;
        found ??= values
          .find(text.slice(base, region.to))
          .map((span) => ({ ...span, from: span.from + base, to: span.to + base }))
          .toSorted((a, b) => a.from - b.from);
        known = within(found, at, end);
      }
      const scrubbed = piece(text.slice(at, end), known);
      written.push(scrubbed);
      if (end === lineEnd) {
        written.push('\n');
        endLine();
      } else {
        column += scrubbed.length;
      }
      at = end === lineEnd ? end + 1 : end;
    }
    return written.join('');
  }

  /** Gives what can be given of `text`, which begins where the last one ended, and keeps the rest. */
  function take(text: string, over: boolean): string {
    const lineEnd = text.lastIndexOf('\n') + 1;
    const cut = over ? text.length : lineEnd > 0 ? lineEnd : longCut(text, values);
    const whole = context + text;
    const begin = context.length;
    let end = begin + cut;
    if (!over && lineEnd > 0) {
      const kept = values.beginsAtEnd(whole.slice(0, end));
      const line = whole.lastIndexOf('\n', kept - 1) + 1;
      if (kept < end && end - line <= mostKept) end = Math.max(begin, line);
    }
    const scrubbed = scrub(whole.slice(0, begin + cut), begin, end);
    pending = end === whole.length ? [] : [whole.slice(end)];
    pendingLength = whole.length - end;
    context = values.hint === undefined ? '' : contextBefore(whole, end, begin + cut, values);
    return scrubbed;
  }

  return {
    push(text) {
      const written: string[] = [];
      for (let from = 0; from < text.length; from += longLine) {
        const part = text.slice(from, from + longLine);
        pending.push(part);
        pendingLength += part.length;
        if (part.includes('\n') || pendingLength > longLine) written.push(take(pending.join(''), false));
      }
      return written.join('');
    },
    rest() {
      const scrubbed = take(pending.join(''), true);
      context = '';
      block.reset();
      return scrubbed;
    },
    line(text) {
      const scrubbed = piece(text, []);
      endLine();
      return scrubbed;
    },
    isClean: (text) => regionsOf(text, values).length === 0,
    end: () => block.reset(),
    summary: () => actions.list(),
    aggregated: () => actions.aggregated(),
    notSearched: values.notSearched,
    forAnotherFile: () => redactorOf(values, key),
  };
}

/** Parts of spans that lie in a stretch, with indices in it. */
function within(spans: readonly Span[], from: number, to: number): Span[] {
  return spans
    .filter((span) => span.from < to && span.to > from)
    .map((span) => ({ ...span, from: Math.max(span.from, from) - from, to: Math.min(span.to, to) - from }));
}

/**
 * What of a text before `end` has to be seen beside what comes: the lines from which a value goes over `end`, else
 * the few characters that are too short to be kept back for.
 */
function contextBefore(text: string, end: number, seen: number, values: KnownValues): string {
  if (end === 0) return '';
  const line = text.lastIndexOf('\n', Math.max(0, end - 2)) + 1;
  const short = Math.max(line, end - leastPiece * longestEscape);
  const start = Math.max(0, end - values.reach - 1024);
  const first = end === seen ? end : start + values.beginsBefore(text.slice(start, seen), end - start);
  return text.slice(first === end ? short : text.lastIndexOf('\n', Math.max(0, first - 1)) + 1, end);
}

/** Where a line without an end can be cut so that no secret is: at a space or comma, else outside of what is found. */
function longCut(text: string, values: KnownValues): number {
  const latest = text.length - cutRoom / 2;
  const gap = Math.max(text.lastIndexOf(' ', latest), text.lastIndexOf(',', latest));
  const cut = gap > text.length - cutRoom ? gap + 1 : latest;
  const across = [...values.find(text), ...findShapes(text)].filter((span) => span.from < cut && span.to > cut);
  const first = Math.min(cut, ...across.map((span) => span.from));
  return first > 0 ? first : Math.max(...across.map((span) => span.to));
}

function countLineEnds(text: string): number {
  let count = 0;
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) count += 1;
  return count;
}

/** A text of several lines through the hook, as a file of its own: line ends stay as they are. */
export function redactText(redactor: Redactor, text: string): string {
  return redactor.push(text) + redactor.rest();
}
