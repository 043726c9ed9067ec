import { type RedactionRule, privateKeyRule, redactionRules } from './redaction-rules.ts';
import { type Span } from './span.ts';

/** One search for the literals of all rules: nearly all lines of a log end here. For texts in lower case. */
const prefilter = anyOf(redactionRules.flatMap((rule) => rule.anchors));

/** Places near which a secret may stand, that of private keys included, in texts of many lines. Global. */
export const hasAnchor = new RegExp(
  [
    anyOf(redactionRules.flatMap((rule) => (rule.hint === undefined ? rule.anchors : []))).source,
    ...redactionRules.flatMap((rule) => (rule.hint === undefined ? [] : [rule.hint.source])),
    '-----begin ',
  ].join('|'),
  'gi',
);

/** Secrets that their shape gives away, in the order of the rules. */
export function findShapes(line: string): Span[] {
  const lower = line.toLowerCase();
  if (!prefilter.test(lower)) return [];
  return redactionRules.flatMap((rule) => (rule.anchors.some((anchor) => lower.includes(anchor)) ? findRule(rule, line) : []));
}

/**
 * The BEGIN line of a private key with the beginning of its body, on lines of its own or escaped into one. A
 * BEGIN line alone stands in scripts that look for keys, and a body of one repeated character in examples.
 */
const privateKeyInInput =
  /-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:\\[nrt]|[\s"'+,#>|:]){0,64}(?:[A-Za-z-]{4,20}: [^\r\n\\]{1,100}(?:\\[nrt]|[\s"'+,]){1,64}){0,4}(?!(.)\1{15})[A-Za-z0-9+/]{40}/g;

/** As `findShapes`, of the rules that are unmistakable enough to stop a build. The text may have several lines. */
export function findShapesInInput(text: string): Span[] {
  const keys = [...text.matchAll(privateKeyInInput)].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
    rule: privateKeyRule,
    code: privateKeyRule,
  }));
  const lower = text.toLowerCase();
  if (!prefilter.test(lower)) return keys;
  const rules = redactionRules.filter((rule) => rule.inInputs && rule.anchors.some((anchor) => lower.includes(anchor)));
  return [...keys, ...rules.flatMap((rule) => findRule(rule, text))];
}

function anyOf(literals: readonly string[]): RegExp {
  return new RegExp([...new Set(literals)].map((literal) => literal.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|'));
}

function findRule(rule: RedactionRule, text: string): Span[] {
  return [...text.matchAll(rule.pattern)].map((match) => {
    const group = Object.values(match.indices?.groups ?? {}).find((range) => range !== undefined);
    const [from, to] = group ?? [match.index, match.index + match[0].length];
    return { from, to, rule: rule.code, code: rule.code };
  });
}
