import { posix } from 'node:path';

import { type Expression, type ForExpression } from './hcl-document.ts';
import { buildTimeFunctions, fileFunctions, functions } from './hcl-functions.ts';
import { type Evaluation, type Value, isList, isMap, known, sortedMap, textOf, unknown } from './hcl-value.ts';
import { fromRepositoryPath, repositoryRoot, resolveTemplatePath } from './template-path.ts';

/** Names that a `for` or a `dynamic` block binds; a value of undefined: bound, but not known. */
export type Bindings = ReadonlyMap<string, Value | undefined>;

export const noBindings: Bindings = new Map();

/** What expressions can refer to. */
export interface Surroundings {
  variable(name: string): Evaluation;
  local(name: string): Expression | undefined;
  /** The template's folder, below the repository's root. */
  readonly folder: string;
  /** The files below a folder of the repository that fit a pattern, relative to that folder and sorted; undefined where it cannot be read. */
  filesIn(folder: string, pattern: string): readonly string[] | undefined;
}

export interface Evaluator {
  /** What an expression is known to be. Never throws, and ends soon whatever the expression is. */
  evaluate(expression: Expression, bindings?: Bindings): Evaluation;
  /**
   * The texts that an expression may become, with `anyText` where a part is not known: one for each branch of its
   * conditionals.
   */
  alternatives(expression: Expression, bindings?: Bindings): readonly string[];
}

/** Stands for a part that is not known: a private character, which no path has. */
export const anyText = '\uF8FF';

/** Longer texts are no paths; longer lists, more steps and deeper chains are no template of a person. */
const limits = { text: 4096, items: 10_000, steps: 500_000, depth: 400, alternatives: 64 } as const;

export function createEvaluator(surroundings: Surroundings): Evaluator {
  const locals = new Map<string, Evaluation>();
  const openLocals = new Set<string>();
  let steps = 0;
  let depth = 0;

  function evaluate(expression: Expression, bindings: Bindings = noBindings): Evaluation {
    steps += 1;
    if (steps > limits.steps || depth > limits.depth) return unknown('the template is too large to be resolved');
    depth += 1;
    try {
      return withinLimits(evaluateForm(expression, bindings));
    } finally {
      depth -= 1;
    }
  }

  function evaluateForm(expression: Expression, bindings: Bindings): Evaluation {
    switch (expression.type) {
      case 'literal':
        return known(expression.value);
      case 'template':
        return ofAll(expression.parts, bindings, (values) => {
          const texts = values.map((value) => textOf(value));
          return texts.every((text) => text !== undefined) ? known(texts.join('')) : unknown('a list or a map is no text');
        });
      case 'list':
        return ofAll(expression.items, bindings, (values) => known(values));
      case 'object':
        return ofAll(
          expression.entries.flatMap(({ key, value }) => [key, value]),
          bindings,
          (values) => objectOf(values),
        );
      case 'name':
        return evaluateName(expression.name, bindings);
      case 'attribute':
        return evaluateAttribute(expression.of, expression.name, bindings);
      case 'index':
        return ofAll([expression.of, expression.key], bindings, ([of, key]) => itemOf(of, key));
      case 'call':
        return evaluateCall(expression, bindings);
      case 'conditional': {
        const condition = truth(evaluate(expression.condition, bindings));
        if (typeof condition === 'boolean') return evaluate(condition ? expression.yes : expression.no, bindings);
        return unknown(`its condition is not known: ${condition.why}`);
      }
      case 'operation':
        return ofAll(expression.operands, bindings, (values) => operate(expression.operator, values));
      case 'for':
        return evaluateFor(expression, bindings);
      case 'opaque':
        return unknown(expression.why);
    }
  }

  function ofAll(parts: readonly Expression[], bindings: Bindings, combine: (values: readonly Value[]) => Evaluation): Evaluation {
    const values: Value[] = [];
    for (const part of parts) {
      const evaluation = evaluate(part, bindings);
      if (!evaluation.known) return evaluation;
      values.push(evaluation.value);
    }
    return combine(values);
  }

  function evaluateName(name: string, bindings: Bindings): Evaluation {
    const value = bindings.get(name);
    if (value !== undefined) return known(value);
    return unknown(bindings.has(name) ? `what ${name} goes through is not known` : `${name} is known only to packer`);
  }

  function evaluateAttribute(of: Expression, name: string, bindings: Bindings): Evaluation {
    if (of.type === 'name' && !bindings.has(of.name)) {
      switch (of.name) {
        case 'var':
          return surroundings.variable(name);
        case 'local':
          return evaluateLocal(name);
        case 'path':
          if (name === 'cwd') return known(repositoryRoot);
          return name === 'root' ? known(fromRepositoryPath(surroundings.folder)) : unknown(`there is no path.${name}`);
        default:
          return unknown(`${of.name}.${name} is known only while packer runs`);
      }
    }
    return ofAll([of], bindings, ([value]) => itemOf(value, name));
  }

  function evaluateLocal(name: string): Evaluation {
    const cached = locals.get(name);
    if (cached !== undefined) return cached;
    const expression = surroundings.local(name);
    if (expression === undefined) return unknown(`the template has no local ${name}`);
    if (openLocals.has(name)) return unknown(`the local ${name} refers to itself`);
    openLocals.add(name);
    const evaluation = evaluate(expression);
    openLocals.delete(name);
    locals.set(name, evaluation);
    return evaluation;
  }

  function evaluateCall(call: Extract<Expression, { type: 'call' }>, bindings: Bindings): Evaluation {
    if (fileFunctions.has(call.name)) return unknown(`${call.name}() is known only when the file is read`);
    const why = buildTimeFunctions.get(call.name);
    if (why !== undefined) return unknown(`${call.name}() is known only while packer runs: ${why}`);
    return ofAll(call.arguments, bindings, (values) => {
      const last = values.at(-1);
      const given = call.spread && last !== undefined && isList(last) ? [...values.slice(0, -1), ...last] : values;
      return apply(call.name, given);
    });
  }

  function apply(name: string, given: readonly Value[]): Evaluation {
    const [first, second] = given;
    if (name === 'abspath')
      return typeof first === 'string' ? known(posix.resolve(repositoryRoot, first)) : unknown('abspath() takes a text');
    if (name === 'fileset') {
      const folder = typeof first === 'string' ? resolveTemplatePath(first, surroundings.folder) : undefined;
      if (folder?.type !== 'inside' || typeof second !== 'string')
        return unknown('fileset() takes a folder of the repository and a pattern');
      const files = surroundings.filesIn(folder.path, second);
      return files === undefined ? unknown('the folder of fileset() cannot be read') : known(files);
    }
    const value = given.length > 1000 ? undefined : functions.get(name)?.(...given);
    return value === undefined ? unknown(`${name}() is evaluated by packer`) : known(value);
  }

  function evaluateFor(loop: ForExpression, bindings: Bindings): Evaluation {
    const collection = evaluate(loop.collection, bindings);
    if (!collection.known) return collection;
    const pairs = pairsOf(collection.value, loop.splat);
    if (pairs === undefined) return unknown('only a list or a map can be gone through');
    const results: [string, Value][] = [];
    for (const [key, value] of pairs) {
      const inner = new Map([
        ...bindings,
        [loop.valueName, value],
        ...(loop.keyName === undefined ? [] : ([[loop.keyName, key]] as const)),
      ]);
      const isWanted = loop.condition === undefined ? true : truth(evaluate(loop.condition, inner));
      if (typeof isWanted !== 'boolean') return unknown(isWanted.why);
      if (!isWanted) continue;
      const resultKey = loop.resultKey === undefined ? known('') : evaluate(loop.resultKey, inner);
      const result = evaluate(loop.result, inner);
      if (!resultKey.known) return resultKey;
      if (!result.known) return result;
      results.push([textOf(resultKey.value) ?? '', result.value]);
    }
    return known(loop.resultKey === undefined ? results.map(([, value]) => value) : sortedMap(results));
  }

  function alternatives(expression: Expression, bindings: Bindings = noBindings): readonly string[] {
    const evaluation = evaluate(expression, bindings);
    const text = evaluation.known ? textOf(evaluation.value) : undefined;
    if (text !== undefined) return [text];
    if (expression.type === 'conditional')
      return several([...alternatives(expression.yes, bindings), ...alternatives(expression.no, bindings)]);
    if (expression.type !== 'template') return [anyText];
    return expression.parts.reduce<readonly string[]>(
      (starts, part) => several(starts.flatMap((start) => alternatives(part, bindings).map((end) => `${start}${end}`))),
      [''],
    );
  }

  return { evaluate, alternatives };
}

function several(texts: readonly string[]): readonly string[] {
  return texts.length > limits.alternatives ? [anyText] : texts;
}

function withinLimits(evaluation: Evaluation): Evaluation {
  if (!evaluation.known) return evaluation;
  const { value } = evaluation;
  if (typeof value === 'string' && value.length > limits.text) return unknown('it is too long for a path');
  const size = isList(value) ? value.length : isMap(value) ? value.size : 0;
  return size > limits.items ? unknown('it has too many items') : evaluation;
}

function objectOf(keysAndValues: readonly Value[]): Evaluation {
  const entries: [string, Value][] = [];
  for (let at = 0; at + 1 < keysAndValues.length; at += 2) {
    const key = textOf(keysAndValues[at] ?? null);
    if (key === undefined) return unknown('a key is no text');
    entries.push([key, keysAndValues[at + 1] ?? null]);
  }
  return known(sortedMap(entries));
}

function itemOf(of: Value | undefined, key: Value | undefined): Evaluation {
  let item: Value | undefined;
  if (of !== undefined && isList(of) && key !== undefined) item = of[Number(key)];
  else if (of !== undefined && isMap(of) && key !== undefined && key !== null) item = of.get(textOf(key) ?? '');
  return item === undefined ? unknown(`it has no item ${JSON.stringify(key ?? null)}`) : known(item);
}

/** The keys and values that a collection is gone through by; undefined where it is none. */
export function pairsOf(collection: Value, isSplat: boolean): (readonly [Value, Value])[] | undefined {
  if (isList(collection)) return collection.map((value, at) => [at, value] as const);
  if (isMap(collection) && !isSplat) return [...collection];
  if (!isSplat) return undefined;
  return collection === null ? [] : [[0, collection]];
}

function truth(evaluation: Evaluation): boolean | { readonly why: string } {
  if (!evaluation.known) return evaluation;
  if (evaluation.value === true || evaluation.value === 'true') return true;
  return evaluation.value === false || evaluation.value === 'false' ? false : { why: 'it is neither true nor false' };
}

function operate(operator: string, values: readonly Value[]): Evaluation {
  const [left, right] = values;
  if (operator === '==' || operator === '!=') {
    if (isCompound(left) || isCompound(right)) return unknown('lists and maps are compared by packer');
    return known((left === right) === (operator === '=='));
  }
  if (typeof left === 'boolean' && values.length === 1 && operator === '!') return known(!left);
  if (typeof left === 'boolean' && typeof right === 'boolean') {
    if (operator === '&&') return known(left && right);
    if (operator === '||') return known(left || right);
  }
  if (typeof left === 'number' && (right === undefined || typeof right === 'number')) return calculate(operator, left, right);
  return unknown(`the operator ${operator} does not take these values`);
}

function isCompound(value: Value | undefined): boolean {
  return typeof value === 'object' && value !== null;
}

function calculate(operator: string, left: number, right: number | undefined): Evaluation {
  if (right === undefined) return operator === '-' ? known(-left) : unknown(`the operator ${operator} does not take a number`);
  switch (operator) {
    case '+':
      return known(left + right);
    case '-':
      return known(left - right);
    case '*':
      return known(left * right);
    case '<':
      return known(left < right);
    case '<=':
      return known(left <= right);
    case '>':
      return known(left > right);
    case '>=':
      return known(left >= right);
    default:
      return unknown(`the operator ${operator} is evaluated by packer`);
  }
}
