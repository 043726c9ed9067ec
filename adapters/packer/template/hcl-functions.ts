import { posix } from 'node:path';

import { toRepositoryPath } from './template-path.ts';
import { type Value, isList, isMap, sortedMap, textOf } from './hcl-value.ts';

/** Functions whose first argument is a file that packer reads, relative to the template's folder. */
export const fileFunctions: ReadonlySet<string> = new Set([
  'file',
  'filebase64',
  'templatefile',
  'filemd5',
  'filesha1',
  'filesha256',
  'filesha512',
  'filebase64sha256',
  'filebase64sha512',
]);

/** Functions whose answer only the build itself knows, with why. */
export const buildTimeFunctions: ReadonlyMap<string, string> = new Map([
  ['env', 'it is read from the environment'],
  ['timestamp', 'it is the time of the build'],
  ['legacy_isotime', 'it is the time of the build'],
  ['legacy_strftime', 'it is the time of the build'],
  ['uuidv4', 'it is random'],
  ['uuidv5', 'it is computed by packer'],
  ['vault', 'it is read from Vault'],
  ['consul_key', 'it is read from Consul'],
  ['aws_secretsmanager', 'it is read from AWS Secrets Manager'],
  ['aws_secretsmanager_raw', 'it is read from AWS Secrets Manager'],
  ['pathexpand', 'it depends on the home folder of who builds'],
  ['fileexists', 'it depends on which files there are'],
]);

type Implementation = (...values: readonly Value[]) => Value | undefined;

/** Packer's functions that paths are made with. Each answers undefined where it does not take such arguments. */
export const functions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ['basename', (path) => (typeof path === 'string' && toRepositoryPath(path) !== '' ? posix.basename(path) : undefined)],
  ['dirname', (path) => text(path, (it) => posix.dirname(it))],
  ['lower', (value) => text(value, (it) => it.toLowerCase())],
  ['upper', (value) => text(value, (it) => it.toUpperCase())],
  ['trimspace', (value) => text(value, (it) => it.trim())],
  ['chomp', (value) => text(value, (it) => it.replace(/(?:\r?\n)+$/, ''))],
  ['trimprefix', (value, prefix) => pair(value, prefix, (it, start) => (it.startsWith(start) ? it.slice(start.length) : it))],
  ['trimsuffix', (value, suffix) => pair(value, suffix, (it, end) => (end !== '' && it.endsWith(end) ? it.slice(0, -end.length) : it))],
  ['replace', (value, from, to) => replace(value, from, to)],
  ['substr', (value, offset, length) => substring(value, offset, length)],
  ['format', (pattern, ...values) => format(pattern, values)],
  ['join', (separator, ...lists) => join(separator, lists)],
  ['split', (separator, value) => pair(separator, value, (by, it) => it.split(by))],
  ['tostring', (value) => (value === null ? null : text(value, (it) => it))],
  ['tolist', (value) => (value !== undefined && isList(value) ? value : undefined)],
  ['toset', (value) => (value !== undefined && isList(value) ? distinct(value).toSorted(byText) : undefined)],
  ['sort', (value) => (value !== undefined && isList(value) ? value.toSorted(byText) : undefined)],
  ['reverse', (value) => (value !== undefined && isList(value) ? value.toReversed() : undefined)],
  ['distinct', (value) => (value !== undefined && isList(value) ? distinct(value) : undefined)],
  ['compact', (value) => (value !== undefined && isList(value) ? value.filter((item) => item !== '' && item !== null) : undefined)],
  ['concat', (...lists) => (lists.every((list) => isList(list)) ? lists.flat() : undefined)],
  ['flatten', (value) => (value !== undefined && isList(value) ? flatten(value) : undefined)],
  ['coalesce', (...values) => values.find((value) => value !== null && value !== '')],
  ['length', (value) => lengthOf(value)],
  [
    'contains',
    (list, item) =>
      list !== undefined && item !== undefined && isList(list) ? (typeof item === 'object' ? undefined : list.includes(item)) : undefined,
  ],
  [
    'element',
    (list, at) => (list !== undefined && isList(list) && typeof at === 'number' && list.length > 0 ? list[at % list.length] : undefined),
  ],
  ['keys', (map) => (map !== undefined && isMap(map) ? [...map.keys()] : undefined)],
  ['values', (map) => (map !== undefined && isMap(map) ? [...map.values()] : undefined)],
  [
    'lookup',
    (map, key, otherwise) => (map !== undefined && isMap(map) && typeof key === 'string' ? (map.get(key) ?? otherwise) : undefined),
  ],
  ['merge', (...maps) => (maps.every((map) => isMap(map)) ? sortedMap(maps.flatMap((map) => [...map])) : undefined)],
]);

function text(value: Value | undefined, change: (it: string) => string): Value | undefined {
  const given = value === undefined ? undefined : textOf(value);
  return given === undefined ? undefined : change(given);
}

/** Of two texts. */
function pair(first: Value | undefined, second: Value | undefined, change: (first: string, second: string) => Value): Value | undefined {
  const [one, other] = [first, second].map((value) => (value === undefined ? undefined : textOf(value)));
  return one === undefined || other === undefined ? undefined : change(one, other);
}

function replace(value: Value | undefined, from: Value | undefined, to: Value | undefined): Value | undefined {
  // Between slashes `from` is a pattern of Go's, which is not JavaScript's.
  if (typeof from !== 'string' || (from.length > 1 && from.startsWith('/') && from.endsWith('/'))) return undefined;
  return pair(value, to, (it, by) => it.split(from).join(by));
}

function substring(value: Value | undefined, offset: Value | undefined, length: Value | undefined): Value | undefined {
  if (typeof value !== 'string' || typeof offset !== 'number' || typeof length !== 'number' || offset < 0) return undefined;
  const characters = Array.from(value);
  return characters.slice(offset, length < 0 ? characters.length : offset + length).join('');
}

/** The verbs %s, %d, %v and %%; anything else is left to packer. */
function format(pattern: Value | undefined, values: readonly Value[]): Value | undefined {
  if (typeof pattern !== 'string') return undefined;
  let at = 0;
  let isUnderstood = true;
  const formatted = pattern.replace(/%(.)?/gs, (_whole, verb: string | undefined) => {
    if (verb === '%') return '%';
    const value = values[at];
    at += 1;
    const given = value === undefined ? undefined : textOf(value);
    if (given === undefined || (verb !== 's' && verb !== 'd' && verb !== 'v')) isUnderstood = false;
    return given ?? '';
  });
  return isUnderstood && at === values.length ? formatted : undefined;
}

function join(separator: Value | undefined, lists: readonly Value[]): Value | undefined {
  if (typeof separator !== 'string' || !lists.every((list) => isList(list))) return undefined;
  const items = lists.flat().map((item) => textOf(item));
  return items.every((item) => item !== undefined) ? items.join(separator) : undefined;
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

function lengthOf(value: Value | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return Array.from(value).length;
  if (isList(value)) return value.length;
  return isMap(value) ? value.size : undefined;
}

function byText(a: Value, b: Value): number {
  const [left, right] = [textOf(a) ?? '', textOf(b) ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}
