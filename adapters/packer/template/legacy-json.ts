import { type Outcome, failure, success } from '../../../core/failure.ts';
import { type Attribute, type Block, type Body, type Expression, type Place, literal } from './hcl-document.ts';
import { expressionOf } from './hcl-json.ts';
import { type JsonNode, memberOf } from './json-syntax.ts';

/**
 * Reads packer's legacy JSON template as what it would be in HCL: variables, sources, provisioners and
 * post-processors. `{{user}}`, `{{template_dir}}` and `{{pwd}}` become `var`, `path.root` and `path.cwd`; packer fills
 * in the other functions while it builds.
 */
export function readLegacyTemplate(root: JsonNode): Outcome<Body> {
  if (root.type !== 'object') {
    return failure(
      'TEMPLATE_INVALID',
      `${root.place.file}:${root.place.line}: a legacy template is a JSON object`,
      'name an HCL template *.pkr.hcl, or mend the file',
    );
  }
  const sensitive = new Set(
    itemsOf(memberOf(root, 'sensitive-variables')).flatMap((item) =>
      item.type === 'scalar' && typeof item.value === 'string' ? [item.value] : [],
    ),
  );
  const cleanup = memberOf(root, 'error-cleanup-provisioner');
  return success({
    attributes: [],
    blocks: [
      ...variableBlocks(memberOf(root, 'variables'), sensitive),
      ...itemsOf(memberOf(root, 'builders')).map((item) => componentBlock('source', item)),
      ...itemsOf(memberOf(root, 'provisioners')).map((item) => componentBlock('provisioner', item)),
      ...(cleanup === undefined ? [] : [componentBlock('error-cleanup-provisioner', cleanup)]),
      ...postProcessorBlocks(memberOf(root, 'post-processors')),
    ],
  });
}

/**
 * Reads a variable file for a legacy template. Its texts may refer to other variables, and null is the empty text (seen
 * with 1.6.6).
 */
export function readLegacyVariables(root: JsonNode): Body {
  const members = root.type === 'object' ? root.members : [];
  const valueOf = (value: JsonNode): Expression =>
    value.type === 'scalar' && value.value === null ? literal('', value.place) : expressionOf(value, goTemplate);
  return { attributes: members.map(([name, value]) => ({ name, value: valueOf(value), place: value.place })), blocks: [] };
}

function variableBlocks(variables: JsonNode | undefined, sensitive: ReadonlySet<string>): Block[] {
  const declared = variables?.type === 'object' ? variables.members : [];
  const blocks = declared.map(([name, value]) => variableBlock(name, value, sensitive.has(name)));
  const names = new Set(declared.map(([name]) => name));
  const onlySensitive = [...sensitive].filter((name) => !names.has(name));
  return [...blocks, ...onlySensitive.map((name) => variableBlock(name, undefined, true))];
}

function variableBlock(name: string, value: JsonNode | undefined, isSensitive: boolean): Block {
  const place = value?.place ?? { file: '', line: 1 };
  const attributes: Attribute[] = [{ name: 'sensitive', value: literal(isSensitive, place), place }];
  // In a legacy template null says that the variable must be given.
  if (value !== undefined && !(value.type === 'scalar' && value.value === null))
    attributes.push({ name: 'default', value: expressionOf(value, goTemplate), place });
  return { type: 'variable', labels: [name], body: { attributes, blocks: [] }, place };
}

function componentBlock(block: string, node: JsonNode): Block {
  const members = node.type === 'object' ? node.members : [];
  const type = node.type === 'scalar' ? node : memberOf(node, 'type');
  return {
    type: block,
    labels: [type?.type === 'scalar' ? String(type.value) : ''],
    body: {
      attributes: members.map(([name, value]) => ({ name, value: expressionOf(value, goTemplate), place: value.place })),
      blocks: [],
    },
    place: node.place,
  };
}

/** A post-processor is a name, an object, or a list of those: a sequence. */
function postProcessorBlocks(node: JsonNode | undefined): Block[] {
  return itemsOf(node).flatMap((item) => (item.type === 'array' ? postProcessorBlocks(item) : [componentBlock('post-processor', item)]));
}

function itemsOf(node: JsonNode | undefined): readonly JsonNode[] {
  return node?.type === 'array' ? node.items : [];
}

/** A text of a legacy template: a Go template. */
export function goTemplate(text: string, place: Place): Expression {
  const parts: Expression[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf('{{', at);
    const close = open === -1 ? -1 : text.indexOf('}}', open);
    if (close === -1) break;
    if (open > at) parts.push(literal(text.slice(at, open), place));
    parts.push(goAction(text.slice(open + 2, close), place));
    at = close + 2;
  }
  if (parts.length === 0) return literal(text, place);
  if (at < text.length) parts.push(literal(text.slice(at), place));
  return { type: 'template', parts, place, text };
}

function goAction(inside: string, place: Place): Expression {
  const text = `{{${inside}}}`;
  const action = inside.replace(/^-\s/, '').replace(/\s-$/, '').trim();
  const user = /^user\s+(?:`([^`]+)`|"([^"\\]+)")$/.exec(action);
  const name = user?.[1] ?? user?.[2];
  const of = (root: string, attribute: string): Expression => ({
    type: 'attribute',
    of: { type: 'name', name: root, place, text: root },
    name: attribute,
    place,
    text,
  });
  if (name !== undefined) return of('var', name);
  if (action === 'template_dir') return of('path', 'root');
  if (action === 'pwd') return of('path', 'cwd');
  return { type: 'opaque', why: `packer fills in ${text} while it builds`, parts: [], place, text };
}
