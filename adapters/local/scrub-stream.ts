import { bytesOf, textOf } from '../../core/scrub/lossless-text.ts';
import { type FileScrub } from '../../core/scrub/file-scrub.ts';
import { encodedText, utf16 } from './text-encoding.ts';

const lineEnd = 10;
/** Bytes of a line without an end that are taken before it comes. */
const mostWaiting = 256 * 1024;

/**
 * A stream of bytes through the hook, in constant memory: what is not secret comes out byte for byte, also where it is
 * no UTF-8. What begins as UTF-16 is read and written as that. `scrub.end()` is the caller's.
 */
export async function* scrubStream(source: AsyncIterable<unknown>, scrub: FileScrub): AsyncGenerator<Uint8Array> {
  const { encoding, pieces } = await encodedText(source);
  yield* encoding === 'utf-8' ? scrubUtf8(pieces, scrub) : scrubUtf16(pieces, scrub, encoding);
}

async function* scrubUtf16(
  source: AsyncIterable<Uint8Array>,
  scrub: FileScrub,
  encoding: 'utf-16le' | 'utf-16be',
): AsyncGenerator<Uint8Array> {
  scrub.encodedBy((text) => utf16.bytesOf(text, encoding));
  let half: Uint8Array = new Uint8Array();
  for await (const chunk of source) {
    const bytes = half.length === 0 ? chunk : Buffer.concat([half, chunk]);
    const whole = bytes.length - (bytes.length % 2);
    half = bytes.subarray(whole);
    const scrubbed = scrub.push(utf16.textOf(bytes.subarray(0, whole), encoding));
    if (scrubbed !== '') yield utf16.bytesOf(scrubbed, encoding);
  }
  yield utf16.bytesOf(scrub.rest(), encoding);
  if (half.length === 0) return;
  scrub.raw(half);
  yield half;
}

async function* scrubUtf8(source: AsyncIterable<Uint8Array>, scrub: FileScrub): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingLength = 0;
  for await (const chunk of source) {
    const last = chunk.lastIndexOf(lineEnd) + 1;
    const end = last > 0 ? last : waitingLength + chunk.length > mostWaiting ? wholeCharacters(chunk) : 0;
    if (end > 0) {
      const block = waiting.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...waiting, chunk.subarray(0, end)]);
      const text = textOf(block);
      const scrubbed = scrub.push(text);
      if (scrubbed === text) yield block;
      else if (scrubbed !== '') yield bytesOf(scrubbed);
      waiting = [];
      waitingLength = 0;
    }
    if (end < chunk.length) {
      waiting.push(chunk.subarray(end));
      waitingLength += chunk.length - end;
    }
  }
  yield bytesOf(scrub.push(textOf(Buffer.concat(waiting))));
  yield bytesOf(scrub.rest());
}

/** How many bytes of a chunk do not end within a character of UTF-8. */
function wholeCharacters(chunk: Uint8Array): number {
  let end = chunk.length;
  for (let back = 1; back <= Math.min(3, chunk.length); back += 1) {
    const byte = chunk[chunk.length - back] ?? 0;
    if (byte >= 0xc0) end = chunk.length - back;
    if (byte < 0x80 || byte >= 0xc0) break;
  }
  return end;
}
