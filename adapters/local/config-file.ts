import { lstatSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LineCounter, type ParsedNode, parseDocument } from 'yaml';

import { Config } from '../../core/config.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import type * as z from '../../core/zod.ts';
import { errorCode, isAbsence } from './system-error.ts';
import { isWhole, reasonOf } from './input-file-place.ts';
import { nearestName } from './nearest-name.ts';

export const configFileName = 'hybridcore.yaml';

const sizeLimit = 1024 * 1024;
const cannotRead = 'mend the file or its permissions, or name another one with --config';

export interface ConfigFile {
  /** Absolute. */
  readonly file: string;
  /** The folder that it stands in: the root of the image repository. */
  readonly root: string;
  readonly config: Config;
  /** What stands in it. */
  readonly text: string;
}

/**
 * The nearest `hybridcore.yaml`: in `from` or the nearest folder above it; or the one that was named. Whatever bears the
 * name is it, a link that leads nowhere too: what is above it belongs to another repository. CONFIG_MISSING, or
 * CONFIG_INVALID where nobody may look.
 */
export function findConfigFile(from: string, named: string | undefined): Outcome<string> {
  if (named !== undefined) {
    const file = resolve(from, named);
    const stands = isThere(file);
    if (!stands.ok) return stands;
    if (stands.value) return success(file);
    return failure(
      'CONFIG_MISSING',
      `there is no file ${named}`,
      'name an existing one with --config, or write one with `hybridcore-packer init`',
    );
  }
  // What Node finds under such a path is the file of another folder, or of one above it.
  if (!isWhole(from))
    return failure(
      'CONFIG_MISSING',
      `no ${configFileName} can be found from ${from}: that path is not UTF-8`,
      'rename the folder whose name is not, or name the file with --config from elsewhere',
    );
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const file = join(folder, configFileName);
    const stands = isThere(file);
    if (!stands.ok) return stands;
    if (stands.value) return success(file);
    if (dirname(folder) === folder) break;
  }
  return failure(
    'CONFIG_MISSING',
    `there is no ${configFileName} in ${resolve(from)} nor in a folder above it`,
    'go to an image repository, name the file with --config, or write one with `hybridcore-packer init`',
  );
}

/** Reads and checks a `hybridcore.yaml`; every fault comes with its line, all of them in one answer. */
export function readConfigFile(file: string): Outcome<ConfigFile> {
  let text: string;
  try {
    const status = statSync(file);
    if (!status.isFile()) return failure('CONFIG_INVALID', `${file} cannot be read: it is no file`, cannotRead);
    if (status.size > sizeLimit)
      return failure(
        'CONFIG_INVALID',
        `${file} has ${status.size} bytes; at most ${sizeLimit} are taken`,
        'name the right file with --config',
      );
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    const isText = errorCode(cause) !== 'ERR_ENCODING_INVALID_ENCODED_DATA';
    return failure('CONFIG_INVALID', `${file} cannot be read: ${isText ? reasonOf(cause) : 'it is not UTF-8 text'}`, cannotRead);
  }
  const parsed = parseConfig(text);
  if (parsed.faults.length === 0 && parsed.config !== undefined) return success({ file, root: dirname(file), config: parsed.config, text });
  const places = parsed.faults.map((fault) => `${file}:${fault.line}:${fault.column}: ${fault.message}`);
  return failure(
    'CONFIG_INVALID',
    `${places[0]}${places.length > 1 ? ` (and ${places.length - 1} more)` : ''}`,
    'mend the places named; `hybridcore-packer schema config` prints what the file may hold',
    places,
  );
}

interface Fault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The key that is not there, or that was probably meant: the path. */
  readonly missing?: string;
  readonly meant?: string;
}

/** Parses the text of a `hybridcore.yaml`. Lines and columns count from 1. */
export function parseConfig(text: string): { readonly config?: Config; readonly faults: readonly Fault[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' });
  if (document.errors.length > 0) {
    return {
      faults: document.errors.map((error) => {
        const at = lines.linePos(error.pos[0]);
        return {
          line: at.line,
          column: at.col,
          message: `this is no YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`,
        };
      }),
    };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    return { faults: [{ line: 1, column: 1, message: cause instanceof Error ? cause.message : String(cause) }] };
  }
  if (value === null || value === undefined)
    return { faults: [{ line: 1, column: 1, message: 'the file is empty; it begins with `version: 1` and `builders:`' }] };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return {
      faults: [
        {
          line: 1,
          column: 1,
          message: `the file is ${Array.isArray(value) ? 'a list' : `the ${typeof value} ${JSON.stringify(value)}`}; it is to be a map with \`version: 1\` and \`builders:\``,
        },
      ],
    };
  }
  const parsed = Config.safeParse(value);
  if (parsed.success) return { config: parsed.data, faults: [] };
  const placeOf = (path: readonly PropertyKey[], key?: string) => {
    const at = lines.linePos(offsetOf(document.contents, key === undefined ? path : [...path, key]));
    return { line: at.line, column: at.col };
  };
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, placeOf));
  const meant = new Set(faults.map((fault) => fault.meant));
  // A mistyped key is missing under its right name, too; one fault is enough.
  return {
    faults: faults
      .filter((fault) => fault.missing === undefined || !meant.has(fault.missing))
      .sort((a, b) => a.line - b.line || a.column - b.column),
  };
}

function faultsOf(
  issue: z.core.$ZodIssue,
  placeOf: (path: readonly PropertyKey[], key?: string) => { line: number; column: number },
): Fault[] {
  const path = issue.path.map(String).join('.');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const near = nearestName(key, knownKeys(issue.path));
        return {
          ...(near === undefined ? {} : { meant: [...issue.path, near].join('.') }),
          ...placeOf(issue.path, key),
          message: `${path === '' ? '' : `${path}: `}unknown key ${JSON.stringify(key)}${near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`}`,
        };
      });
    case 'invalid_key':
      return issue.issues.map((inner) => ({ ...placeOf(issue.path), message: `${path}: ${inner.message}` }));
    default:
      if (issue.message.endsWith('received undefined')) return [{ ...placeOf(issue.path), missing: path, message: `${path}: is missing` }];
      return [{ ...placeOf(issue.path), message: `${path === '' ? 'the file' : path}: ${issue.message}${meantName(issue)}` }];
  }
}

/** The name that was probably meant, where an issue says which there are (`params.known`). */
function meantName(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'custom') return '';
  const { name, known }: { name?: unknown; known?: unknown } = issue.params ?? {};
  if (typeof name !== 'string' || !Array.isArray(known)) return '';
  const near = nearestName(
    name,
    known.filter((each) => typeof each === 'string'),
  );
  return near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
}

/** Where a path begins in the text: the node itself, or the nearest one above it that is there. */
function offsetOf(contents: ParsedNode | null, path: readonly PropertyKey[]): number {
  let node: unknown = contents;
  let offset = contents?.range[0] ?? 0;
  for (const step of path) {
    if (typeof node !== 'object' || node === null || !('items' in node) || !Array.isArray(node.items)) break;
    const items: readonly unknown[] = node.items;
    const item = typeof step === 'number' ? items[step] : items.find((each) => isPair(each) && String(each.key.value) === String(step));
    if (item === undefined) break;
    if (isPair(item)) {
      offset = item.key.range?.[0] ?? offset;
      node = item.value;
    } else {
      node = item;
      if (hasRange(item)) offset = item.range[0];
    }
  }
  return offset;
}

function isPair(item: unknown): item is { key: { value: unknown; range?: readonly [number, number, number] }; value: unknown } {
  return (
    typeof item === 'object' && item !== null && 'key' in item && typeof item.key === 'object' && item.key !== null && 'value' in item.key
  );
}

function hasRange(item: unknown): item is { range: readonly [number, number, number] } {
  return typeof item === 'object' && item !== null && 'range' in item && Array.isArray(item.range);
}

/** The keys that the schema knows at a path; names that the user chose (of builders, classes) count as one step. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let schemas = alternatives(Config);
  for (const step of path) schemas = schemas.flatMap((schema) => alternatives(child(schema, String(step))));
  return [...new Set(schemas.flatMap((schema) => Object.keys(schema.shape ?? {})))];
}

interface Wrapper {
  readonly def: {
    readonly innerType?: z.ZodMiniType;
    readonly valueType?: z.ZodMiniType;
    readonly element?: z.ZodMiniType;
    readonly options?: readonly z.ZodMiniType[];
    readonly getter?: () => z.ZodMiniType;
  };
  readonly shape?: Readonly<Record<string, z.ZodMiniType>>;
}

/** What a schema is without its wrappers: itself, or each branch of a union. */
function alternatives(schema: z.ZodMiniType | undefined): readonly (z.ZodMiniType & Wrapper)[] {
  const inner: (z.ZodMiniType & Wrapper) | undefined = schema;
  if (inner === undefined) return [];
  const within = inner.def.innerType ?? inner.def.getter?.();
  if (within !== undefined) return alternatives(within);
  return inner.def.options === undefined ? [inner] : inner.def.options.flatMap((option) => alternatives(option));
}

function child(schema: z.ZodMiniType & Wrapper, step: string): z.ZodMiniType | undefined {
  return schema.shape?.[step] ?? schema.def.valueType ?? schema.def.element;
}

function isThere(file: string): Outcome<boolean> {
  try {
    lstatSync(file);
    return success(true);
  } catch (cause) {
    return isAbsence(cause) ? success(false) : failure('CONFIG_INVALID', `${file} cannot be read: ${reasonOf(cause)}`, cannotRead);
  }
}
