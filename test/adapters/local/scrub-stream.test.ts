import { describe, expect, it } from 'vitest';

import { scrubStream } from '../../../adapters/local/scrub-stream.ts';
import { asUtf8 } from '../../../adapters/local/text-encoding.ts';
import { digestOf } from '../../../core/digest.ts';
import { createFileScrub } from '../../../core/scrub/file-scrub.ts';
import { createRedactor } from '../../../core/scrub/redactor.ts';

const key = new Uint8Array(32).fill(7);
const encodings: readonly (readonly [name: string, encode: (text: string) => Buffer])[] = [
  ['UTF-16LE with a mark', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ['UTF-16BE with a mark', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ['UTF-16LE', (text) => Buffer.from(text, 'utf16le')],
  ['UTF-16BE', (text) => Buffer.from(text, 'utf16le').swap16()],
  ['UTF-8 with a mark', (text) => Buffer.from(`\uFEFF${text}`)],
  ['UTF-8', (text) => Buffer.from(text)],
];

async function* inPieces(content: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < content.length; from += length) yield content.subarray(from, from + length);
}

async function scrubbed(content: Buffer, length = content.length) {
  const scrub = createFileScrub('a.log', createRedactor({ values: [{ name: 'v', value: 'hunter22' }], key }), key);
  const pieces: Uint8Array[] = [];
  for await (const piece of scrubStream(inPieces(content, length), scrub)) pieces.push(piece);
  return { content: Buffer.concat(pieces), record: scrub.end() };
}

describe('a stream of bytes through the hook', () => {
  it.each(encodings)('loses what is secret and keeps its encoding and all else: %s', async (_, encode) => {
    const text = (value: string) =>
      `first line of the log\r\nthe value is ${value}, ünd 𝄞\r\nDB_PASSWORD=${value}\r\n${'more '.repeat(20)}`;
    const content = encode(text('hunter22'));
    const { content: whole, record } = await scrubbed(content);
    const [marker = 'none'] = /\[REDACTED:SECRET:[0-9a-f]{8}\]/.exec(scrubbedText(whole)) ?? [];
    expect(whole).toEqual(encode(text(marker)));
    expect(record).toMatchObject({
      lines: 4,
      bytes_before: content.length,
      bytes_after: whole.length,
      digest_after: digestOf(whole),
      actions: [
        { rule: 'v', line: 2, column: 14 },
        { rule: 'v', line: 3, column: 13 },
      ],
    });
    for (const length of [64, 65, 97]) expect((await scrubbed(content, length)).content).toEqual(whole);
  });

  it.each(encodings.slice(0, 2))('is told by its mark, however it comes: %s', async (_, encode) => {
    const content = encode('hunter22');
    expect((await scrubbed(content, 1)).content).toEqual((await scrubbed(content)).content);
    expect(scrubbedText((await scrubbed(content, 1)).content)).toContain('[REDACTED:SECRET:');
  });

  it.each([
    ['names that NUL parts', Buffer.from('.\0./hunter22\0\n'), 100],
    ['a NUL that comes first and alone', Buffer.from(`a\0\nthe value is hunter22\n${'more '.repeat(20)}`), 2],
  ])('is not taken for UTF-16 where there is too little to tell: %s', async (_, content, length) => {
    expect(scrubbedText((await scrubbed(content, length)).content)).toContain('[REDACTED:SECRET:');
  });

  it.each([
    ['halves of characters', Buffer.from('\uFEFF\ud834 and \udd1e\udd1e\n', 'utf16le')],
    ['half a code unit at its end', Buffer.concat([Buffer.from('\uFEFFline\n', 'utf16le'), Buffer.of(0x41)])],
    ['a mark alone', Buffer.of(0xff, 0xfe)],
    ['one byte', Buffer.of(0xff)],
    ['nothing', Buffer.of()],
    ['bytes that are no text', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256))],
  ])('is as it was where nothing in it is secret: %s', async (_, content) => {
    for (const length of [content.length + 1, 1, 3]) {
      const { content: same, record } = await scrubbed(content, length);
      expect(same).toEqual(content);
      expect(record).toMatchObject({ bytes_after: content.length, digest_after: digestOf(content), actions: [] });
    }
  });
});

function scrubbedText(content: Buffer): string {
  const text = content.includes(0) ? content.filter((byte) => byte !== 0) : content;
  return Buffer.from(text).toString('latin1');
}

it.each(encodings)('a text in UTF-8 is made of one in %s', async (_, encode) => {
  const text = `${'first line of the log\r\n'.repeat(5)}ünd 𝄞`;
  const pieces: Buffer[] = [];
  for await (const piece of asUtf8(inPieces(encode(text), 65))) pieces.push(piece);
  expect(
    Buffer.concat(pieces)
      .toString()
      .replace(/^\uFEFF/, ''),
  ).toBe(text);
});
