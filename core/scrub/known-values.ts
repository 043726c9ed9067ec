import { isOfMarkers, manifestName, stableId, valueCode } from './marker.ts';
import { type SecretForm, isTooCommon, secretForms } from './secret-forms.ts';
import { type Span } from './span.ts';
import { type Stretch, type View, beforeCutEscapes, stretchesOf, viewsOf } from './view.ts';

/** A value that must not be written: of a sensitive variable, or of a secret in the environment. */
export interface SecretValue {
  /** Stands in the scrub manifest, so it is not secret. */
  readonly name: string;
  readonly value: string;
}

export interface KnownValues {
  /**
   * Where the values stand in a text, escaped and wrapped ones included. A span can go over line ends only where the
   * value itself does; of a value that is wrapped each piece is a span of its own.
   */
  find(text: string): Span[];
  /** The index at which the first value begins that goes over `border`; `border` where none does. */
  beginsBefore(text: string, border: number): number;
  /** Parts of which one stands near each value, in clear or behind escapes; undefined where there are no values. Global. */
  readonly hint: RegExp | undefined;
  /** How many characters before and behind the line of a hint `find` has to see; line ends and prefixes not counted. */
  readonly reach: number;
  /** The index at which a value may begin that goes on after the text; the text's length where none does. */
  beginsAtEnd(text: string): number;
  /** Names of the values that are too short or too common to be searched for. */
  readonly notSearched: readonly string[];
}

interface KnownForm extends SecretForm {
  readonly name: string;
  readonly id: string;
}

/** A piece of a wrapped value that is shorter than this, at its beginning, is an ordinary text: it stays. */
export const leastPiece = 3;

/** The values, made ready to be found in any of their forms (`secretForms`). Of several at one place the longest wins. */
export function createKnownValues(values: readonly SecretValue[], key: Uint8Array): KnownValues {
  const forms = new Map<string, KnownForm>();
  const notSearched: string[] = [];
  for (const { name, value } of values) {
    // A value that is a part of our own markers would be found in each of them.
    if (isTooCommon(value) || isOfMarkers(value.trim())) {
      if (value !== '') notSearched.push(name);
      continue;
    }
    const id = stableId(key, value.toWellFormed().trim());
    for (const form of secretForms(value)) {
      if (!forms.has(form.text)) forms.set(form.text, { ...form, name: manifestName(name), id });
    }
  }
  const pattern = alternation([...forms.keys()]);
  if (pattern === undefined)
    return {
      find: () => [],
      beginsBefore: (_, border) => border,
      hint: undefined,
      reach: 0,
      beginsAtEnd: (text) => text.length,
      notSearched,
    };
  // A name that holds a value would give it away.
  for (const [text, form] of forms) {
    if (holds(pattern, form.name)) forms.set(text, { ...form, name: valueCode });
  }
  const seeds = alternation([...new Set([...forms.keys()].flatMap(seedsOf))]);
  const reach = Math.max(...[...forms.keys()].map((text) => text.length));
  const found = (text: string) => viewsOf(text).flatMap((view) => formsIn(view, pattern, forms));
  return {
    find: (text) => found(text).flatMap(spansOf),
    beginsBefore: (text, border) =>
      found(text)
        .filter(({ stretches }) => (stretches.at(-1)?.to ?? 0) > border)
        .reduce((first, { stretches }) => Math.min(first, stretches[0]?.from ?? first), border),
    hint: seeds,
    // What escapes add to a text comes on top of its forms.
    reach: 3 * reach,
    beginsAtEnd: endWatch([...forms.keys()], reach),
    notSearched,
  };
}

function holds(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

function alternation(texts: readonly string[]): RegExp | undefined {
  if (texts.length === 0) return undefined;
  const longestFirst = texts.toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return new RegExp(longestFirst.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)).join('|'), 'g');
}

/**
 * Parts of a form, of which one stands whole in each text that holds the form, be it cut in two at any place or
 * wrapped at 47 columns or more: the longer of two pieces holds one of its halves. A character whose escape is cut
 * stands on neither piece, and may be two code units.
 */
function seedsOf(form: string): string[] {
  if (form.length < 8) return [form];
  const lost = /[\u{10000}-\u{10ffff}]/u.test(form) ? 1 : 0;
  const length = Math.min(16, Math.floor((form.length - lost) / 2));
  const last = form.length - length;
  const stride = form.length > 64 ? 2 * length : length;
  const seeds = [form.slice(last)];
  for (let from = 0; from < last; from += stride) seeds.push(form.slice(from, from + length));
  return seeds;
}

/** Looks at the end of a text for the beginning of a form that is at least `leastPiece` long. */
function endWatch(forms: readonly string[], reach: number): (text: string) => number {
  /** By their last letters, the beginnings of forms. */
  const endings = new Map<string, { form: string; length: number }[]>();
  for (const form of forms) {
    for (let length = leastPiece; length < form.length; length += 1) {
      const ending = form.slice(length - leastPiece, length);
      const same = endings.get(ending);
      if (same === undefined) endings.set(ending, [{ form, length }]);
      else same.push({ form, length });
    }
  }
  return (text) => {
    // Escapes and prefixes of lines take room, too.
    const offset = Math.max(0, text.length - 8 * reach - 1024);
    const tail = text.slice(offset);
    let first = text.length;
    const line = tail.replace(/\r?\n$/, '');
    for (const view of [line, ...beforeCutEscapes(line)].flatMap(viewsOf)) {
      for (const { form, length } of endings.get(view.text.slice(-leastPiece)) ?? []) {
        if (!view.text.endsWith(form.slice(0, length))) continue;
        first = Math.min(first, offset + (stretchesOf(view, view.text.length - length, view.text.length)[0]?.from ?? 0));
      }
    }
    return first;
  };
}

interface FoundForm {
  readonly form: KnownForm;
  readonly stretches: readonly Stretch[];
  /** The border between two pieces of a text may run after the first stretch: whoever saw that alone has given it. */
  readonly beginGiven: boolean;
}

function formsIn(view: View, pattern: RegExp, forms: ReadonlyMap<string, KnownForm>): FoundForm[] {
  const found: FoundForm[] = [];
  const { text } = view;
  let end = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const form = forms.get(match[0]);
    if (form === undefined) throw new Error('a form was found that is not among the forms');
    const begin = stretchesOf(view, match.index, match.index + Math.min(leastPiece, match[0].length));
    let { index: from } = match;
    let to = from + match[0].length;
    // Values may overlap each other: the search goes on one character further, not after the match.
    pattern.lastIndex = from + 1;
    if (form.base64) {
      if (isBase64(text.charCodeAt(from - 1)) && stretchesOf(view, from - 1, from + 1).length === 1) from -= 1;
      if (isBase64(text.charCodeAt(to)) && stretchesOf(view, to - 1, to + 1).length === 1) to += 1;
    }
    if (to <= end) continue;
    end = to;
    found.push({ form, stretches: stretchesOf(view, from, to), beginGiven: begin.length > 1 });
  }
  return found;
}

function spansOf({ form, stretches, beginGiven }: FoundForm): Span[] {
  return stretches.slice(beginGiven ? 1 : 0).map((stretch) => ({ ...stretch, rule: form.name, code: valueCode, id: form.id }));
}

function isBase64(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 43 ||
    code === 47 ||
    code === 45 ||
    code === 95
  );
}
