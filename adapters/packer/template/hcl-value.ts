/** A value of HCL. Objects are maps, so that no name in a template can reach a prototype. */
export type Value = string | number | boolean | null | readonly Value[] | ValueSet | ReadonlyMap<string, Value>;

/** A set of HCL: simple values of one kind, each once, in packer's order. */
export interface ValueSet {
  readonly members: readonly Value[];
}

/** What an expression is known to be without running packer, or why it is not. */
export type Evaluation =
  | { readonly known: true; readonly value: Value }
  /** `fails`: packer certainly cannot evaluate it, as `try()` and `can()` see it. */
  | { readonly known: false; readonly why: string; readonly fails?: true };

export function known(value: Value): Evaluation {
  return { known: true, value };
}

export function unknown(why: string): Evaluation {
  return { known: false, why };
}

export function failing(why: string): Evaluation {
  return { known: false, why, fails: true };
}

export function isFailing(evaluation: Evaluation): boolean {
  return !evaluation.known && evaluation.fails === true;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}

export function isSet(value: Value): value is ValueSet {
  return typeof value === 'object' && value !== null && 'members' in value;
}

/** The set of such values; undefined for others, whose order packer alone knows. */
export function setOfValues(items: readonly Value[]): ValueSet | undefined {
  return items.some((item) => textOf(item) === undefined) ? undefined : { members: [...new Set(items)].toSorted(byValue) };
}

/** The items of a list or a set; undefined of anything else. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  if (isList(value)) return value;
  return isSet(value) ? value.members : undefined;
}

/** Numbers by what they are, and all else by its text, in code units. */
export function byValue(a: Value, b: Value): number {
  const [left, right] = typeof a === 'number' && typeof b === 'number' ? [a, b] : [textOf(a) ?? '', textOf(b) ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Why a number is not known. */
export const inexact = 'the number is computed by packer, whose numbers are longer';

/** The number that a text stands for; undefined where a double does not hold it, and write it, as packer's long numbers do. */
export function exactNumber(text: string): number | undefined {
  const value = Number(text);
  const digits = text
    .replace(/[eE].*$/, '')
    .replaceAll(/[.-]/g, '')
    .replace(/^0+/, '');
  return digits.length <= 15 && /^-?[\d.]+$/.test(String(value)) && !Object.is(value, -0) ? value : undefined;
}

/** Whether it and its sums and products are held without any rounding. */
export function isWithoutRounding(value: number): boolean {
  return Number.isSafeInteger(value * 1024) && !Object.is(value, -0);
}

/** The text that a value has in a template; undefined for lists, maps and null. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Longer texts are no paths, nor files that paths are taken from. In UTF-16 units. */
export const longestText = 1024 * 1024;

/** Texts as one; undefined where that would be longer than any that matters. */
export function boundedText(texts: readonly string[], separator = ''): string | undefined {
  const length = texts.reduce((sum, text) => sum + text.length + separator.length, 0);
  return length > longestText + separator.length ? undefined : texts.join(separator);
}

/** All texts inside a value, in their order: a string's own, a list's and a map's values'. At most `limit` of them. */
export function textsIn(value: Value, limit = 10_000): string[] {
  const found: string[] = [];
  const open: Value[] = [value];
  // Values share their parts, so a small template can hold a huge value: the walk is bounded, not only the depth.
  for (let steps = 0; open.length > 0 && found.length < limit && steps < 10 * limit; steps += 1) {
    const next = open.pop();
    if (next === undefined) break;
    const text = textOf(next);
    if (text !== undefined) found.push(text);
    else open.push(...(isMap(next) ? [...next.values()] : (itemsOf(next) ?? [])).slice(0, limit).toReversed());
  }
  return found;
}

/** Maps order by key in HCL, in code units. */
export function sortedMap(entries: Iterable<readonly [string, Value]>): ReadonlyMap<string, Value> {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
