import { type Outcome, failure, success } from '../../../core/failure.ts';
import { type Place } from './hcl-document.ts';

/** A JSON value that knows where it stands. */
export type JsonNode = { readonly place: Place } & (
  | { readonly type: 'scalar'; readonly value: string | boolean | null }
  /** As it is written: packer's numbers may be longer than a double. */
  | { readonly type: 'number'; readonly text: string }
  | { readonly type: 'array'; readonly items: readonly JsonNode[] }
  /** In the order of the text; a key may stand there twice. */
  | { readonly type: 'object'; readonly members: readonly (readonly [string, JsonNode])[] }
);

const deepest = 100;

/** Thrown where the text stops being JSON, and turned into a failure where reading began. */
class NotJson extends Error {}

/** Reads JSON, strictly. TEMPLATE_INVALID with the place where it is none, or where it nests deeper than anyone writes. */
export function parseJson(file: string, text: string): Outcome<JsonNode> {
  const reader = createReader(file, text.replace(/^\uFEFF/, ''));
  try {
    return success(reader.document());
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return failure('TEMPLATE_INVALID', `${file}:${reader.line()}: ${error.message}`, 'mend the file; `packer validate` says more about it');
  }
}

/** The member of an object; the last one where a key stands there twice. */
export function memberOf(node: JsonNode | undefined, key: string): JsonNode | undefined {
  return node?.type === 'object' ? node.members.findLast(([name]) => name === key)?.[1] : undefined;
}

function createReader(file: string, source: string): { document(): JsonNode; line(): number } {
  let at = 0;
  let line = 1;

  /** The next character that is no white space; '' at the end. */
  function peek(): string {
    for (; at < source.length; at += 1) {
      const character = source.charAt(at);
      if (character === '\n') line += 1;
      else if (character !== ' ' && character !== '\t' && character !== '\r') return character;
    }
    return '';
  }

  function take(wanted: string): void {
    if (peek() !== wanted) throw new NotJson(`here ${JSON.stringify(wanted)} is missing, so it is not valid JSON`);
    at += 1;
  }

  /** Whether another item follows, after a comma; the closing bracket is taken. */
  function goesOn(isFirst: boolean, closing: string): boolean {
    if (peek() === closing) {
      at += 1;
      return false;
    }
    if (!isFirst) take(',');
    return true;
  }

  function value(depth: number): JsonNode {
    if (depth > deepest) throw new NotJson(`this is nested deeper than ${deepest} levels`);
    const first = peek();
    const place = { file, line };
    if (first === '[') {
      at += 1;
      const items: JsonNode[] = [];
      while (goesOn(items.length === 0, ']')) items.push(value(depth + 1));
      return { type: 'array', items, place };
    }
    if (first === '{') {
      at += 1;
      const members: [string, JsonNode][] = [];
      while (goesOn(members.length === 0, '}')) {
        peek();
        const key = string();
        take(':');
        members.push([key, value(depth + 1)]);
      }
      return { type: 'object', members, place };
    }
    return first === '"' ? { type: 'scalar', value: string(), place } : word(place);
  }

  function string(): string {
    const from = at;
    if (source.charAt(at) !== '"') throw new NotJson('here a text in double quotes is missing, so it is not valid JSON');
    let end = at + 1;
    while (end < source.length && source.charAt(end) !== '"') end += source.charAt(end) === '\\' ? 2 : 1;
    at = end + 1;
    const parsed = platformValue(source.slice(from, at));
    if (typeof parsed !== 'string') throw new NotJson('this text is not valid JSON');
    return parsed;
  }

  function word(place: Place): JsonNode {
    const text = /^[\w.+-]+/.exec(source.slice(at, at + 400))?.[0] ?? '';
    at += text.length;
    const parsed = platformValue(text);
    if (typeof parsed === 'number') return { type: 'number', text, place };
    if (parsed === null || typeof parsed === 'boolean') return { type: 'scalar', value: parsed, place };
    throw new NotJson('here a value is missing, so it is not valid JSON');
  }

  function document(): JsonNode {
    const root = value(0);
    if (peek() !== '') throw new NotJson('from here on it is not valid JSON');
    return root;
  }

  return { document, line: () => line };
}

/** What the platform makes of a scalar; undefined where it takes it for none. */
function platformValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
