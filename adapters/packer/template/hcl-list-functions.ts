import { type Value, boundedText, isList, isMap, sortedMap, textOf } from './hcl-value.ts';

/** Longer lists are no template of a person. */
const mostItems = 10_000;

type Implementation = (...values: readonly Value[]) => Value | undefined;

/** Packer's functions of lists and maps. Each answers undefined where it does not take such arguments. */
export const listFunctions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ['join', (separator, ...lists) => join(separator, lists)],
  ['tolist', (value) => ofList(value, (list) => list)],
  ['toset', (value) => ofList(value, (list) => distinct(list).toSorted(byText))],
  ['tomap', (value) => (value !== undefined && isMap(value) ? value : undefined)],
  ['sort', (value) => ofList(value, (list) => list.toSorted(byText))],
  ['reverse', (value) => ofList(value, (list) => list.toReversed())],
  ['distinct', (value) => ofList(value, distinct)],
  ['compact', (value) => ofList(value, (list) => list.filter((item) => item !== '' && item !== null))],
  ['concat', (...lists) => concat(lists)],
  ['flatten', (value) => ofList(value, flatten)],
  ['slice', (value, from, to) => ofList(value, (list) => slice(list, from, to))],
  ['setunion', (...lists) => setOf(concat(lists))],
  ['setintersection', (first, ...rest) => setOf(ofList(first, (list) => list.filter((item) => rest.every((other) => has(other, item)))))],
  ['range', (...bounds) => range(bounds)],
  ['chunklist', (value, size) => ofList(value, (list) => chunks(list, size))],
  ['coalesce', (...values) => values.find((value) => value !== null && value !== '')],
  ['coalescelist', (...lists) => lists.find((list) => isList(list) && list.length > 0)],
  ['length', (value) => lengthOf(value)],
  [
    'contains',
    (list, item) => (item === undefined || typeof item === 'object' ? undefined : ofList(list, (items) => items.includes(item))),
  ],
  ['index', (list, item) => ofList(list, (items) => foundAt(items, item))],
  ['element', (list, at) => ofList(list, (items) => (typeof at === 'number' && items.length > 0 ? items[at % items.length] : undefined))],
  ['alltrue', (list) => ofList(list, (items) => items.every((item) => item === true))],
  ['anytrue', (list) => ofList(list, (items) => items.includes(true))],
  ['keys', (map) => (map !== undefined && isMap(map) ? [...map.keys()] : undefined)],
  ['values', (map) => (map !== undefined && isMap(map) ? [...map.values()] : undefined)],
  [
    'lookup',
    (map, key, otherwise) => (map !== undefined && isMap(map) && typeof key === 'string' ? (map.get(key) ?? otherwise) : undefined),
  ],
  ['merge', (...maps) => (maps.every((map) => isMap(map)) ? sortedMap(maps.flatMap((map) => [...map])) : undefined)],
  ['zipmap', (names, values) => ofList(names, (keys) => ofList(values, (items) => zipped(keys, items)))],
]);

function ofList(value: Value | undefined, change: (list: readonly Value[]) => Value | undefined): Value | undefined {
  return value !== undefined && isList(value) ? change(value) : undefined;
}

function join(separator: Value | undefined, lists: readonly Value[]): Value | undefined {
  const all = concat(lists);
  if (typeof separator !== 'string' || all === undefined) return undefined;
  const items = all.map((item) => textOf(item));
  return items.every((item) => item !== undefined) ? boundedText(items, separator) : undefined;
}

function concat(lists: readonly Value[]): readonly Value[] | undefined {
  if (!lists.every((list) => isList(list))) return undefined;
  return lists.reduce((count, list) => count + list.length, 0) > mostItems ? undefined : lists.flat();
}

function setOf(list: Value | undefined): Value | undefined {
  return ofList(list, (items) => distinct(items).toSorted(byText));
}

function distinct(list: readonly Value[]): Value[] {
  const simple = new Set<Value>();
  return list.filter((item) => {
    if (typeof item === 'object' && item !== null) return true;
    if (simple.has(item)) return false;
    simple.add(item);
    return true;
  });
}

function has(list: Value, item: Value): boolean {
  return isList(list) && list.includes(item);
}

function flatten(list: readonly Value[]): Value[] | undefined {
  const flat: Value[] = [];
  const open: Value[] = [...list].toReversed();
  for (let steps = 0; open.length > 0; steps += 1) {
    if (steps > 100_000) return undefined;
    const next = open.pop();
    if (next === undefined) break;
    if (isList(next)) open.push(...next.toReversed());
    else flat.push(next);
  }
  return flat;
}

function slice(list: readonly Value[], from: Value | undefined, to: Value | undefined): Value | undefined {
  if (typeof from !== 'number' || typeof to !== 'number' || from < 0 || to < from || to > list.length) return undefined;
  return list.slice(from, to);
}

/** `range(end)`, `range(from, end)`, `range(from, end, step)`. */
function range(bounds: readonly Value[]): Value | undefined {
  if (bounds.length === 0 || bounds.length > 3 || !bounds.every((bound) => typeof bound === 'number')) return undefined;
  const [from = 0, end = 0, step = from <= end ? 1 : -1] = bounds.length === 1 ? [0, ...bounds] : bounds;
  const count = Math.max(0, Math.ceil((end - from) / step));
  return step === 0 || !(count <= mostItems) ? undefined : Array.from({ length: count }, (_, at) => from + at * step);
}

function chunks(list: readonly Value[], size: Value | undefined): Value | undefined {
  if (typeof size !== 'number' || !(size >= 1)) return undefined;
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
}

function foundAt(list: readonly Value[], item: Value | undefined): number | undefined {
  const at = item === undefined ? -1 : list.indexOf(item);
  return at === -1 ? undefined : at;
}

function lengthOf(value: Value | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return Array.from(value).length;
  if (isList(value)) return value.length;
  return isMap(value) ? value.size : undefined;
}

function zipped(keys: readonly Value[], values: readonly Value[]): Value | undefined {
  const names = keys.map((key) => textOf(key));
  if (keys.length !== values.length || !names.every((name) => name !== undefined)) return undefined;
  return sortedMap(names.map((name, at) => [name, values[at] ?? null] as const));
}

function byText(a: Value, b: Value): number {
  const [left, right] = [textOf(a) ?? '', textOf(b) ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}
