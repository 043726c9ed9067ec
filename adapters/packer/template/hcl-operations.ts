import { sameValue } from './hcl-coding-functions.ts';
import {
  type Evaluation,
  type Value,
  inexact,
  isList,
  isMap,
  isSet,
  isWithoutRounding,
  known,
  sortedMap,
  textOf,
  unknown,
} from './hcl-value.ts';

/** An object of keys and values that take turns. */
export function objectOf(keysAndValues: readonly Value[]): Evaluation {
  const entries: [string, Value][] = [];
  for (let at = 0; at + 1 < keysAndValues.length; at += 2) {
    const key = textOf(keysAndValues[at] ?? null);
    if (key === undefined) return unknown('a key is no text');
    entries.push([key, keysAndValues[at + 1] ?? null]);
  }
  return known(sortedMap(entries));
}

/** `of[key]`. */
export function itemOf(of: Value | undefined, key: Value | undefined): Evaluation {
  let item: Value | undefined;
  if (of !== undefined && isList(of) && key !== undefined) item = of[Number(key)];
  else if (of !== undefined && isMap(of) && key !== undefined && key !== null) item = of.get(textOf(key) ?? '');
  return item === undefined ? unknown(`it has no item ${JSON.stringify(key ?? null)}`) : known(item);
}

/** The keys and values that a collection is gone through by; undefined where it is none. */
export function pairsOf(collection: Value, isSplat: boolean): (readonly [Value, Value])[] | undefined {
  if (isList(collection)) return collection.map((value, at) => [at, value] as const);
  // An item of a set has no place: its key is itself.
  if (isSet(collection)) return collection.members.map((value) => [value, value] as const);
  if (isMap(collection) && !isSplat) return [...collection];
  if (!isSplat) return undefined;
  return collection === null ? [] : [[0, collection]];
}

/** What a condition comes to, or why that is not known. */
export function truth(evaluation: Evaluation): boolean | { readonly why: string } {
  if (!evaluation.known) return evaluation;
  if (evaluation.value === true || evaluation.value === 'true') return true;
  return evaluation.value === false || evaluation.value === 'false' ? false : { why: 'it is neither true nor false' };
}

/** An operator of numbers or of equality, or `!`. */
export function operate(operator: string, values: readonly Value[]): Evaluation {
  const [left, right] = values;
  if (operator === '==' || operator === '!=') {
    const same = left === undefined || right === undefined ? undefined : sameValue(left, right);
    return same === undefined ? unknown('lists and maps are compared by packer') : known(same === (operator === '=='));
  }
  if (typeof left === 'boolean' && values.length === 1 && operator === '!') return known(!left);
  if (typeof left === 'number' && (right === undefined || typeof right === 'number')) return calculate(operator, left, right);
  return unknown(`the operator ${operator} does not take these values`);
}

function calculate(operator: string, left: number, right: number | undefined): Evaluation {
  if (right === undefined)
    // Packer writes its negative zero as -0.
    return operator === '-' && left !== 0 ? known(-left) : unknown(`the operator ${operator} does not take this number`);
  switch (operator) {
    case '+':
      return exact(left + right, [left, right]);
    case '-':
      return exact(left - right, [left, right]);
    case '*':
      return exact(left * right, [left, right]);
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

/** Packer calculates with 512 bits: of a number that a double must round it has other digits. */
function exact(result: number, operands: readonly number[]): Evaluation {
  return [result, ...operands].every(isWithoutRounding) ? known(result) : unknown(inexact);
}

/** Values by their keys, as a `for` with an ellipsis collects them. */
export function grouped(results: readonly (readonly [string, Value])[]): Value {
  const groups = new Map<string, Value[]>();
  for (const [key, value] of results) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return sortedMap(groups);
}
