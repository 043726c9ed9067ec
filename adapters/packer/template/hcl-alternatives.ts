import { type Expression } from './hcl-document.ts';
import { type Bindings, type Evaluator, type Surroundings } from './hcl-surroundings.ts';
import { textOf, textsIn } from './hcl-value.ts';

/** Stands for a part that is not known: a private character, which no path has. */
export const anyText = '\uF8FF';

/** More alternatives, longer ones, and more steps to find them are no template of a person. */
const limits = { alternatives: 64, path: 4096, steps: 200_000, depth: 200 } as const;

/** Answers the function that an evaluator's `alternatives` is. */
export function createAlternatives(evaluate: Evaluator['evaluate'], surroundings: Surroundings): Evaluator['alternatives'] {
  /** Of those whose alternatives are being looked for. */
  const openNames = new Set<string>();
  let steps = 0;
  let depth = 0;

  function alternatives(expression: Expression, bindings: Bindings = new Map()): readonly string[] {
    const evaluation = evaluate(expression, bindings);
    const text = evaluation.known ? textOf(evaluation.value) : undefined;
    if (text !== undefined) return [text];
    return evaluation.known ? several(textsIn(evaluation.value, limits.alternatives + 1)) : alternativesOf(expression, bindings);
  }

  /** Of what is not known as a whole. */
  function alternativesOf(expression: Expression, bindings: Bindings): readonly string[] {
    steps += 1;
    if (steps > limits.steps || depth > limits.depth) return [anyText];
    depth += 1;
    try {
      switch (expression.type) {
        case 'conditional':
          return union([expression.yes, expression.no], bindings);
        case 'list':
          return union(expression.items, bindings);
        case 'call':
          return expression.name === 'try' || expression.name === 'coalesce' ? union(expression.arguments, bindings) : [anyText];
        case 'attribute':
          return expression.of.type === 'name' && !bindings.has(expression.of.name)
            ? alternativesOfNamed(expression.of.name, expression.name)
            : [anyText];
        case 'template':
          return expression.parts.reduce<readonly string[]>(
            (starts, part) => several(starts.flatMap((start) => alternatives(part, bindings).map((end) => `${start}${end}`))),
            [''],
          );
        default:
          return [anyText];
      }
    } finally {
      depth -= 1;
    }
  }

  function union(expressions: readonly Expression[], bindings: Bindings): readonly string[] {
    return several(expressions.flatMap((expression) => alternatives(expression, bindings)));
  }

  function alternativesOfNamed(root: string, name: string): readonly string[] {
    const expression = root === 'local' ? surroundings.local(name) : root === 'var' ? surroundings.variableExpression(name) : undefined;
    const key = `${root}.${name}`;
    if (expression === undefined || openNames.has(key)) return [anyText];
    openNames.add(key);
    const texts = alternatives(expression);
    openNames.delete(key);
    return texts;
  }

  return alternatives;
}

function several(texts: readonly string[]): readonly string[] {
  return texts.length > limits.alternatives || texts.some((text) => text.length > limits.path) ? [anyText] : texts;
}
