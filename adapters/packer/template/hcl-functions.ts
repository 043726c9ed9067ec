import { basename, characters, chomp, dirname, lower, title, trimSpace, upper } from './go-text.ts';
import { codingFunctions } from './hcl-coding-functions.ts';
import { listFunctions } from './hcl-list-functions.ts';
import { toBool, toNumber } from './hcl-types.ts';
import { type Value, textOf } from './hcl-value.ts';
import { repositoryRoot, toRepositoryPath } from './template-path.ts';

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
]);

/** Functions whose answer for a path differs with where the repository lies: `upper(path.root)`. */
const rootSensitiveFunctions: ReadonlySet<string> = new Set([
  'lower',
  'upper',
  'title',
  'replace',
  'substr',
  'split',
  'strrev',
  'trim',
  'trimprefix',
  'trimsuffix',
  'startswith',
  'endswith',
  'strcontains',
  'length',
  ...codingFunctions.keys(),
]);

/** Functions whose answers are of the kind that packer's are, whatever they are given. */
export const clearFunctions: ReadonlySet<string> = new Set([
  'length',
  'max',
  'min',
  'abs',
  'ceil',
  'floor',
  'range',
  'tonumber',
  'tobool',
  'can',
  'fileexists',
  'contains',
  'alltrue',
  'anytrue',
  'startswith',
  'endswith',
  'strcontains',
  'jsondecode',
  'yamldecode',
]);

/** Whether the answer of a function for these texts differs with where the repository lies. */
export function dependsOnRoot(name: string, texts: readonly string[]): boolean {
  if (!rootSensitiveFunctions.has(name)) return false;
  const [text, suffix] = texts;
  if ((name !== 'trimsuffix' && name !== 'endswith') || text === undefined || suffix === undefined)
    return texts.some((each) => each.includes(repositoryRoot));
  // They look at as much of the end as the suffix is long: an extension lies behind the root.
  const end = suffix === '' ? '' : text.slice(-suffix.length);
  return `${end}${suffix}`.includes(repositoryRoot.slice(-1));
}

/** Functions that take texts of any length, as file() gives them. */
export const wholeTextFunctions: ReadonlySet<string> = new Set(['trimspace', 'chomp', 'split', 'strcontains', ...codingFunctions.keys()]);

type Implementation = (...values: readonly Value[]) => Value | undefined;

/** Packer's functions that paths are made with. Each answers undefined where it does not take such arguments. */
export const functions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ['basename', (path) => (typeof path === 'string' && toRepositoryPath(path) !== '' ? basename(path) : undefined)],
  ['dirname', (path) => text(path, dirname)],
  ['lower', (value) => text(value, lower)],
  ['upper', (value) => text(value, upper)],
  ['trimspace', (value) => text(value, trimSpace)],
  ['chomp', (value) => text(value, chomp)],
  ['trimprefix', (value, prefix) => pair(value, prefix, (it, start) => (it.startsWith(start) ? it.slice(start.length) : it))],
  ['trimsuffix', (value, suffix) => pair(value, suffix, (it, end) => (end !== '' && it.endsWith(end) ? it.slice(0, -end.length) : it))],
  ['replace', (value, from, to) => replace(value, from, to)],
  ['substr', (value, offset, length) => substring(value, offset, length)],
  ['format', (pattern, ...values) => format(pattern, values)],
  ['split', (separator, value) => pair(separator, value, (by, it) => (by === '' ? characters(it) : it.split(by)))],
  ['tostring', (value) => (value === null ? null : text(value, (it) => it))],
  ['startswith', (value, prefix) => pair(value, prefix, (it, start) => it.startsWith(start))],
  ['endswith', (value, suffix) => pair(value, suffix, (it, end) => it.endsWith(end))],
  ['strcontains', (value, part) => pair(value, part, (it, inner) => it.includes(inner))],
  ['strrev', (value) => text(value, (it) => characters(it)?.toReversed().join(''))],
  ['trim', (value, characters) => pair(value, characters, trimmed)],
  ['title', (value) => text(value, title)],
  ['tonumber', (value) => (value === undefined ? undefined : value === null ? null : toNumber(value))],
  ['tobool', (value) => (value === undefined ? undefined : toBool(value))],
  ['max', (...values) => ofNumbers(values, (numbers) => Math.max(...numbers))],
  ['min', (...values) => ofNumbers(values, (numbers) => Math.min(...numbers))],
  ['abs', (value) => (typeof value === 'number' ? Math.abs(value) : undefined)],
  ['ceil', (value) => (typeof value === 'number' ? Math.ceil(value) : undefined)],
  ['floor', (value) => (typeof value === 'number' ? Math.floor(value) : undefined)],
  ...listFunctions,
  ...codingFunctions,
]);

function text(value: Value | undefined, change: (it: string) => string | undefined): Value | undefined {
  const given = value === undefined ? undefined : textOf(value);
  return given === undefined ? undefined : change(given);
}

/** Of two texts. */
function pair(
  first: Value | undefined,
  second: Value | undefined,
  change: (first: string, second: string) => Value | undefined,
): Value | undefined {
  const [one, other] = [first, second].map((value) => (value === undefined ? undefined : textOf(value)));
  return one === undefined || other === undefined ? undefined : change(one, other);
}

function replace(value: Value | undefined, from: Value | undefined, to: Value | undefined): Value | undefined {
  // Between slashes `from` is a pattern of Go's, which is not JavaScript's.
  if (typeof from !== 'string' || from === '' || (from.length > 1 && from.startsWith('/') && from.endsWith('/'))) return undefined;
  return pair(value, to, (it, by) => it.split(from).join(by));
}

function substring(value: Value | undefined, offset: Value | undefined, length: Value | undefined): Value | undefined {
  if (typeof value !== 'string' || !isWhole(offset) || !isWhole(length) || offset < 0) return undefined;
  const all = characters(value);
  return all?.slice(offset, length < 0 ? all.length : offset + length).join('');
}

function isWhole(value: Value | undefined): value is number {
  return Number.isSafeInteger(value);
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
    const isTaken = verb === 'd' ? isWhole(value === undefined ? undefined : toNumber(value)) : verb === 's' || verb === 'v';
    if (given === undefined || !isTaken) isUnderstood = false;
    return given ?? '';
  });
  return isUnderstood && at === values.length ? formatted : undefined;
}

function trimmed(value: string, characters: string): string {
  const unwanted = new Set(characters);
  const letters = Array.from(value);
  const first = letters.findIndex((letter) => !unwanted.has(letter));
  return first === -1 ? '' : letters.slice(first, letters.findLastIndex((letter) => !unwanted.has(letter)) + 1).join('');
}

function ofNumbers(values: readonly Value[], combine: (numbers: readonly number[]) => number): number | undefined {
  return values.length > 0 && values.every((value) => typeof value === 'number') ? combine(values) : undefined;
}
