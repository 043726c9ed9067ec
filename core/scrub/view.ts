import { entity, entityDecoded } from './entities.ts';

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * A text as it reads once something in it is undone: an escape, or a line break that a terminal put there. Each of
 * its UTF-16 code units knows the stretch that it came from.
 */
export interface View {
  readonly text: string;
  /** What it was made of, and which part of it became what, in order; of the first text nothing. */
  readonly source?: { readonly view: View; readonly parts: readonly Part[] };
}

/** A part of a view: as it stands in the source from `from` on, or in place of all from `from` up to `to`. */
interface Part {
  readonly at: number;
  readonly from: number;
  readonly to: number | null;
}

/** A view with each match replaced; undefined where nothing matches. What is replaced by nothing leaves a gap. */
function rewrittenView(view: View, pattern: RegExp, replacement: (match: RegExpExecArray) => string): View | undefined {
  const pieces: string[] = [];
  const parts: Part[] = [];
  let at = 0;
  let position = 0;
  const add = (text: string, from: number, to: number | null) => {
    if (text === '') return;
    parts.push({ at, from, to });
    pieces.push(text);
    at += text.length;
  };
  for (const match of view.text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    add(view.text.slice(position, match.index), position, null);
    add(replacement(match), match.index, end);
    position = end;
  }
  if (position === 0) return undefined;
  add(view.text.slice(position), position, null);
  return { text: pieces.join(''), source: { view, parts } };
}

/** The last part that begins at an index or before it. */
function partAt(parts: readonly Part[], index: number): number {
  let low = 0;
  let high = parts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((parts[middle]?.at ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The stretches of the first text that a stretch of a view came from, without the gaps. */
export function stretchesOf({ source }: View, from: number, to: number): Stretch[] {
  if (source === undefined) return [{ from, to }];
  const direct: Stretch[] = [];
  for (let index = partAt(source.parts, from); index < source.parts.length; index += 1) {
    const part = source.parts[index];
    if (part === undefined || part.at >= to) break;
    const end = Math.min(to, source.parts[index + 1]?.at ?? to);
    const begin = Math.max(from, part.at) - part.at + part.from;
    direct.push(part.to === null ? { from: begin, to: end - part.at + part.from } : { from: part.from, to: part.to });
  }
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
export const anyEscape = /%[0-9a-fA-F]{2}|\\|`|&(?:#|[a-zA-Z]{2,16}[1-4]{0,2};)/g;

/**
 * What may be the beginning of an escape, or of a further one of the same character: by how many backslashes an escape
 * begins with, since those before it may be escaped ones of their own.
 */
const cutEscapes = ['{1}', '{2}', '{4}', '{1,8}'].map(
  (count) =>
    new RegExp(
      String.raw`(?:%[0-9a-f]{0,2}|\\${count}(?:u[0-9a-f]{0,3}|x[0-9a-f]{0,2}|[0-7]{1,3})?|\`|&(?:(?:amp|#38|#x26);)?(?:#x?[0-9a-f]{0,8}|[a-z]{0,16}[1-4]{0,2}))$`,
      'i',
    ),
);

/** A text without the last one to four of its escapes, where it ends in one: a character that is not whole may begin there. */
export function beforeCutEscapes(text: string): string[] {
  const texts = new Set<string>();
  for (const cutEscape of cutEscapes) {
    let whole = text;
    for (let cuts = 0; cuts < 4 && cutEscape.test(whole); cuts += 1) {
      whole = whole.replace(cutEscape, '');
      texts.add(whole);
    }
  }
  return [...texts];
}

/**
 * The ways to read a text: as it stands, with line breaks undone, and each of these with its escapes undone: percent
 * signs, backslashes (once to three times: JSON within JSON), PowerShell's backticks; and in each of all these the entities of
 * HTML and XML (once or twice).
 */
export function viewsOf(text: string): View[] {
  const plain: View = { text };
  const broken = [prefixedBreak, bareBreak].map((pattern) => rewrittenView(plain, pattern, () => ''));
  const joined = [plain, ...broken].filter((view) => view !== undefined);
  return joined.flatMap((view) => [view, ...unescaped(view)]).flatMap((view) => [view, ...withoutEntities(view)]);
}

function withoutEntities(view: View): View[] {
  const views: View[] = [];
  let inner: View | undefined = view;
  for (let depth = 0; depth < 2 && inner?.text.includes('&') === true; depth += 1) {
    inner = rewrittenView(inner, entity, entityDecoded);
    views.push(...present(inner));
  }
  return views;
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
