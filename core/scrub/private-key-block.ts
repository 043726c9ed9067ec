import { privateKeyRule } from './redaction-rules.ts';
import { type Span } from './span.ts';

/** Finds blocks of private keys line by line. */
export interface PrivateKeyBlock {
  /** Where a line holds a part of a private key. Lines come in order. */
  find(line: string): Span[];
  /** Whether a block has begun and not ended, so that lines are secret which do not look so. */
  isOpen(): boolean;
  /** Forgets an open block. */
  reset(): void;
}

/** A key of RSA with 16,384 bits has 200 lines; what is longer is not a key. */
const mostLines = 400;
/** Lines of other targets may stand between those of a key, but not this many. */
const mostForeignLines = 25;

const begin = /-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const end = /-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const longBase64 = /[A-Za-z0-9+/]{16}/;
/** The one word of a line, behind what packer or a clock may have put before it; or a long one at its end. */
const bodyLine = /(?:^|[:,|>\]"'])\s*(?<word>[A-Za-z0-9+/=]+)(?:\\[nr]|["',\s])*$/d;
const longTail = /\s(?<word>[A-Za-z0-9+/=]{40,})(?:\\[nr]|["',\s])*$/d;

/**
 * A block goes from its BEGIN line to its END line. In between, lines that look like the body of a key are
 * secret, others (another target's, when several build at once) are not. A block without an end is closed
 * after 400 lines, or after 25 that are not of a key, so a header alone does not swallow a log.
 */
export function createPrivateKeyBlock(): PrivateKeyBlock {
  let lines = 0;
  let foreign = 0;
  let open = false;

  function reset(): void {
    open = false;
    lines = 0;
    foreign = 0;
  }

  /** In an open block and before its END. */
  function findBody(line: string): Span[] {
    lines += 1;
    const match = tailWord(line);
    if (match === undefined) foreign += line.trim() === '' ? 0 : 1;
    else foreign = 0;
    if (lines >= mostLines || foreign >= mostForeignLines) reset();
    return match === undefined ? [] : [match];
  }

  function find(line: string): Span[] {
    if (!open && !line.includes('-----BEGIN ')) return [];
    const spans: Span[] = [];
    let position = 0;
    if (open) {
      const close = next(end, line, 0);
      const start = next(begin, line, 0);
      if (close !== undefined && (start === undefined || close.from < start.from)) {
        spans.push(endOfBlock(line, close));
        position = close.to;
        reset();
      } else if (start === undefined) {
        return findBody(line);
      }
    }
    for (let header = next(begin, line, position); header !== undefined; header = next(begin, line, position)) {
      const close = next(end, line, header.to);
      if (close === undefined) {
        spans.push(...unended(line, header));
        reset();
        open = true;
        return spans;
      }
      spans.push({ from: header.from, to: close.to, rule: privateKeyRule, code: privateKeyRule });
      position = close.to;
    }
    return spans;
  }

  return { find, isOpen: () => open, reset };
}

function next(pattern: RegExp, line: string, from: number): { from: number; to: number } | undefined {
  pattern.lastIndex = from;
  const match = pattern.exec(line);
  return match === null ? undefined : { from: match.index, to: match.index + match[0].length };
}

/** A BEGIN without its END: all that follows where that holds a part of a key, else each such BEGIN alone. */
function unended(line: string, header: { from: number; to: number }): Span[] {
  if (longBase64.test(line.slice(header.to))) return [{ from: header.from, to: line.length, rule: privateKeyRule, code: privateKeyRule }];
  const spans: Span[] = [];
  for (let each: typeof header | undefined = header; each !== undefined; each = next(begin, line, each.to))
    spans.push({ ...each, rule: privateKeyRule, code: privateKeyRule });
  return spans;
}

/** The END, with what stands before it where that is the rest of a key. */
function endOfBlock(line: string, close: { from: number; to: number }): Span {
  const before = line.slice(0, close.from);
  const word = tailWord(before);
  return { from: longBase64.test(before) ? 0 : (word?.from ?? close.from), to: close.to, rule: privateKeyRule, code: privateKeyRule };
}

function tailWord(line: string): Span | undefined {
  const range = (bodyLine.exec(line) ?? longTail.exec(line))?.indices?.groups?.['word'];
  return range === undefined ? undefined : { from: range[0], to: range[1], rule: privateKeyRule, code: privateKeyRule };
}
