import { Language, type Node, Parser } from 'web-tree-sitter';

import { type Outcome, failure, success } from '../../../core/failure.ts';
import { loadGrammarFiles } from './grammar.ts';
import { type Attribute, type Block, type Body, type Expression, type Place, emptyBody } from './hcl-document.ts';
import { readExpression } from './hcl-expression.ts';
import { NestedTooDeep, type SourceText, childrenOf, placeOf } from './hcl-source.ts';

/** Reads HCL. Every answer is a value: TEMPLATE_INVALID with the place and what is wrong there. */
export interface HclParser {
  /** A whole file: attributes and blocks. */
  parseFile(file: string, text: string): Outcome<Body>;
  /** One expression, as the value of a variable that is given from outside. */
  parseExpression(text: string, place: Place): Outcome<Expression>;
  /**
   * Text with interpolations and without quotes: a string of HCL's JSON notation, or a file for templatefile().
   *
   * @param isOneLine whether all of it stands on the line of `place`, as a string of JSON does.
   */
  parseTemplate(text: string, place: Place, isOneLine: boolean): Outcome<Expression>;
}

let loading: Promise<HclParser> | undefined;

/** The parser; its WebAssembly is loaded once, at the first call. */
export function loadHclParser(): Promise<HclParser> {
  loading ??= startParser();
  return loading;
}

async function startParser(): Promise<HclParser> {
  const files = await loadGrammarFiles();
  await Parser.init({ wasmBinary: files.runtime });
  const parser = new Parser().setLanguage(await Language.load(files.hcl));
  const parseFile = (file: string, text: string): Outcome<Body> =>
    parseSource(parser, { file, text: `${text.replace(/^\uFEFF/, '')}\n`, firstLine: 1, onOneLine: false });
  const parseExpression = (text: string, place: Place): Outcome<Expression> =>
    onlyValue(parseSource(parser, { file: place.file, text: `value = ${text}\n`, firstLine: place.line, onOneLine: true }), place);
  return {
    parseFile,
    parseExpression,
    parseTemplate(text, place, isOneLine) {
      // A heredoc reads its text as HCL's JSON notation reads a string: no escapes but $${ and %%{.
      let mark = 'END';
      while (text.includes(mark)) mark += '_';
      const parsed = onlyValue(
        parseSource(parser, {
          file: place.file,
          text: `value = <<${mark}\n${text}\n${mark}\n`,
          // The line of the mark comes before the text's first.
          firstLine: isOneLine ? place.line : place.line - 1,
          onOneLine: isOneLine,
        }),
        place,
      );
      return parsed.ok ? success(withoutLastLineFeed(parsed.value, place, text)) : parsed;
    },
  };
}

function onlyValue(parsed: Outcome<Body>, place: Place): Outcome<Expression> {
  if (!parsed.ok) return parsed;
  const only = parsed.value.attributes[0];
  if (only !== undefined && parsed.value.attributes.length === 1 && parsed.value.blocks.length === 0) return success(only.value);
  return invalid(place, 'this is not one HCL expression');
}

/** A heredoc ends with a line feed that the text did not have. */
function withoutLastLineFeed(expression: Expression, place: Place, text: string): Expression {
  if (expression.type === 'literal' && typeof expression.value === 'string')
    return { type: 'literal', value: expression.value.slice(0, -1), place, text };
  if (expression.type !== 'template') return expression;
  const last = expression.parts.at(-1);
  if (last?.type !== 'literal' || typeof last.value !== 'string') return { ...expression, place, text };
  const rest = last.value.slice(0, -1);
  const parts = rest === '' ? expression.parts.slice(0, -1) : [...expression.parts.slice(0, -1), { ...last, value: rest }];
  const [only] = parts;
  // "${x}" alone stands for the value of x, whatever its type is.
  return parts.length === 1 && only !== undefined ? { ...only, place, text } : { type: 'template', parts, place, text };
}

function parseSource(parser: Parser, source: SourceText): Outcome<Body> {
  const tree = parser.parse(source.text) ?? undefined;
  if (tree === undefined) throw new TypeError('unreachable: the parser has its language and nothing cancels it');
  try {
    if (!tree.rootNode.hasError) return readRoot(tree.rootNode, source);
    const masked = maskExponents(source.text);
    if (masked !== source.text) {
      const again = parser.parse(masked);
      try {
        if (again !== null && !again.rootNode.hasError) return readRoot(again.rootNode, source);
      } finally {
        again?.delete();
      }
    }
    return firstError(tree.rootNode, source);
  } catch (error) {
    if (error instanceof NestedTooDeep) return invalid({ file: source.file, line: error.line }, `this is ${error.message}`);
    throw error;
  } finally {
    tree.delete();
  }
}

/** `1e5` is a number in HCL, but not in this grammar: the same number of digits in its place keeps all positions. */
function maskExponents(text: string): string {
  return text.replace(/(?<![\w.])\d+(?:\.\d+)?[eE][+-]?\d+/g, (number) => '1'.repeat(number.length));
}

function firstError(root: Node, source: SourceText): Outcome<never> {
  let node = root;
  for (;;) {
    if (node.isMissing)
      return invalid(
        within(placeOf(node, source), source),
        node.isNamed || node.type === '' ? 'something is missing here' : `here ${JSON.stringify(node.type)} is missing`,
      );
    if (node.isError) break;
    const inner = node.children.find((child) => child.hasError || child.isError || child.isMissing);
    if (inner === undefined) break;
    node = inner;
  }
  // Only marks are quoted: any word of a template could be a secret.
  const mark = /^[{}()[\]"=,:?.%$*/<>!&|+-]/.exec(source.text.slice(node.startIndex))?.[0];
  return invalid(
    placeOf(node, source),
    mark === undefined ? 'from here on it is not valid HCL' : `from the ${JSON.stringify(mark)} here on it is not valid HCL`,
  );
}

/** The parser's text ends with a line feed more than the file: an error at the end is told on the last line. */
function within(place: Place, source: SourceText): Place {
  return source.onOneLine
    ? place
    : { ...place, line: Math.min(place.line, source.firstLine + Math.max(0, source.text.trimEnd().split('\n').length - 1)) };
}

function invalid(place: Place, what: string): Outcome<never> {
  return failure('TEMPLATE_INVALID', `${place.file}:${place.line}: ${what}`, 'mend the file; `packer validate` says more about it');
}

function readRoot(root: Node, source: SourceText): Outcome<Body> {
  const body = childrenOf(root)[0];
  if (body === undefined) return success(emptyBody);
  if (body.type !== 'body') return invalid(placeOf(body, source), 'an HCL file holds attributes and blocks, and this is a value');
  return success(readBody(body, source, 0));
}

function readBody(node: Node, source: SourceText, depth: number): Body {
  if (depth > 50) throw new NestedTooDeep(placeOf(node, source).line);
  const attributes: Attribute[] = [];
  const blocks: Block[] = [];
  for (const child of childrenOf(node)) {
    if (child.type === 'attribute') {
      const value = child.lastNamedChild;
      const name = child.firstNamedChild;
      if (name !== null && value !== null)
        attributes.push({ name: name.text, value: readExpression(value, source), place: placeOf(child, source) });
    } else if (child.type === 'block') {
      blocks.push(readBlock(child, source, depth));
    }
  }
  return { attributes, blocks };
}

function readBlock(node: Node, source: SourceText, depth: number): Block {
  const parts = childrenOf(node);
  const [type, ...labels] = parts.filter((part) => part.type === 'identifier' || part.type === 'string_lit');
  const body = parts.find((part) => part.type === 'body');
  return {
    type: type?.text ?? '',
    labels: labels.map((label) => (label.type === 'identifier' ? label.text : label.text.slice(1, -1))),
    body: body === undefined ? emptyBody : readBody(body, source, depth + 1),
    place: placeOf(node, source),
  };
}
