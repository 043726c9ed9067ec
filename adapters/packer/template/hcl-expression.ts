import { type Node } from 'web-tree-sitter';

import { type Expression, type ObjectEntry, numberOf } from './hcl-document.ts';
import { NestedTooDeep, type SourceText, childrenOf, deepest, expressionChildren, placeOf, where } from './hcl-source.ts';
import { type TemplatePiece, flushPieces, trimPieces, unescapeQuoted, unescapeTemplate } from './hcl-text.ts';

/** Reads an `expression` node. */
export function readExpression(node: Node, source: SourceText, depth = 0): Expression {
  if (depth > deepest) throw new NestedTooDeep(placeOf(node, source).line);
  const nodes = childrenOf(node);
  const first = nodes[0];
  if (first === undefined) return opaque(node, source, 'it is empty', []);
  if (first.type !== 'conditional') return readTerm(nodes, 0, source, depth).expression;
  const [condition, yes, no] = childrenOf(first)
    .filter((child) => child.type === 'expression')
    .map((child) => readExpression(child, source, depth + 1));
  if (condition === undefined || yes === undefined || no === undefined) return opaque(node, source, 'it is not a whole conditional', []);
  return { type: 'conditional', condition, yes, no, ...where(node, source) };
}

/** A term with what follows it: attributes, indexes, splats. They are siblings in the syntax tree. */
function readTerm(nodes: readonly Node[], at: number, source: SourceText, depth: number): { expression: Expression; next: number } {
  const first = nodes[at];
  if (first === undefined) throw new TypeError('unreachable: the grammar has no empty term');
  let next = at + 1;
  let expression: Expression;
  if (first.type === '(') {
    const inner = nodes[at + 1];
    if (inner === undefined) throw new TypeError('unreachable: the grammar has no empty parentheses');
    expression = readExpression(inner, source, depth + 1);
    next = at + 3;
  } else {
    expression = readPrimary(first, source, depth + 1);
  }
  for (let suffix = nodes[next]; suffix !== undefined; suffix = nodes[next]) {
    if (next - at > deepest) throw new NestedTooDeep(placeOf(first, source).line);
    const longer = readSuffix(expression, suffix, first, source, depth + 1);
    if (longer === undefined) break;
    expression = longer;
    next += 1;
  }
  return { expression, next };
}

function readSuffix(of: Expression, suffix: Node, first: Node, source: SourceText, depth: number): Expression | undefined {
  const place = { place: placeOf(first, source), text: source.text.slice(first.startIndex, suffix.endIndex) };
  switch (suffix.type) {
    case 'get_attr':
      return { type: 'attribute', of, name: suffix.lastNamedChild?.text ?? '', ...place };
    case 'index': {
      const index = suffix.firstNamedChild;
      const key = index?.type === 'new_index' ? index.firstNamedChild : null;
      if (key !== null && key !== undefined) return { type: 'index', of, key: readExpression(key, source, depth), ...place };
      const value = Number(suffix.text.slice(1));
      return { type: 'index', of, key: { type: 'literal', value, ...where(suffix, source) }, ...place };
    }
    case 'splat': {
      const each = '*';
      let result: Expression = { type: 'name', name: each, ...where(suffix, source) };
      const splat = suffix.firstNamedChild;
      for (const step of splat === null ? [] : childrenOf(splat)) result = readSuffix(result, step, first, source, depth) ?? result;
      return {
        type: 'for',
        keyName: undefined,
        valueName: each,
        collection: of,
        resultKey: undefined,
        result,
        condition: undefined,
        grouped: false,
        splat: true,
        ...place,
      };
    }
    default:
      return undefined;
  }
}

function readPrimary(node: Node, source: SourceText, depth: number): Expression {
  if (depth > deepest) throw new NestedTooDeep(placeOf(node, source).line);
  const inner = childrenOf(node)[0];
  switch (node.type) {
    case 'literal_value':
      return inner === undefined ? opaque(node, source, 'it is empty', []) : readLiteral(inner, source, depth);
    case 'template_expr':
      return inner === undefined ? opaque(node, source, 'it is empty', []) : readTemplate(inner, source, depth);
    case 'variable_expr':
      return { type: 'name', name: node.text, ...where(node, source) };
    case 'collection_value':
      return inner?.type === 'tuple' ? readList(inner, source, depth) : readObject(inner ?? node, source, depth);
    case 'function_call':
      return readCall(node, source, depth);
    case 'for_expr':
      return readFor(inner ?? node, source, depth);
    case 'operation':
      return readOperation(inner ?? node, source, depth);
    default:
      return opaque(node, source, 'its form is not known here', expressionsBelow(node, source, depth));
  }
}

function readLiteral(node: Node, source: SourceText, depth: number): Expression {
  switch (node.type) {
    case 'numeric_lit': {
      // From the source, not from the node: see `maskExponents`.
      const text = /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(source.text.slice(node.startIndex))?.[0] ?? node.text;
      return numberOf(text, placeOf(node, source));
    }
    case 'bool_lit':
      return { type: 'literal', value: node.text === 'true', ...where(node, source) };
    case 'null_lit':
      return { type: 'literal', value: null, ...where(node, source) };
    default:
      return readTemplate(node, source, depth);
  }
}

/** A `string_lit`, `quoted_template` or `heredoc_template` node. */
export function readTemplate(node: Node, source: SourceText, depth: number): Expression {
  const isHeredoc = node.type === 'heredoc_template';
  const { from, to } = isHeredoc ? heredocRange(node, source) : { from: node.startIndex + 1, to: node.endIndex - 1 };
  const pieces: TemplatePiece<Expression>[] = [];
  let end = from;
  for (const child of childrenOf(node)) {
    if (child.type !== 'template_interpolation' && child.type !== 'template_directive') continue;
    pieces.push({ type: 'raw', text: source.text.slice(end, child.startIndex) });
    const value =
      child.type === 'template_directive'
        ? opaque(child, source, 'a template directive is evaluated by packer', expressionsBelow(child, source, depth))
        : readInterpolation(child, source, depth);
    pieces.push({ type: 'interpolation', value, trimsBefore: /^[$%]\{~/.test(child.text), trimsAfter: child.text.endsWith('~}') });
    end = child.endIndex;
  }
  pieces.push({ type: 'raw', text: source.text.slice(end, Math.max(end, to)) });
  const trimmed = trimPieces(isHeredoc && childrenOf(node)[0]?.text === '<<-' ? flushPieces(pieces) : pieces);
  return joinPieces(trimmed, isHeredoc ? unescapeTemplate : unescapeQuoted, node, source);
}

function joinPieces(
  pieces: readonly TemplatePiece<Expression>[],
  unescape: (raw: string) => string,
  node: Node,
  source: SourceText,
): Expression {
  const parts = pieces.flatMap((piece): Expression[] => {
    if (piece.type === 'interpolation') return [piece.value];
    return piece.text === '' ? [] : [{ type: 'literal', value: unescape(piece.text), ...where(node, source) }];
  });
  const only = parts[0];
  if (only === undefined) return { type: 'literal', value: '', ...where(node, source) };
  if (parts.length === 1 && only.type === 'literal' && typeof only.value === 'string') return only;
  return { type: 'template', parts, ...where(node, source) };
}

function readInterpolation(node: Node, source: SourceText, depth: number): Expression {
  const inner = childrenOf(node).find((child) => child.type === 'expression');
  return inner === undefined ? opaque(node, source, 'it is empty', []) : readExpression(inner, source, depth + 1);
}

function heredocRange(node: Node, source: SourceText): { from: number; to: number } {
  const identifiers = childrenOf(node).filter((child) => child.type === 'heredoc_identifier');
  const opened = identifiers[0]?.endIndex ?? node.startIndex;
  const closed = identifiers[1]?.startIndex ?? node.endIndex;
  return { from: source.text.indexOf('\n', opened) + 1, to: source.text.lastIndexOf('\n', closed - 1) + 1 };
}

function readList(node: Node, source: SourceText, depth: number): Expression {
  const items = expressionChildren(node).map((child) => readExpression(child, source, depth));
  return { type: 'list', items, ...where(node, source) };
}

function readObject(node: Node, source: SourceText, depth: number): Expression {
  const entries = childrenOf(node)
    .filter((child) => child.type === 'object_elem')
    .flatMap((element): ObjectEntry[] => {
      const [key, value] = [element.childForFieldName('key'), element.childForFieldName('val')];
      if (key === null || value === null) return [];
      const isBareName = key.childCount === 1 && key.firstChild?.type === 'variable_expr';
      const keyExpression: Expression = isBareName
        ? { type: 'literal', value: key.text, ...where(key, source) }
        : readExpression(key, source, depth);
      return [{ key: keyExpression, value: readExpression(value, source, depth) }];
    });
  return { type: 'object', entries, ...where(node, source) };
}

function readCall(node: Node, source: SourceText, depth: number): Expression {
  const list = childrenOf(node).find((child) => child.type === 'function_arguments');
  const given = list === undefined ? [] : expressionChildren(list).map((child) => readExpression(child, source, depth));
  const spread = list !== undefined && childrenOf(list).some((child) => child.type === 'ellipsis');
  return { type: 'call', name: node.firstNamedChild?.text ?? '', arguments: given, spread, ...where(node, source) };
}

function readFor(node: Node, source: SourceText, depth: number): Expression {
  const intro = childrenOf(node).find((child) => child.type === 'for_intro');
  const names = intro === undefined ? [] : childrenOf(intro).filter((child) => child.type === 'identifier');
  const collection = intro === undefined ? undefined : expressionChildren(intro)[0];
  const condition = childrenOf(node).find((child) => child.type === 'for_cond');
  const test = condition === undefined ? undefined : expressionChildren(condition)[0];
  const [first, second] = expressionChildren(node);
  const [valueName, keyName] = names.map((name) => name.text).toReversed();
  const isGrouped = childrenOf(node).some((child) => child.type === 'ellipsis');
  if (collection === undefined || first === undefined || valueName === undefined) {
    return opaque(node, source, 'it is not a whole for expression', expressionsBelow(node, source, depth));
  }
  const read = (child: Node): Expression => readExpression(child, source, depth);
  return {
    type: 'for',
    keyName,
    valueName,
    collection: read(collection),
    resultKey: second === undefined ? undefined : read(first),
    result: read(second ?? first),
    condition: test === undefined ? undefined : read(test),
    grouped: isGrouped,
    splat: false,
    ...where(node, source),
  };
}

function readOperation(node: Node, source: SourceText, depth: number): Expression {
  const nodes = childrenOf(node);
  if (node.type === 'unary_operation') {
    return {
      type: 'operation',
      operator: nodes[0]?.text ?? '',
      operands: [readTerm(nodes, 1, source, depth).expression],
      ...where(node, source),
    };
  }
  const left = readTerm(nodes, 0, source, depth);
  const right = readTerm(nodes, left.next + 1, source, depth);
  return {
    type: 'operation',
    operator: nodes[left.next]?.text ?? '',
    operands: [left.expression, right.expression],
    ...where(node, source),
  };
}

/** The outermost expressions anywhere below a node. */
function expressionsBelow(node: Node, source: SourceText, depth: number): Expression[] {
  if (depth > deepest) throw new NestedTooDeep(placeOf(node, source).line);
  if (node.type === 'template_for') return [readForDirective(node, source, depth)];
  return childrenOf(node).flatMap((child) =>
    child.type === 'expression' ? [readExpression(child, source, depth + 1)] : expressionsBelow(child, source, depth + 1),
  );
}

/** What is in `%{ for }`, bound to what it goes through. Its text is not rendered: only what it reads matters. */
function readForDirective(node: Node, source: SourceText, depth: number): Expression {
  const [start, ...inside] = childrenOf(node);
  const names = start === undefined ? [] : childrenOf(start).filter((child) => child.type === 'identifier');
  const [valueName, keyName] = names.map((name) => name.text).toReversed();
  const collection = start === undefined ? undefined : expressionChildren(start)[0];
  const items = inside.flatMap((child) => expressionsBelow(child, source, depth + 1));
  if (valueName === undefined || collection === undefined) return opaque(node, source, 'it is not a whole for directive', items);
  return {
    type: 'for',
    keyName,
    valueName,
    collection: readExpression(collection, source, depth + 1),
    resultKey: undefined,
    result: { type: 'list', items, ...where(node, source) },
    condition: undefined,
    grouped: false,
    splat: false,
    ...where(node, source),
  };
}

function opaque(node: Node, source: SourceText, why: string, parts: readonly Expression[]): Expression {
  return { type: 'opaque', why, parts, ...where(node, source) };
}
