import { posix } from 'node:path';

import { createAlternatives } from './hcl-alternatives.ts';
import { type Bindings, type Evaluator, type Surroundings, noBindings } from './hcl-surroundings.ts';
import { type Expression, type ForExpression } from './hcl-document.ts';
import { buildTimeFunctions, clearFunctions, dependsOnRoot, fileFunctions, functions, wholeTextFunctions } from './hcl-functions.ts';
import { grouped, itemOf, objectOf, operate, pairsOf, truth } from './hcl-operations.ts';
import {
  type Evaluation,
  type Value,
  boundedText,
  inexact,
  isMap,
  itemsOf,
  known,
  longestText,
  sortedMap,
  textOf,
  unknown,
  failing,
  isFailing,
} from './hcl-value.ts';
import { fromRepositoryPath, repositoryRoot, resolveTemplatePath } from './template-path.ts';

/**
 * Longer paths, longer lists, more steps, deeper chains and more text in all (in UTF-16 units) are no template of a
 * person.
 */
const limits = { path: 4096, items: 10_000, steps: 500_000, depth: 400, text: 32 * 1024 * 1024 } as const;

const tooLarge = 'the template is too large to be resolved';

export function createEvaluator(surroundings: Surroundings): Evaluator {
  const locals = new Map<string, Evaluation>();
  const openLocals = new Set<string>();
  const clearLocals = new Map<string, boolean>();
  /** Of the names that a `for` binds those whose values are of the kind that packer has them. */
  const clearNames = new WeakMap<Bindings, ReadonlySet<string>>();
  let steps = 0;
  let depth = 0;
  let textSoFar = 0;

  function evaluate(expression: Expression, bindings: Bindings = noBindings): Evaluation {
    steps += 1;
    if (steps > limits.steps || depth > limits.depth) return unknown(tooLarge);
    depth += 1;
    try {
      const evaluation = withinLimits(evaluateForm(expression, bindings));
      if (evaluation.known && typeof evaluation.value === 'string') textSoFar += evaluation.value.length;
      return textSoFar > limits.text ? unknown(tooLarge) : evaluation;
    } finally {
      depth -= 1;
    }
  }

  function evaluateForm(expression: Expression, bindings: Bindings): Evaluation {
    switch (expression.type) {
      case 'literal':
        return known(expression.value);
      case 'number':
        return unknown(inexact);
      case 'template': {
        const [only] = expression.parts;
        // "${x}" alone is x, whatever kind of value that is.
        if (only !== undefined && expression.parts.length === 1) return evaluate(only, bindings);
        return ofAll(expression.parts, bindings, (values) => {
          const texts = values.map((value) => textOf(value));
          if (!texts.every((text) => text !== undefined))
            return unknown(values.includes(null) ? 'null is no text' : 'a list or a map is no text');
          const whole = boundedText(texts);
          return whole === undefined ? unknown('it is too long for a path') : known(whole);
        });
      }
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
        if (typeof condition === 'boolean') {
          const [taken, other] = condition ? [expression.yes, expression.no] : [expression.no, expression.yes];
          return likeTheOther(evaluate(taken, bindings), other, bindings);
        }
        return unknown(`its condition is not known: ${condition.why}`);
      }
      case 'operation':
        if (expression.operator === '&&' || expression.operator === '||')
          return evaluateLogic(expression.operator, expression.operands, bindings);
        return ofAll(expression.operands, bindings, (values) =>
          isUnclearComparison(expression.operator, expression.operands, values, bindings)
            ? unknown('it compares values, and of what kind packer takes them for is not known here')
            : operate(expression.operator, values),
        );
      case 'for':
        return evaluateFor(expression, bindings);
      case 'opaque':
        return unknown(expression.why);
    }
  }

  /** Both results of a conditional become of one kind: a number beside a text is a text. */
  function likeTheOther(taken: Evaluation, other: Expression, bindings: Bindings): Evaluation {
    if (!taken.known || (typeof taken.value !== 'number' && typeof taken.value !== 'boolean')) return taken;
    const evaluation = evaluate(other, bindings);
    return evaluation.known && typeof evaluation.value === 'string' ? known(String(taken.value)) : taken;
  }

  /** Values of different kinds are never equal, but functions and conditionals turn numbers, truths and lists into others. */
  function isUnclearComparison(operator: string, operands: readonly Expression[], values: readonly Value[], bindings: Bindings): boolean {
    if (operator !== '==' && operator !== '!=') return false;
    return operands.some((operand, at) => !isSettled(values[at] ?? null) && !hasClearKind(operand, bindings));
  }

  /** Whether a value is of the kind that packer has it: what is written so, and variables, which are converted to their type. */
  function hasClearKind(expression: Expression, bindings: Bindings): boolean {
    switch (expression.type) {
      case 'literal':
      case 'operation':
        return true;
      case 'template':
        return expression.parts.length !== 1 || areClear(expression.parts, bindings);
      case 'list':
        return areClear(expression.items, bindings);
      case 'object':
        return expression.entries.every(({ value }) => hasClearKind(value, bindings));
      case 'attribute':
        if (expression.of.type === 'name' && expression.of.name === 'local' && !bindings.has('local')) return isClearLocal(expression.name);
        return hasClearKind(expression.of, bindings);
      case 'index':
        return hasClearKind(expression.of, bindings);
      case 'name':
        return bindings.has(expression.name) ? (clearNames.get(bindings)?.has(expression.name) ?? false) : expression.name === 'var';
      case 'conditional':
        return areAlike([expression.yes, expression.no], bindings);
      case 'call':
        if (expression.name === 'try') return areClear(expression.arguments, bindings);
        if (expression.name === 'coalesce') return !expression.spread && areAlike(expression.arguments, bindings);
        return clearFunctions.has(expression.name);
      default:
        return false;
    }
  }

  function areClear(expressions: readonly Expression[], bindings: Bindings): boolean {
    return expressions.every((expression) => hasClearKind(expression, bindings));
  }

  /** Simple values of one kind: packer has none of them to convert. */
  function areAlike(expressions: readonly Expression[], bindings: Bindings): boolean {
    const evaluations = expressions.map((expression) => evaluate(expression, bindings));
    const kinds = new Set(evaluations.map((each) => (!each.known ? 'unknown' : each.value === null ? 'null' : typeof each.value)));
    kinds.delete('null');
    return kinds.size < 2 && !kinds.has('unknown') && !kinds.has('object') && areClear(expressions, bindings);
  }

  function isClearLocal(name: string): boolean {
    const cached = clearLocals.get(name);
    if (cached !== undefined) return cached;
    // Stands while it is looked at: a local may refer to itself.
    clearLocals.set(name, false);
    const expression = surroundings.local(name);
    const isClear = expression !== undefined && hasClearKind(expression, noBindings);
    clearLocals.set(name, isClear);
    return isClear;
  }

  /** One operand can decide, whatever value packer finds the other one to have: it evaluates both. */
  function evaluateLogic(operator: '&&' | '||', operands: readonly Expression[], bindings: Bindings): Evaluation {
    const deciding = operator === '||';
    const evaluations = operands.map((operand) => evaluate(operand, bindings));
    const failed = evaluations.find(isFailing);
    if (failed !== undefined) return failed;
    const truths = evaluations.map(truth);
    if (truths.includes(deciding)) return known(deciding);
    const open = truths.find((each) => typeof each !== 'boolean');
    return open === undefined || typeof open === 'boolean' ? known(!deciding) : unknown(open.why);
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
    if (fileFunctions.has(call.name)) return evaluateContent(call, bindings);
    if (call.name === 'try' || call.name === 'can') return evaluateTry(call, bindings);
    const why = buildTimeFunctions.get(call.name);
    if (why !== undefined) return unknown(`${call.name}() is known only while packer runs: ${why}`);
    return ofAll(call.arguments, bindings, (values) => {
      const last = values.at(-1);
      const spread = call.spread && last !== undefined ? itemsOf(last) : undefined;
      const given = spread === undefined ? values : [...values.slice(0, -1), ...spread];
      return apply(call.name, given);
    });
  }

  /** What file() and templatefile() give, as far as it is known without packer. */
  function evaluateContent(call: Extract<Expression, { type: 'call' }>, bindings: Bindings): Evaluation {
    const notKnown = unknown(`${call.name}() is known only when the file is read`);
    const given = call.arguments[0] === undefined ? notKnown : evaluate(call.arguments[0], bindings);
    if (!given.known) return given;
    const path = typeof given.value === 'string' ? resolveTemplatePath(given.value, surroundings.folder) : undefined;
    if (path?.type !== 'inside') return notKnown;
    if (surroundings.isFile(path.path) === false) return failing(`the file of ${call.name}() is not there`);
    if (call.name === 'file') {
      const text = surroundings.textIn(path.path);
      return text === undefined ? notKnown : known(text);
    }
    if (call.name !== 'templatefile') return notKnown;
    const template = surroundings.templateIn(path.path);
    const names = call.arguments[1] === undefined ? known(sortedMap([])) : evaluate(call.arguments[1], bindings);
    if (template === undefined || !names.known || !isMap(names.value)) return notKnown;
    return evaluate(template, names.value);
  }

  /** The first that packer can evaluate; the answer is known as far as each before it is known to fail. */
  function evaluateTry(call: Extract<Expression, { type: 'call' }>, bindings: Bindings): Evaluation {
    let last = unknown(`${call.name}() is empty`);
    for (const argument of call.arguments) {
      last = evaluate(argument, bindings);
      if (call.name === 'can') return last.known || isFailing(last) ? known(last.known) : last;
      if (!isFailing(last)) return last;
    }
    return last;
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
      return files === undefined ? unknown('the folder of fileset() cannot be read') : known({ members: files });
    }
    if (name === 'fileexists') {
      const path = typeof first === 'string' ? resolveTemplatePath(first, surroundings.folder) : undefined;
      const isThere = path?.type === 'inside' ? surroundings.isFile(path.path) : undefined;
      return isThere === undefined ? unknown('fileexists() is known only while packer runs') : known(isThere);
    }
    const texts = given.filter((value) => typeof value === 'string');
    if (dependsOnRoot(name, texts)) return unknown(`${name}() depends on where the repository lies`);
    if (!wholeTextFunctions.has(name) && texts.some((text) => text.length > limits.path)) return unknown('it is too long for a path');
    const value = given.length > 1000 ? undefined : functions.get(name)?.(...given);
    return value === undefined ? unknown(`${name}() is evaluated by packer`) : known(value);
  }

  function evaluateFor(loop: ForExpression, bindings: Bindings): Evaluation {
    const collection = evaluate(loop.collection, bindings);
    if (!collection.known) return collection;
    const pairs = pairsOf(collection.value, loop.splat);
    if (pairs === undefined) return unknown('only a list or a map can be gone through');
    const names = [loop.valueName, loop.keyName].filter((name) => name !== undefined);
    const outer = [...(clearNames.get(bindings) ?? [])].filter((name) => !names.includes(name));
    const clear = new Set([...outer, ...(hasClearKind(loop.collection, bindings) ? names : [])]);
    const results: [string, Value][] = [];
    for (const [key, value] of pairs) {
      const inner = new Map([
        ...bindings,
        [loop.valueName, value],
        ...(loop.keyName === undefined ? [] : ([[loop.keyName, key]] as const)),
      ]);
      clearNames.set(inner, clear);
      const isWanted = loop.condition === undefined ? true : truth(evaluate(loop.condition, inner));
      if (typeof isWanted !== 'boolean') return unknown(isWanted.why);
      if (!isWanted) continue;
      const resultKey = loop.resultKey === undefined ? known('') : evaluate(loop.resultKey, inner);
      const result = evaluate(loop.result, inner);
      if (!resultKey.known) return resultKey;
      if (!result.known) return result;
      results.push([textOf(resultKey.value) ?? '', result.value]);
    }
    if (loop.grouped) return known(grouped(results));
    return known(loop.resultKey === undefined ? results.map(([, value]) => value) : sortedMap(results));
  }

  return { evaluate, alternatives: createAlternatives(evaluate, surroundings) };
}

/** A text and null stay what they are: packer makes texts of other values, not others of texts. */
function isSettled(value: Value): boolean {
  return value === null || typeof value === 'string';
}

function withinLimits(evaluation: Evaluation): Evaluation {
  if (!evaluation.known) return evaluation;
  const { value } = evaluation;
  if (typeof value === 'string' && value.length > longestText) return unknown('it is too long for a path');
  const size = isMap(value) ? value.size : (itemsOf(value)?.length ?? 0);
  return size > limits.items ? unknown('it has too many items') : evaluation;
}
