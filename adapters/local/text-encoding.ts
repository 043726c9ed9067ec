/** How a text is encoded; `latin1` where it is none, so that each byte stands for itself. */
export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1';

/** How a text is encoded, by its first bytes. PowerShell writes UTF-16, with a mark or without. */
export function encodingOf(beginning: Uint8Array): TextEncoding {
  const marked = markedEncoding(beginning);
  if (marked !== undefined) return marked;
  const sample = beginning.subarray(0, 8192);
  const even = sample.filter((byte, index) => byte === 0 && index % 2 === 0).length;
  const odd = sample.filter((byte, index) => byte === 0 && index % 2 === 1).length;
  if (even + odd === 0) return 'utf-8';
  const many = sample.length * 0.15;
  if (odd > many && even * 10 < odd) return 'utf-16le';
  if (even > many && odd * 10 < even) return 'utf-16be';
  return 'latin1';
}

/** The encoding that a mark at the beginning names. */
function markedEncoding([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

/** A text of fewer bytes is in UTF-16 where a mark says so, and in no other case: NULs part what `find -print0` lists. */
const leastSample = 64;

/** A stream of text with its encoding, as its first bytes tell it; what is no UTF-16 counts as UTF-8. */
export interface EncodedText {
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
  /** To be read once. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Waits for the beginning of a stream: its mark, or as much as tells without one. */
export async function encodedText(source: AsyncIterable<unknown>): Promise<EncodedText> {
  const chunks = source[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array();
  while (first.length < leastSample && markedEncoding(first) === undefined) {
    const next = await chunks.next();
    if (next.done === true) break;
    if (next.value instanceof Uint8Array) first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
  const found = first.length < leastSample ? (markedEncoding(first) ?? 'utf-8') : encodingOf(first);
  async function* pieces() {
    yield first;
    for await (const chunk of { [Symbol.asyncIterator]: () => chunks }) if (chunk instanceof Uint8Array) yield chunk;
  }
  return { encoding: found === 'latin1' ? 'utf-8' : found, pieces: pieces() };
}

/** A stream of text in UTF-8, whatever it begins as. */
export async function* asUtf8(source: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  const { encoding, pieces } = await encodedText(source);
  const decoder = encoding === 'utf-8' ? undefined : new TextDecoder(encoding);
  for await (const piece of pieces)
    yield decoder === undefined
      ? Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      : Buffer.from(decoder.decode(piece, { stream: true }));
}

/** Text as UTF-16 and back, without loss: what is no whole character is one all the same. */
export const utf16 = {
  /** @param bytes of an even number. */
  textOf: (bytes: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): string => ordered(bytes, encoding).toString('utf16le'),
  bytesOf: (text: string, encoding: 'utf-16le' | 'utf-16be'): Uint8Array => ordered(Buffer.from(text, 'utf16le'), encoding),
} as const;

function ordered(bytes: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): Buffer {
  return encoding === 'utf-16le' ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.from(bytes).swap16();
}
