import { type Outgoing } from '../../core/scrub/outgoing.ts';

/** So many items of a list are one part. */
const some = 200;

/**
 * What `JSON.stringify(document, null, 2)` gives, in parts: a list of a hundred thousand is never one text. What is no array
 * and can be gone through is a list, too, whose items are asked for as they are printed. What may hold a secret has each of its
 * texts scrubbed.
 */
export function* jsonParts(document: unknown, hook: Hook): Generator<string> {
  // Undefined for what JSON has no text for.
  const json = (value: unknown): string | undefined => {
    const text: string | undefined = JSON.stringify(value, null, 2);
    return text === undefined || hook.isClean(text) ? text : JSON.stringify(hook.document(value), null, 2);
  };
  if (!isPlainObject(document)) {
    yield json(document) ?? '';
    return;
  }
  let text = '{';
  let isFirst = true;
  for (const [key, value] of Object.entries(document)) {
    const list = isIterable(value) ? value : undefined;
    // A member that JSON has no text for is left out.
    const whole = list === undefined ? json(value) : '';
    if (whole === undefined) continue;
    text += `${isFirst ? '' : ','}\n  ${JSON.stringify(key)}: `;
    isFirst = false;
    if (list === undefined) text += indented(whole);
    else {
      for (const part of listParts(list, hook)) {
        yield text + part;
        text = '';
      }
    }
  }
  yield `${text}${isFirst ? '' : '\n'}}`;
}

type Hook = Pick<Outgoing, 'isClean' | 'document'>;

function* listParts(list: Iterable<unknown>, hook: Hook): Generator<string> {
  let opening = '[';
  let items: unknown[] = [];
  for (const item of list) {
    if (items.length === some) {
      yield opening + itemsText(items, hook);
      opening = ',';
      items = [];
    }
    items.push(item);
  }
  yield items.length === 0 ? '[]' : `${opening}${itemsText(items, hook)}\n  ]`;
}

function itemsText(items: readonly unknown[], hook: Hook): string {
  const text = textWithin(items);
  // Of a part that may hold a secret few items do: to scrub each text of all the others would take longer than to make the part.
  return hook.isClean(text) ? text : textWithin(items.map((item) => (hook.isClean(textWithin([item])) ? item : hook.document(item))));
}

/** Within a list of a member, so that what is around them is where it is to be: to indent them afterwards takes as long as all else. */
function textWithin(items: readonly unknown[]): string {
  return JSON.stringify({ '': items }, null, 2).slice('{\n  "": ['.length, -'\n  ]\n}'.length);
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value);
}

/** In a text of JSON a line feed is never part of a string. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n  ');
}
