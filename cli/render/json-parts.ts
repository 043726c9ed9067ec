/** So many items of a list are one part. */
const some = 200;

/** What `JSON.stringify(document, null, 2)` gives, in parts: a list of a hundred thousand is never one text. */
export function* jsonParts(document: unknown): Generator<string> {
  if (!isPlainObject(document)) {
    yield JSON.stringify(document, null, 2);
    return;
  }
  let text = '{';
  let isFirst = true;
  for (const [key, value] of Object.entries(document)) {
    const isLong = Array.isArray(value) && value.length > some;
    // Undefined for what JSON has no text for: such a member is left out.
    const whole: string | undefined = isLong ? '' : JSON.stringify(value, null, 2);
    if (whole === undefined) continue;
    text += `${isFirst ? '' : ','}\n  ${JSON.stringify(key)}: `;
    isFirst = false;
    if (isLong) {
      for (const part of listParts(value)) {
        yield text + part;
        text = '';
      }
    } else text += indented(whole);
  }
  yield `${text}${isFirst ? '' : '\n'}}`;
}

function* listParts(list: readonly unknown[]): Generator<string> {
  for (let at = 0; at < list.length; at += some) {
    const items = JSON.stringify(list.slice(at, at + some), null, 2).slice(1, -2);
    yield `${at === 0 ? '[' : ','}${indented(items)}`;
  }
  yield '\n  ]';
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value);
}

/** In a text of JSON a line feed is never part of a string. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n  ');
}
