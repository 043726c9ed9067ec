/*
 * Bytes as text and back, without loss: a byte that is no UTF-8 stands as the half character U+DC00 + byte, as
 * Python's `surrogateescape` has it. A log is UTF-8 but where a tool printed another encoding.
 */

const halfOfByte = 0xdc00;

/** The text of bytes, which end with a whole character or before one that never comes. */
export function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  if (!text.includes('\uFFFD')) return text;
  const pieces: string[] = [];
  for (let index = 0; index < buffer.length;) {
    const encoded = buffer.subarray(index, index + characterLength(buffer, index));
    const character = encoded.toString('utf8');
    if (Buffer.from(character, 'utf8').equals(encoded)) {
      pieces.push(character);
      index += encoded.length;
    } else {
      pieces.push(String.fromCharCode(halfOfByte + (buffer[index] ?? 0)));
      index += 1;
    }
  }
  return pieces.join('');
}

/** How many bytes a character has by its first one; of what is none, one. */
function characterLength(bytes: Uint8Array, index: number): number {
  const first = bytes[index] ?? 0;
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/** The bytes of a text; of a half character that no `textOf` made, those of U+FFFD. */
export function bytesOf(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    Array.from(text, (character) => {
      const byte = character.charCodeAt(0) - halfOfByte;
      return character.length === 1 && byte >= 0x80 && byte <= 0xff ? Buffer.from([byte]) : Buffer.from(character, 'utf8');
    }),
  );
}
