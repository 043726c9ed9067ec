import { type Expression } from './hcl-document.ts';
import { type Value, exactNumber, isList, isMap, itemsOf, setOfValues, sortedMap, textOf } from './hcl-value.ts';

/** A type as a variable declares it. */
export type Type =
  | { readonly kind: 'string' | 'number' | 'bool' | 'any' }
  | { readonly kind: 'list' | 'set' | 'map'; readonly of: Type }
  | { readonly kind: 'tuple'; readonly items: readonly Type[] }
  | { readonly kind: 'object'; readonly attributes: ReadonlyMap<string, AttributeType> };

interface AttributeType {
  readonly type: Type;
  /** What stands for an attribute that is not there; undefined: it must be there. */
  readonly otherwise: Value | undefined;
}

/** Reads a `type`: `string`, `list(string)`, `object({ name = string, size = optional(number) })`; undefined for none. */
export function readType(expression: Expression): Type | undefined {
  if (expression.type === 'name') return isSimple(expression.name) ? { kind: expression.name } : undefined;
  if (expression.type !== 'call' || expression.arguments.length !== 1) return undefined;
  const [given] = expression.arguments;
  if (given === undefined) return undefined;
  switch (expression.name) {
    case 'list':
    case 'set':
    case 'map': {
      const of = readType(given);
      return of === undefined ? undefined : { kind: expression.name, of };
    }
    case 'tuple': {
      const items = given.type === 'list' ? given.items.map(readType) : [undefined];
      return items.every((item) => item !== undefined) ? { kind: 'tuple', items } : undefined;
    }
    case 'object': {
      const attributes = given.type === 'object' ? given.entries.map(({ key, value }) => readAttribute(key, value)) : [undefined];
      return attributes.every((attribute) => attribute !== undefined) ? { kind: 'object', attributes: new Map(attributes) } : undefined;
    }
    default:
      return undefined;
  }
}

function isSimple(name: string): name is 'string' | 'number' | 'bool' | 'any' {
  return name === 'string' || name === 'number' || name === 'bool' || name === 'any';
}

function readAttribute(key: Expression, given: Expression): readonly [string, AttributeType] | undefined {
  if (key.type !== 'literal' || typeof key.value !== 'string') return undefined;
  const isOptional = given.type === 'call' && given.name === 'optional';
  const [inner, preset] = isOptional ? given.arguments : [given];
  const type = inner === undefined ? undefined : readType(inner);
  if (type === undefined) return undefined;
  if (!isOptional) return [key.value, { type, otherwise: undefined }];
  if (preset === undefined) return [key.value, { type, otherwise: null }];
  const otherwise = preset.type === 'literal' ? convert(preset.value, type) : undefined;
  return otherwise === undefined ? undefined : [key.value, { type, otherwise }];
}

/** The type that a default gives to a variable without one. */
export function typeOf(value: Value): Type {
  if (typeof value === 'string') return { kind: 'string' };
  if (typeof value === 'number') return { kind: 'number' };
  if (typeof value === 'boolean') return { kind: 'bool' };
  if (isMap(value))
    return { kind: 'object', attributes: new Map([...value].map(([name, item]) => [name, { type: typeOf(item), otherwise: undefined }])) };
  // Of an empty list newer versions of packer say nothing, and 1.6.6 takes no other value.
  return isList(value) && value.length > 0 ? { kind: 'tuple', items: value.map(typeOf) } : { kind: 'any' };
}

/** A value as packer converts it to a type (go-cty, package convert); undefined where it cannot, or where that is not known. */
export function convert(value: Value, type: Type): Value | undefined {
  if (value === null || type.kind === 'any') return value;
  switch (type.kind) {
    case 'string':
      return textOf(value);
    case 'number':
      return toNumber(value);
    case 'bool':
      return toBool(value);
    case 'list':
    case 'set': {
      const items = converted(itemsOf(value)?.map((item) => convert(item, type.of)) ?? [undefined]);
      const alike = items === undefined || type.of.kind !== 'any' ? items : unified(items);
      return alike !== undefined && type.kind === 'set' ? setOfValues(alike) : alike;
    }
    case 'map': {
      const items = isMap(value) ? converted([...value.values()].map((item) => convert(item, type.of))) : undefined;
      const alike = items === undefined || type.of.kind !== 'any' ? items : unified(items);
      return isMap(value) && alike !== undefined ? sortedMap([...value.keys()].map((key, at) => [key, alike[at] ?? null])) : undefined;
    }
    case 'tuple':
      if (!isList(value) || value.length !== type.items.length) return undefined;
      return converted(type.items.map((item, at) => convert(value[at] ?? null, item)));
    case 'object':
      return isMap(value) ? toObject(value, type.attributes) : undefined;
  }
}

/** Other attributes than those of the type are dropped. */
function toObject(value: ReadonlyMap<string, Value>, attributes: ReadonlyMap<string, AttributeType>): Value | undefined {
  // Whether `default = {}` drops what another value has differs between versions of packer.
  if (attributes.size === 0 && value.size > 0) return undefined;
  const names = [...attributes.keys()];
  const items = converted(
    [...attributes].map(([name, { type, otherwise }]) => {
      const item = value.get(name) ?? otherwise;
      return item === undefined ? undefined : convert(item, type);
    }),
  );
  return items === undefined ? undefined : sortedMap(names.map((name, at) => [name, items[at] ?? null]));
}

function converted(items: readonly (Value | undefined)[]): readonly Value[] | undefined {
  return items.every((item) => item !== undefined) ? items : undefined;
}

/**
 * Simple values as those of one kind, as lists and sets hold them: where any is a text all become texts. Undefined
 * where they have no common kind.
 */
export function unified(items: readonly Value[]): readonly Value[] | undefined {
  const kinds = new Set(items.filter((item) => item !== null).map((item) => typeof item));
  if (kinds.size < 2) return items;
  if (!kinds.has('string') || kinds.has('object')) return undefined;
  return items.map((item) => textOf(item) ?? null);
}

/** `true`, `"true"` and `"1"`, as packer takes them. */
export function toBool(value: Value): boolean | undefined {
  if (value === true || value === 'true' || value === '1') return true;
  return value === false || value === 'false' || value === '0' ? false : undefined;
}

export function toNumber(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? exactNumber(value) : undefined;
}
