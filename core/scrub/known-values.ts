import { markerName, markerStart, stableId } from './marker.ts';
import { privateKeyRule, redactionRules } from './redaction-rules.ts';
import { isTooCommon, secretForms } from './secret-forms.ts';
import { type Span } from './span.ts';

/** A value that must not be written: of a sensitive variable, or of a secret in the environment. */
export interface SecretValue {
  /** Stands in markers, so it is not secret. */
  readonly name: string;
  readonly value: string;
}

export interface KnownValues {
  /** Where the values stand in a line. */
  find(line: string): Span[];
  /** Names of the values that are too short or too common to be searched for. */
  readonly notSearched: readonly string[];
}

interface KnownForm {
  readonly name: string;
  readonly id: string;
  readonly base64: boolean;
}

const ownWords = [markerStart, privateKeyRule, ...redactionRules.map((rule) => rule.code)];

/** The values, made ready to be found in any of their forms (`secretForms`). Of several at one place the longest wins. */
export function createKnownValues(values: readonly SecretValue[], key: Uint8Array): KnownValues {
  const forms = new Map<string, KnownForm>();
  const notSearched: string[] = [];
  for (const { name, value } of values) {
    // A value that is a part of our own markers would be found in each of them.
    if (isTooCommon(value) || ownWords.some((word) => word.includes(value.trim()))) {
      if (value !== '') notSearched.push(name);
      continue;
    }
    const id = stableId(key, value.toWellFormed().trim());
    for (const form of secretForms(value)) {
      if (!forms.has(form.text)) forms.set(form.text, { name: markerName(name), id, base64: form.base64 });
    }
  }
  const pattern = alternation([...forms.keys()]);
  if (pattern === undefined) return { find: () => [], notSearched };
  // A name that holds a value would give it away.
  for (const [text, form] of forms) {
    if (markerHolds(pattern, form.name)) forms.set(text, { ...form, name: 'SECRET' });
  }
  return { find: (line) => findForms(line, pattern, forms), notSearched };
}

function markerHolds(pattern: RegExp, name: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(name);
}

function alternation(texts: string[]): RegExp | undefined {
  if (texts.length === 0) return undefined;
  const longestFirst = texts.toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return new RegExp(longestFirst.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)).join('|'), 'g');
}

function findForms(line: string, pattern: RegExp, forms: ReadonlyMap<string, KnownForm>): Span[] {
  const spans: Span[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    const form = forms.get(match[0]);
    if (form === undefined) throw new Error('a form was found that is not among the forms');
    let { index: from } = match;
    let to = from + match[0].length;
    // Values may overlap each other: the search goes on one character further, not after the match.
    pattern.lastIndex = from + 1;
    if (form.base64) {
      if (isBase64(line.charCodeAt(from - 1))) from -= 1;
      if (isBase64(line.charCodeAt(to))) to += 1;
    }
    const last = spans.at(-1);
    if (last !== undefined && to <= last.to) continue;
    spans.push({ from, to, rule: form.name, id: form.id });
  }
  return spans;
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
