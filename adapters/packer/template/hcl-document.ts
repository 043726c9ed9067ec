/*
 * What a template says, whichever of packer's three notations it is written in: HCL, HCL's JSON, or the legacy JSON.
 */

import { exactNumber } from './hcl-value.ts';

/** Where something stands. */
export interface Place {
  /** Below the repository's root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export function placeText(place: Place): string {
  return `${place.file}:${place.line}`;
}

type ExpressionForm =
  | { readonly type: 'literal'; readonly value: string | number | boolean | null }
  /** A number that a double does not hold as packer's long numbers do: what is known of it is how it is written. */
  | { readonly type: 'number' }
  /** Text with interpolations. */
  | { readonly type: 'template'; readonly parts: readonly Expression[] }
  | { readonly type: 'list'; readonly items: readonly Expression[] }
  | { readonly type: 'object'; readonly entries: readonly ObjectEntry[] }
  /** A root name: `var`, `local`, `path`, an iterator. */
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'attribute'; readonly of: Expression; readonly name: string }
  | { readonly type: 'index'; readonly of: Expression; readonly key: Expression }
  /** `spread`: the last argument is a list of arguments. */
  | { readonly type: 'call'; readonly name: string; readonly arguments: readonly Expression[]; readonly spread: boolean }
  | { readonly type: 'conditional'; readonly condition: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly type: 'operation'; readonly operator: string; readonly operands: readonly Expression[] }
  | ForExpression
  /** What cannot be evaluated without packer; its parts may still name files. */
  | { readonly type: 'opaque'; readonly why: string; readonly parts: readonly Expression[] };

export interface ForExpression {
  readonly type: 'for';
  readonly keyName: string | undefined;
  readonly valueName: string;
  readonly collection: Expression;
  /** Present in `{for ...}`. */
  readonly resultKey: Expression | undefined;
  readonly result: Expression;
  readonly condition: Expression | undefined;
  /** `{for ... => ...}` with an ellipsis: a list for each key. */
  readonly grouped: boolean;
  /** A splat: a single value counts as a list of one. */
  readonly splat: boolean;
}

export interface ObjectEntry {
  readonly key: Expression;
  readonly value: Expression;
}

/** An expression, where it stands and how it is written. */
export type Expression = ExpressionForm & { readonly place: Place; readonly text: string };

export interface Attribute {
  readonly name: string;
  readonly value: Expression;
  readonly place: Place;
}

export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: Body;
  readonly place: Place;
}

export interface Body {
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly Block[];
}

export const emptyBody: Body = { attributes: [], blocks: [] };

/** The bodies of several files as one: packer reads the files of a folder as one template. */
export function mergeBodies(bodies: readonly Body[]): Body {
  return { attributes: bodies.flatMap((body) => body.attributes), blocks: bodies.flatMap((body) => body.blocks) };
}

export function attributeOf(body: Body, name: string): Attribute | undefined {
  return body.attributes.find((attribute) => attribute.name === name);
}

export function literal(value: string | number | boolean | null, place: Place): Expression {
  return { type: 'literal', value, place, text: JSON.stringify(value) };
}

/** A number as it is written. */
export function numberOf(text: string, place: Place): Expression {
  const value = exactNumber(text);
  return value === undefined ? { type: 'number', place, text } : { type: 'literal', value, place, text };
}

/** The parts of an expression, for those that look through it. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.type) {
    case 'literal':
    case 'number':
    case 'name':
      return [];
    case 'template':
    case 'opaque':
      return expression.parts;
    case 'list':
      return expression.items;
    case 'object':
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case 'attribute':
      return [expression.of];
    case 'index':
      return [expression.of, expression.key];
    case 'call':
      return expression.arguments;
    case 'conditional':
      return [expression.condition, expression.yes, expression.no];
    case 'operation':
      return expression.operands;
    case 'for':
      return [expression.collection, expression.resultKey, expression.result, expression.condition].filter((part) => part !== undefined);
  }
}
