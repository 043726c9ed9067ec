/**
 * A text as it reads once something in it is undone: an escape, or a line break that a terminal put there. Each of
 * its UTF-16 code units knows the stretch of the first text that it came from.
 */
export interface View {
  readonly text: string;
  /** Where the code unit at an index begins in the first text. */
  from(index: number): number;
  /** The index after its end in the first text. */
  to(index: number): number;
}

/** A text as it stands. */
export function plainView(text: string): View {
  return { text, from: (index) => index, to: (index) => index + 1 };
}

/** A view with each match replaced; undefined where nothing matches. What is replaced by nothing leaves a gap. */
export function rewrittenView(source: View, pattern: RegExp, replacement: (match: RegExpExecArray) => string): View | undefined {
  const matches = [...source.text.matchAll(pattern)];
  if (matches.length === 0) return undefined;
  const pieces: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let position = 0;
  const keepUpTo = (end: number) => {
    pieces.push(source.text.slice(position, end));
    for (; position < end; position += 1) {
      from.push(source.from(position));
      to.push(source.to(position));
    }
  };
  for (const match of matches) {
    keepUpTo(match.index);
    const text = replacement(match);
    const end = match.index + match[0].length;
    pieces.push(text);
    for (let count = 0; count < text.length; count += 1) {
      from.push(source.from(match.index));
      to.push(source.to(end - 1));
    }
    position = end;
  }
  keepUpTo(source.text.length);
  return { text: pieces.join(''), from: (index) => from[index] ?? 0, to: (index) => to[index] ?? 0 };
}

/** The stretches of the first text that a stretch of a view came from, without the gaps. */
export function stretchesOf(view: View, from: number, to: number): { from: number; to: number }[] {
  const stretches: { from: number; to: number }[] = [];
  let open = { from: view.from(from), to: view.to(from) };
  for (let index = from + 1; index < to; index += 1) {
    const next = { from: view.from(index), to: view.to(index) };
    if (next.from <= open.to) {
      open = { from: open.from, to: Math.max(open.to, next.to) };
    } else {
      stretches.push(open);
      open = next;
    }
  }
  return [...stretches, open];
}

/** What packer or a clock puts before a line, or an indentation. */
const linePrefix = String.raw`(?:\d{9,11},[^,\n]{0,64},ui,[a-z-]{1,16},)?(?:\d{4}[-/]\d\d[-/]\d\d[T ][\d:.,+Z-]{5,30} )?(?:ui: )?[ \t]{0,8}(?:==> )?(?:[\w.-]{1,64}: )?`;
const bareBreak = /\r?\n|(?:\\r)?\\n/g;
const prefixedBreak = new RegExp(String.raw`(?:\r?\n|(?:\\r)?\\n)${linePrefix}`, 'g');

const percentEscape = /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi;
const backslashEscape =
  /\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|((?:\\[2-3][0-7]{2}){2,4}|\\[01][0-7]{2})|\\(?:([abefnrtv])|([^a-zA-Z0-9\r\n]))/gi;
const backtickEscape = /`(?:([nrt])|([^A-Za-z0-9\r\n]))/g;
const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', a: '\u0007', e: '\u001B' };

/** Whether a text holds anything that a view would undo but line breaks; the views of all other texts are the text. */
export const anyEscape = /%[0-9a-fA-F]{2}|\\|`/g;

/**
 * The ways to read a text: as it stands, with line breaks undone, and each of these with its escapes undone: percent
 * signs, backslashes (once to three times: JSON within JSON), PowerShell's backticks.
 */
export function viewsOf(text: string): View[] {
  const plain = plainView(text);
  const broken = [prefixedBreak, bareBreak].map((pattern) => rewrittenView(plain, pattern, () => ''));
  const joined = [plain, ...broken].filter((view) => view !== undefined);
  return joined.flatMap((view) => [view, ...unescaped(view)]);
}

function unescaped(view: View): View[] {
  const views: View[] = [];
  if (view.text.includes('%')) views.push(...present(rewrittenView(view, percentEscape, ([code]) => percentDecoded(code))));
  if (view.text.includes('`')) {
    views.push(...present(rewrittenView(view, backtickEscape, ([, control, other]) => controls[control ?? ''] ?? other ?? '')));
  }
  let inner: View | undefined = view;
  for (let depth = 0; depth < 3 && inner?.text.includes('\\') === true; depth += 1) {
    inner = rewrittenView(inner, backslashEscape, backslashDecoded);
    views.push(...present(inner));
  }
  return views;
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function percentDecoded(code: string): string {
  try {
    return decodeURIComponent(code);
  } catch {
    return code;
  }
}

function backslashDecoded([whole, unicode, hex, octal, control, other]: RegExpExecArray): string {
  if (unicode !== undefined || hex !== undefined) return String.fromCharCode(Number.parseInt(unicode ?? hex ?? '', 16));
  if (octal !== undefined) {
    const bytes = octal
      .split('\\')
      .slice(1)
      .map((digits) => Number.parseInt(digits, 8));
    return Buffer.from(bytes).toString('utf8');
  }
  return controls[control?.toLowerCase() ?? ''] ?? other ?? whole;
}
