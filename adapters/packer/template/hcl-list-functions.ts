import { characters } from './go-text.ts';
import { toBool, unified } from './hcl-types.ts';
import {
  type Value,
  boundedText,
  byValue,
  isList,
  isMap,
  isWithoutRounding,
  itemsOf,
  setOfValues,
  sortedMap,
  textOf,
} from './hcl-value.ts';

/** Longer lists are no template of a person. */
const mostItems = 10_000;

type Implementation = (...values: readonly Value[]) => Value | undefined;

/** Packer's functions of lists and maps. Each answers undefined where it does not take such arguments. */
export const listFunctions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ['join', (separator, ...lists) => join(separator, lists)],
  ['tolist', (value) => ofItems(value, alike)],
  ['toset', (value) => ofItems(value, setOf)],
  ['tomap', (value) => (value !== undefined && isMap(value) ? mapOf(value) : undefined)],
  ['sort', (value) => ofItems(value, (items) => texts(items)?.toSorted(byValue))],
  ['reverse', (value) => ofItems(value, (items) => items.toReversed())],
  ['distinct', (value) => ofItems(value, (items) => distinct(alike(items)))],
  ['compact', (value) => ofItems(value, (items) => texts(items.filter((item) => item !== '' && item !== null)))],
  ['concat', (...lists) => concat(lists)],
  ['flatten', (value) => ofItems(value, flatten)],
  ['slice', (value, from, to) => ofList(value, (list) => slice(list, from, to))],
  ['setunion', (...lists) => setOf(allItems(lists))],
  ['setintersection', (...lists) => common(lists)],
  ['range', (...bounds) => range(bounds)],
  ['chunklist', (value, size) => ofList(value, (list) => chunks(list, size))],
  ['coalesce', (...values) => values.find((value) => value !== null && value !== '')],
  ['coalescelist', (...lists) => lists.find((list) => isList(list) && list.length > 0)],
  ['length', (value) => lengthOf(value)],
  [
    'contains',
    (list, item) => (item === undefined || typeof item === 'object' ? undefined : ofItems(list, (items) => items.includes(item))),
  ],
  ['element', (list, at) => ofList(list, (items) => (typeof at === 'number' && items.length > 0 ? items[at % items.length] : undefined))],
  ['alltrue', (list) => ofItems(list, (items) => truths(items)?.every((item) => item))],
  ['anytrue', (list) => ofItems(list, (items) => truths(items)?.includes(true))],
  ['keys', (map) => (map !== undefined && isMap(map) ? [...map.keys()] : undefined)],
  ['values', (map) => (map !== undefined && isMap(map) ? [...map.values()] : undefined)],
  ['lookup', (map, key, otherwise) => lookup(map, key, otherwise)],
  ['merge', (...maps) => (maps.length > 0 && maps.every((map) => isMap(map)) ? sortedMap(maps.flatMap((map) => [...map])) : undefined)],
  ['zipmap', (names, values) => ofList(names, (keys) => ofList(values, (items) => zipped(keys, items)))],
]);

function ofList(value: Value | undefined, change: (list: readonly Value[]) => Value | undefined): Value | undefined {
  return value !== undefined && isList(value) ? change(value) : undefined;
}

/** Of a list or a set, whose items have an order too. */
function ofItems(value: Value | undefined, change: (items: readonly Value[]) => Value | undefined): Value | undefined {
  const items = value === undefined ? undefined : itemsOf(value);
  return items === undefined ? undefined : change(items);
}

function join(separator: Value | undefined, lists: readonly Value[]): Value | undefined {
  const items = texts(allItems(lists) ?? [null]);
  return typeof separator === 'string' && items !== undefined ? boundedText(items, separator) : undefined;
}

function concat(lists: readonly Value[]): readonly Value[] | undefined {
  return lists.every((list) => isList(list)) ? allItems(lists) : undefined;
}

function allItems(lists: readonly Value[]): readonly Value[] | undefined {
  const all = lists.map(itemsOf);
  if (!all.every((items) => items !== undefined)) return undefined;
  return all.reduce((count, items) => count + items.length, 0) > mostItems ? undefined : all.flat();
}

/** As a list of packer's has them; what holds others stays as it is. */
function alike(items: readonly Value[]): readonly Value[] | undefined {
  return items.every((item) => typeof item === 'object' && item !== null) ? items : unified(items);
}

/** As a map of packer's has them. */
function mapOf(map: ReadonlyMap<string, Value>): Value | undefined {
  const items = alike([...map.values()]);
  return items === undefined ? undefined : sortedMap([...map.keys()].map((key, at) => [key, items[at] ?? null]));
}

function truths(items: readonly Value[]): readonly boolean[] | undefined {
  const all = items.map(toBool);
  return all.every((item) => item !== undefined) ? all : undefined;
}

function setOf(items: readonly Value[] | undefined): Value | undefined {
  const members = items === undefined ? undefined : alike(items);
  return members === undefined ? undefined : setOfValues(members);
}

/** What is in all of them. */
function common(lists: readonly Value[]): Value | undefined {
  const all = allItems(lists);
  // Those of one kind: else packer converts them first.
  if (all === undefined || new Set(all.map((item) => typeof item)).size > 1) return undefined;
  return setOf(all.filter((item) => lists.every((list) => itemsOf(list)?.includes(item))));
}

function texts(items: readonly Value[]): string[] | undefined {
  const all = items.map((item) => textOf(item));
  return all.every((item) => item !== undefined) ? all : undefined;
}

function distinct(list: readonly Value[] | undefined): Value | undefined {
  // Whether two lists or maps are the same is left to packer.
  return list?.some((item) => typeof item === 'object' && item !== null) === true ? undefined : list && [...new Set(list)];
}

function lookup(map: Value | undefined, key: Value | undefined, otherwise: Value | undefined): Value | undefined {
  if (map === undefined || !isMap(map) || typeof key !== 'string' || otherwise === undefined) return undefined;
  const item = map.get(key);
  return item === undefined ? otherwise : item;
}

function flatten(list: readonly Value[]): Value[] | undefined {
  const flat: Value[] = [];
  const open: Value[] = [...list].toReversed();
  for (let steps = 0; open.length > 0; steps += 1) {
    if (steps > 100_000) return undefined;
    const next = open.pop();
    if (next === undefined) break;
    const items = itemsOf(next);
    if (items === undefined) flat.push(next);
    else open.push(...items.toReversed());
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
  // Packer adds the step up, with longer numbers.
  if (![from, end, step].every(isWithoutRounding)) return undefined;
  const count = Math.max(0, Math.ceil((end - from) / step));
  return step === 0 || !(count <= mostItems) ? undefined : Array.from({ length: count }, (_, at) => from + at * step);
}

function chunks(list: readonly Value[], size: Value | undefined): Value | undefined {
  if (typeof size !== 'number' || !(size >= 1)) return undefined;
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
}

function lengthOf(value: Value | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return characters(value)?.length;
  return isMap(value) ? value.size : itemsOf(value)?.length;
}

function zipped(keys: readonly Value[], values: readonly Value[]): Value | undefined {
  const names = keys.map((key) => textOf(key));
  if (keys.length !== values.length || !names.every((name) => name !== undefined)) return undefined;
  return sortedMap(names.map((name, at) => [name, values[at] ?? null] as const));
}
