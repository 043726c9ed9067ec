import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { parseDocument, visit } from 'yaml';

import { type Value, exactNumber, isList, sortedMap } from './hcl-value.ts';

type Implementation = (...values: readonly Value[]) => Value | undefined;

/** No document that paths are taken from nests deeper; a hostile one must not exhaust the stack. */
const deepest = 50;

/** The parser of YAML is slow: longer documents are left to packer. */
const longestYaml = 64 * 1024;

/** Packer's functions that decode, encode and hash. They take texts of any length: what file() reads is given to them. */
export const codingFunctions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ['jsondecode', (text) => decoded(text, JSON.parse)],
  ['yamldecode', (text) => (typeof text === 'string' && text.length <= longestYaml ? decoded(text, parseYaml) : undefined)],
  ['jsonencode', (value) => (typeof value === 'string' ? JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, escaped) : undefined)],
  ['base64encode', (text) => ofText(text, (it) => Buffer.from(it).toString('base64'))],
  ['base64decode', (text) => ofText(text, fromBase64)],
  ['md5', (text) => hashed(text, 'md5')],
  ['sha1', (text) => hashed(text, 'sha1')],
  ['sha256', (text) => hashed(text, 'sha256')],
  ['sha512', (text) => hashed(text, 'sha512')],
]);

function ofText(text: Value | undefined, change: (it: string) => string | undefined): string | undefined {
  return typeof text === 'string' ? change(text) : undefined;
}

function hashed(text: Value | undefined, algorithm: string): string | undefined {
  return ofText(text, (it) => createHash(algorithm).update(it).digest('hex'));
}

/** As Go's encoder of JSON writes what HTML could take for its own. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function fromBase64(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text && isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** What YAML 1.1, which packer reads, and 1.2 take for different things: `yes`, `0x10`, `1_000`, dates, `12:30`. */
const differentYaml = /^(?:y|n|yes|no|on|off|[-+]?0[xob]?[\da-f_]+|(?=.*[_:e-])[-+]?[\d.][\d_.:e+tz -]*|<<|=)$/i;

function parseYaml(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'error' });
  let isClear = document.errors.length === 0;
  visit(document, {
    Scalar(_key, { type, source }) {
      if (type !== 'PLAIN' || source === undefined || !differentYaml.test(source)) return undefined;
      isClear = false;
      return visit.BREAK;
    },
  });
  return isClear ? document.toJS({ maxAliasCount: 100 }) : undefined;
}

/** All values of a document of YAML as they are written, whatever its versions take them for; none of one that is too long. */
export function scalarsOfYaml(text: string): string[] {
  const scalars: string[] = [];
  if (text.length > longestYaml) return scalars;
  try {
    visit(parseDocument(text, { logLevel: 'error' }), {
      Scalar(key, { value, source }) {
        if (key !== 'key') scalars.push(source ?? String(value));
      },
    });
  } catch {
    // Nested too deep for the parser.
  }
  return scalars;
}

function decoded(text: Value | undefined, parser: (it: string) => unknown): Value | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return valueOf(parser(text), 0);
  } catch {
    // Not such a document: packer says so itself.
    return undefined;
  }
}

function valueOf(given: unknown, depth: number): Value | undefined {
  if (depth > deepest) return undefined;
  if (typeof given === 'number') return exactNumber(String(given));
  if (given === null || typeof given === 'string' || typeof given === 'boolean') return given;
  if (Array.isArray(given)) {
    const items = given.map((item) => valueOf(item, depth + 1));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (typeof given !== 'object') return undefined;
  const entries = Object.entries(given).map(([key, value]) => [key, valueOf(value, depth + 1)] as const);
  const known = entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return known.length === entries.length ? sortedMap(known) : undefined;
}

/** Whether two values are the same; undefined where that rests on their types: a list of a variable equals no `["a"]`. */
export function sameValue(left: Value, right: Value, depth = 0): boolean | undefined {
  if (depth > deepest) return undefined;
  if (isList(left) && isList(right)) {
    if (left.length !== right.length) return false;
    return left.some((item, at) => sameValue(item, right[at] ?? null, depth + 1) === false) ? false : undefined;
  }
  if (left === null || right === null) return left === right;
  return typeof left === 'object' || typeof right === 'object' ? undefined : left === right;
}
