import { scalarsOfYaml } from './hcl-coding-functions.ts';
import { type Expression, literal, partsOf } from './hcl-document.ts';
import { buildTimeFunctions, fileFunctions } from './hcl-functions.ts';
import { expressionOf } from './hcl-json.ts';
import { type Evaluation, boundedText, textOf, textsIn } from './hcl-value.ts';
import { parseJson } from './json-syntax.ts';

/** What sensitive expressions refer to. */
export interface SensitiveSurroundings {
  readonly evaluate: (expression: Expression) => Evaluation;
  /** What a local or a variable is written as; undefined where there is none. */
  readonly named: (root: string, name: string) => Expression | undefined;
}

const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%']);

/**
 * The texts that sensitive variables and locals have in the files: wherever they turn up, they must be redacted. Of a
 * value that is not known as a whole, those of its parts that are: one number too long for a double hides no password.
 */
export function sensitiveTexts(expressions: readonly Expression[], surroundings: SensitiveSurroundings): string[] {
  const texts: string[] = [];
  const seen = new Set<Expression>();
  const open = expressions.toReversed();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const whole = textsOf(next, surroundings);
    if (whole === undefined) open.push(...valueParts(next, surroundings).toReversed());
    // A log shows what a file says without the line feed at its end.
    else texts.push(...whole.flatMap((text) => [text, text.trim()]));
  }
  return [...new Set(texts.filter((text) => text !== ''))];
}

/** Those of the whole; undefined where it is not known. */
function textsOf(expression: Expression, { evaluate }: SensitiveSurroundings): string[] | undefined {
  if (expression.type === 'literal') return textsIn(expression.value);
  if (expression.type === 'number') return [expression.text];
  const evaluation = evaluate(expression);
  if (evaluation.known) return textsIn(evaluation.value);
  if (expression.type !== 'template') return undefined;
  const parts = expression.parts.map((part) => (part.type === 'number' ? part.text : knownText(evaluate(part))));
  const text = parts.every((part) => part !== undefined) ? boundedText(parts) : undefined;
  return text === undefined ? undefined : [text];
}

function knownText(evaluation: Evaluation): string | undefined {
  return evaluation.known ? textOf(evaluation.value) : undefined;
}

/**
 * The parts that a value is made of: not conditions, keys, names of files, nor the text around an interpolation. To take
 * those for secrets would stop builds that rightly name them.
 */
function valueParts(expression: Expression, { evaluate, named }: SensitiveSurroundings): readonly Expression[] {
  switch (expression.type) {
    case 'template':
      return expression.parts.filter(({ type }) => type !== 'literal');
    case 'object':
      return expression.entries.map(({ value }) => value);
    case 'attribute': {
      const of = expression.of.type === 'name' ? named(expression.of.name, expression.name) : expression.of;
      return of === undefined ? [] : [of];
    }
    case 'index':
      return [expression.of];
    case 'conditional':
      return [expression.yes, expression.no];
    case 'for':
      return [expression.collection, expression.result];
    case 'operation':
      return arithmetic.has(expression.operator) ? expression.operands : [];
    case 'call': {
      const [first] = expression.arguments;
      if (fileFunctions.has(expression.name) || buildTimeFunctions.has(expression.name)) return [];
      const document = first !== undefined && /^(?:json|yaml)decode$/.test(expression.name) ? knownText(evaluate(first)) : undefined;
      return document === undefined ? expression.arguments : decodedParts(expression, document);
    }
    default:
      return partsOf(expression);
  }
}

/** What is in a document that cannot be decoded as a whole. */
function decodedParts({ name, place }: Extract<Expression, { type: 'call' }>, document: string): readonly Expression[] {
  if (name === 'yamldecode') return scalarsOfYaml(document).map((text) => literal(text, place));
  const json = parseJson(place.file, document);
  return json.ok ? [expressionOf(json.value, literal)] : [];
}
