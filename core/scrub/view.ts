interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * A text as it reads once something in it is undone: an escape, or a line break that a terminal put there. Each of
 * its UTF-16 code units knows the stretch that it came from.
 */
export interface View {
  readonly text: string;
  /** What it was made of, and where in that a code unit was; of the first text nothing. */
  readonly source?: { readonly view: View; readonly from: readonly number[]; readonly to: readonly number[] };
}

/** A view with each match replaced; undefined where nothing matches. What is replaced by nothing leaves a gap. */
function rewrittenView(view: View, pattern: RegExp, replacement: (match: RegExpExecArray) => string): View | undefined {
  const matches = [...view.text.matchAll(pattern)];
  if (matches.length === 0) return undefined;
  const pieces: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let position = 0;
  const keepUpTo = (end: number) => {
    pieces.push(view.text.slice(position, end));
    for (; position < end; position += 1) {
      from.push(position);
      to.push(position + 1);
    }
  };
  for (const match of matches) {
    keepUpTo(match.index);
    const text = replacement(match);
    const end = match.index + match[0].length;
    pieces.push(text);
    for (let count = 0; count < text.length; count += 1) {
      from.push(match.index);
      to.push(end);
    }
    position = end;
  }
  keepUpTo(view.text.length);
  return { text: pieces.join(''), source: { view, from, to } };
}

/** The stretches of the first text that a stretch of a view came from, without the gaps. */
export function stretchesOf({ source }: View, from: number, to: number): Stretch[] {
  if (source === undefined) return [{ from, to }];
  const direct: Stretch[] = [];
  for (let index = from; index < to; index += 1) direct.push({ from: source.from[index] ?? 0, to: source.to[index] ?? 0 });
  return withoutBorders(withoutBorders(direct).flatMap((stretch) => stretchesOf(source.view, stretch.from, stretch.to)));
}

/** Stretches that touch or overlap as one. */
function withoutBorders(stretches: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = [];
  for (const next of stretches) {
    const last = merged.at(-1);
    if (last !== undefined && next.from <= last.to) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, next.to) };
    else merged.push(next);
  }
  return merged;
}

/** What packer or a clock puts before a line, or an indentation. */
const linePrefix = String.raw`(?:\d{9,11},[^,\n]{0,64},ui,[a-z-]{1,16},)?(?:\d{4}[-/]\d\d[-/]\d\d[T ][\d:.,+Z-]{5,30} )?(?:ui: )?[ \t]{0,8}(?:==> )?(?:[\w.-]{1,64}: )?`;
const bareBreak = /\r?\n|(?:\\r)?\\n/g;
const prefixedBreak = new RegExp(String.raw`(?:\r?\n|(?:\\r)?\\n)${linePrefix}`, 'g');

const percentEscape = /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi;
/** A code unit, a character of UTF-8 in hex or octal bytes, a control character by its letter, or any other sign as itself. */
const backslashEscape = new RegExp(
  [
    String.raw`\\u(?<unicode>[0-9a-f]{4})`,
    String.raw`(?<hex>\\x[0-7][0-9a-f]|\\x[cd][0-9a-f]\\x[89ab][0-9a-f]|\\xe[0-9a-f](?:\\x[89ab][0-9a-f]){2}|\\xf[0-7](?:\\x[89ab][0-9a-f]){3})`,
    String.raw`(?<octal>\\[01][0-7]{2}|\\3[0-3][0-7]\\2[0-7]{2}|\\3[45][0-7](?:\\2[0-7]{2}){2}|\\36[0-7](?:\\2[0-7]{2}){3})`,
    String.raw`\\(?:(?<control>[abefnrtv])|(?<other>[^a-zA-Z0-9\r\n]))`,
  ].join('|'),
  'gi',
);
const backtickEscape = /`(?:([nrt])|([^A-Za-z0-9\r\n]))/g;
const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', a: '\u0007', e: '\u001B' };

/** Whether a text holds anything that a view would undo but line breaks; the views of all other texts are the text. */
export const anyEscape = /%[0-9a-fA-F]{2}|\\|`/g;

/** What may be the beginning of an escape, or of a further one of the same character. */
const cutEscape = /(?:%[0-9a-f]{0,2}|\\+(?:u[0-9a-f]{0,3}|x[0-9a-f]{0,2}|[0-7]{1,3})?|`)$/i;

/** A text without the last one to four of its escapes, where it ends in one: a character that is not whole may begin there. */
export function beforeCutEscapes(text: string): string[] {
  const texts: string[] = [];
  for (let cut = text.replace(cutEscape, ''); cut !== (texts.at(-1) ?? text) && texts.length < 4; cut = cut.replace(cutEscape, ''))
    texts.push(cut);
  return texts;
}

/**
 * The ways to read a text: as it stands, with line breaks undone, and each of these with its escapes undone: percent
 * signs, backslashes (once to three times: JSON within JSON), PowerShell's backticks.
 */
export function viewsOf(text: string): View[] {
  const plain: View = { text };
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

function backslashDecoded({ 0: whole, groups = {} }: RegExpExecArray): string {
  const { unicode, hex, octal, control, other } = groups;
  if (unicode !== undefined) return String.fromCharCode(Number.parseInt(unicode, 16));
  if (hex !== undefined) return Buffer.from(hex.replaceAll(/\\x/gi, ''), 'hex').toString('utf8');
  if (octal !== undefined)
    return Buffer.from(
      octal
        .split('\\')
        .slice(1)
        .map((digits) => Number.parseInt(digits, 8)),
    ).toString('utf8');
  return controls[control?.toLowerCase() ?? ''] ?? other ?? whole;
}
