import { type Outgoing } from '../../core/scrub/outgoing.ts';

/** So many items of a list are one part. */
const some = 200;

/**
 * What `JSON.stringify(document, null, 2)` gives, in parts: a list of a hundred thousand is never one text. What may hold a
 * secret has each of its texts scrubbed.
 */
export function* jsonParts(document: unknown, hook: Pick<Outgoing, 'isClean' | 'document'>): Generator<string> {
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
    const isLong = Array.isArray(value) && value.length > some;
    // A member that JSON has no text for is left out.
    const whole = isLong ? '' : json(value);
    if (whole === undefined) continue;
    text += `${isFirst ? '' : ','}\n  ${JSON.stringify(key)}: `;
    isFirst = false;
    if (isLong) {
      for (const part of listParts(value, json)) {
        yield text + part;
        text = '';
      }
    } else text += indented(whole);
  }
  yield `${text}${isFirst ? '' : '\n'}}`;
}

function* listParts(list: readonly unknown[], json: (value: unknown) => string | undefined): Generator<string> {
  for (let at = 0; at < list.length; at += some) {
    const items = (json(list.slice(at, at + some)) ?? '').slice(1, -2);
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
