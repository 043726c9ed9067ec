/** So many items of a list are one part. */
const some = 200;

/**
 * What `JSON.stringify(document, null, 2)` gives, in parts: a list of a hundred thousand is never one text. What is no array
 * and can be gone through is a list, too, whose items are asked for as they are printed.
 */
export function* jsonParts(document: unknown): Generator<string> {
  if (!isPlainObject(document)) {
    yield JSON.stringify(document, null, 2);
    return;
  }
  let text = '{';
  let isFirst = true;
  for (const [key, value] of Object.entries(document)) {
    const list = isIterable(value) ? value : undefined;
    // Undefined for what JSON has no text for: such a member is left out.
    const whole: string | undefined = list === undefined ? JSON.stringify(value, null, 2) : '';
    if (whole === undefined) continue;
    text += `${isFirst ? '' : ','}\n  ${JSON.stringify(key)}: `;
    isFirst = false;
    if (list === undefined) text += indented(whole);
    else {
      for (const part of listParts(list)) {
        yield text + part;
        text = '';
      }
    }
  }
  yield `${text}${isFirst ? '' : '\n'}}`;
}

function* listParts(list: Iterable<unknown>): Generator<string> {
  let opening = '[';
  let items: unknown[] = [];
  for (const item of list) {
    if (items.length === some) {
      yield opening + itemsText(items);
      opening = ',';
      items = [];
    }
    items.push(item);
  }
  yield items.length === 0 ? '[]' : `${opening}${itemsText(items)}\n  ]`;
}

/** Within a list of a member, so that what is around them is where it is to be: to indent them afterwards takes as long as all else. */
function itemsText(items: readonly unknown[]): string {
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
