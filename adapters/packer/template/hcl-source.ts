import { type Node } from 'web-tree-sitter';

import { type Place } from './hcl-document.ts';

/** No template of a person nests deeper; a hostile one must not exhaust the stack. */
export const deepest = 200;

/** Thrown while a syntax tree is read, and turned into a failure where reading began. */
export class NestedTooDeep extends Error {
  readonly line: number;
  constructor(line: number) {
    super(`nested deeper than ${deepest} levels`);
    this.line = line;
  }
}

export interface SourceText {
  readonly file: string;
  readonly text: string;
  /** The line of the file at which the text begins, from 1. */
  readonly firstLine: number;
  /** Whether all of the text stands on that line: a string of JSON, whose line feeds are escapes. */
  readonly onOneLine: boolean;
}

/** The children that mean something. */
export function childrenOf(node: Node): Node[] {
  return node.children.filter((child) => child.type !== 'comment');
}

export function placeOf(node: Node, source: SourceText): Place {
  return { file: source.file, line: source.onOneLine ? source.firstLine : source.firstLine + node.startPosition.row };
}

/** Those that are whole expressions. */
export function expressionChildren(node: Node): Node[] {
  return childrenOf(node).filter((child) => child.type === 'expression');
}

/** Where a node stands, and how it is written. */
export function where(node: Node, source: SourceText): { place: Place; text: string } {
  return { place: placeOf(node, source), text: source.text.slice(node.startIndex, node.endIndex) };
}
