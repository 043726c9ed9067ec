import { type Outcome, type Failure, success } from '../../../core/failure.ts';
import { type Attribute, type Block, type Body, type Expression, type Place, literal, mergeBodies, numberOf } from './hcl-document.ts';
import { type HclParser } from './hcl-parser.ts';
import { type JsonNode } from './json-syntax.ts';

/** Which members of an object are blocks, how many labels those have, and the blocks within. */
interface BlockShapes {
  readonly [name: string]: { readonly labels: number; readonly blocks?: BlockShapes };
}

const dynamicBlock: BlockShapes = { dynamic: { labels: 1, blocks: { content: { labels: 0 } } } };

/** Blocks within it are the plugin's own, which look like attributes: `findReferences` looks into those. */
const component = { labels: 1, blocks: dynamicBlock } as const;

const buildBlocks: BlockShapes = {
  source: component,
  provisioner: component,
  'error-cleanup-provisioner': component,
  'post-processor': component,
  'post-processors': { labels: 0, blocks: { 'post-processor': component } },
  ...dynamicBlock,
};

/** Packer's blocks: HCL's JSON notation cannot be read without knowing them (HCL JSON syntax, "Blocks"). */
const topBlocks: BlockShapes = {
  packer: { labels: 0, blocks: { required_plugins: { labels: 0 } } },
  variable: { labels: 1 },
  variables: { labels: 0 },
  local: { labels: 1 },
  locals: { labels: 0 },
  source: { labels: 2, blocks: dynamicBlock },
  data: { labels: 2, blocks: dynamicBlock },
  build: { labels: 0, blocks: buildBlocks },
};

/** Reads a `*.pkr.json`. */
export function readHclJson(node: JsonNode, parser: HclParser): Outcome<Body> {
  return collect((strings) => readBody(node, topBlocks, strings), parser);
}

/** Reads a variable file in JSON: its members are attributes. */
export function readJsonAttributes(node: JsonNode, parser: HclParser): Outcome<Body> {
  return collect((strings) => readBody(node, {}, strings), parser);
}

type StringReader = (text: string, place: Place) => Expression;

/** Strings of the notation are templates; the first that cannot be parsed is the answer. */
function collect(read: (strings: StringReader) => Body, parser: HclParser): Outcome<Body> {
  const failures: Failure[] = [];
  const body = read((text, place) => {
    if (!/[$%]\{/.test(text)) return literal(text, place);
    const parsed = parser.parseTemplate(text, place, true);
    if (parsed.ok) return parsed.value;
    failures.push(parsed.failure);
    return literal(text, place);
  });
  const [first] = failures;
  return first === undefined ? success(body) : { ok: false, failure: first };
}

function readBody(node: JsonNode, shapes: BlockShapes, strings: StringReader): Body {
  if (node.type === 'array') return mergeBodies(node.items.map((item) => readBody(item, shapes, strings)));
  if (node.type !== 'object') return mergeBodies([]);
  const attributes: Attribute[] = [];
  const blocks: Block[] = [];
  for (const [name, member] of node.members) {
    // HCL's JSON notation keeps this key for comments.
    if (name === '//') continue;
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (shape === undefined) attributes.push({ name, value: expressionOf(member, strings), place: member.place });
    else blocks.push(...readBlocks(name, member, [], shape, strings));
  }
  return { attributes, blocks };
}

function readBlocks(type: string, node: JsonNode, labels: readonly string[], shape: BlockShapes[string], strings: StringReader): Block[] {
  if (node.type === 'array') return node.items.flatMap((item) => readBlocks(type, item, labels, shape, strings));
  if (labels.length === shape.labels) return [{ type, labels, body: readBody(node, shape.blocks ?? {}, strings), place: node.place }];
  if (node.type !== 'object') return [];
  return node.members
    .filter(([name]) => name !== '//')
    .flatMap(([label, inner]) => readBlocks(type, inner, [...labels, label], shape, strings));
}

/** A value as an expression; `strings` says what its texts, and the keys of its objects, stand for. */
export function expressionOf(node: JsonNode, strings: StringReader): Expression {
  switch (node.type) {
    case 'scalar':
      return typeof node.value === 'string' ? strings(node.value, node.place) : literal(node.value, node.place);
    case 'number':
      return numberOf(node.text, node.place);
    case 'array':
      return { type: 'list', items: node.items.map((item) => expressionOf(item, strings)), place: node.place, text: '[...]' };
    case 'object': {
      const entries = node.members.map(([key, member]) => ({ key: strings(key, member.place), value: expressionOf(member, strings) }));
      return { type: 'object', entries, place: node.place, text: '{...}' };
    }
  }
}
