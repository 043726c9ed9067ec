import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { markerPattern } from '../../../core/scrub/marker.ts';
import { createRedactor, redactText } from '../../../core/scrub/redactor.ts';

const key = Uint8Array.from({ length: 32 }, (_, index) => index);

/** Signs that every encoding treats in a way of its own, and few enough letters that no window of six is an ordinary word. */
const values = fc
  .array(
    fc.constantFrom(...Array.from('qxzjQXZJ7409'), '"', "'", '\\', '/', '+', '&', '<', '$', '%', '@', '`', ' ', ',', 'é', '\u{1f511}'),
    {
      minLength: 10,
      maxLength: 60,
    },
  )
  .map((characters) => characters.join('').trim())
  .filter((text) => text.length >= 10 && new Set(text).size > 6);

const shell = (text: string) => text.replaceAll("'", String.raw`'\''`);
const octal = (text: string) =>
  Array.from(Buffer.from(text), (byte) =>
    byte > 0x7e ? `\\${byte.toString(8)}` : byte === 0x27 || byte === 0x5c ? `\\${String.fromCharCode(byte)}` : String.fromCharCode(byte),
  ).join('');
const lower = (text: string) => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
const unicode = (text: string) =>
  Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');
const inside = (text: string, offset: number) =>
  Buffer.concat([Buffer.alloc(offset, 'k'), Buffer.from(text), Buffer.alloc(3 - offset, 'm')]);

/** Each with the part of what it writes that must be gone: at the ends of base64 a character holds bits of others, too. */
const encodings: Readonly<Record<string, (text: string) => { written: string; secret: string }>> = {
  clear: (text) => ({ written: text, secret: text }),
  ...Object.fromEntries(
    [0, 1, 2].flatMap((offset) =>
      (['base64', 'base64url'] as const).map((encoding) => [
        `${encoding} at ${offset}`,
        (text: string) => {
          const written = inside(text, offset).toString(encoding);
          return {
            written,
            secret: written.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + Buffer.byteLength(text)) * 8) / 6)),
          };
        },
      ]),
    ),
  ),
  'base64 of UTF-16': (text) => {
    const written = Buffer.from(text, 'utf16le').toString('base64').replace(/=+$/, '');
    return { written, secret: written };
  },
  hex: (text) => ({ written: Buffer.from(text).toString('hex'), secret: Buffer.from(text).toString('hex') }),
  URL: (text) => ({ written: encodeURIComponent(text), secret: encodeURIComponent(text) }),
  'URL in lower case': (text) => ({ written: lower(encodeURIComponent(text)), secret: lower(encodeURIComponent(text)) }),
  'URL in part': (text) => ({
    written: text.replaceAll(/[%/"<]/g, encodeURIComponent),
    secret: text.replaceAll(/[%/"<]/g, encodeURIComponent),
  }),
  JSON: (text) => ({ written: JSON.stringify(text), secret: JSON.stringify(text).slice(1, -1) }),
  'JSON in JSON': (text) => ({
    written: JSON.stringify(JSON.stringify(text)),
    secret: JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1),
  }),
  'JSON, each letter escaped': (text) => ({ written: `"${unicode(text)}"`, secret: unicode(text) }),
  HTML: (text) => ({ written: html(text), secret: html(text) }),
  'HTML in HTML': (text) => ({ written: html(html(text)), secret: html(html(text)) }),
  'HTML, each letter by its number': (text) => ({ written: numbers(text), secret: numbers(text) }),
  'single quotes': (text) => ({ written: `'${shell(text)}'`, secret: shell(text) }),
  'double quotes': (text) => {
    const written = text.replaceAll(/[\\"$`]/g, String.raw`\$&`);
    return { written: `"${written}"`, secret: written };
  },
  "$'..'": (text) => ({ written: `$'${octal(text)}'`, secret: octal(text) }),
  backslashes: (text) => {
    const written = text.replaceAll(/[^A-Za-z0-9_\u0080-\uffff]/g, String.raw`\$&`);
    return { written, secret: written };
  },
  'PowerShell, double quotes': (text) => {
    const written = text.replaceAll(/[`"$]/g, '`$&');
    return { written: `"${written}"`, secret: written };
  },
  'PowerShell, single quotes': (text) => ({ written: `'${text.replaceAll("'", "''")}'`, secret: text.replaceAll("'", "''") }),
  "packer's machine-readable lines": (text) => {
    const written = text.replaceAll(',', '%!(PACKER_COMMA)');
    return { written, secret: written };
  },
};

function html(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#x27;', é: '&eacute;' };
  return Array.from(text, (character) => entities[character] ?? character).join('');
}

function numbers(text: string): string {
  return Array.from(text, (character) => `&#${character.codePointAt(0)};`).join('');
}

/** How a text comes to stand on several lines. */
const wrappings: Readonly<Record<string, (text: string) => string>> = {
  'on one line': (text) => text,
  'wrapped as a terminal does': (text) => wrap(text, 80, '\n'),
  "wrapped behind packer's prefix": (text) => wrap(text, 76, '\n    null.base: '),
  'wrapped behind a time and a prefix': (text) =>
    wrap(text, 64, '\n2026-11-25T10:00:00Z:     null.base: ').replaceAll('Z:     ', 'Z:     '),
  'wrapped in machine-readable lines': (text) => wrap(text, 76, '\n1795379149,,ui,message,    null.base: '),
  'wrapped with CR': (text) => wrap(text, 76, '\r\n'),
  'wrapped with escaped line ends': (text) => wrap(text, 60, String.raw`\n`),
};

function wrap(text: string, width: number, lineEnd: string): string {
  const lines: string[] = [];
  for (let from = 0; from < text.length; from += width) lines.push(text.slice(from, from + width));
  return lines.join(lineEnd);
}

/** What the lines of a scrubbed log say, without line ends, prefixes and markers. */
function joined(scrubbed: string): string {
  return scrubbed
    .replaceAll(markerPattern, '\0')
    .replaceAll(/(?:\r?\n|\\n)(?:2026-11-25T10:00:00Z:|1795379149,,ui,message,)?(?: {4,5}null\.base: )?/g, '');
}

/**
 * No six code units in a row are left of the secret, or as many as stand for three of its characters: of a value that
 * is cut after one or two, those stay.
 */
function expectGone(secret: string, plan: { text: string; encoding: string }, scrubbed: string): void {
  const left = joined(scrubbed);
  const longest = Math.max(...Array.from(plan.text, (character) => encodings[plan.encoding]?.(character).secret.length ?? 0));
  const length = Math.max(6, 3 * longest);
  for (let from = 0; from + length <= secret.length; from += 1) {
    const window = secret.slice(from, from + length);
    if (left.includes(window)) expect.fail(`${JSON.stringify(window)} of ${JSON.stringify(secret)} is left in ${JSON.stringify(scrubbed)}`);
  }
}

const planted = fc.record({
  text: values,
  encoding: fc.constantFrom(...Object.keys(encodings)),
  wrapping: fc.constantFrom(...Object.keys(wrappings)),
  before: fc.integer({ min: 0, max: 90 }),
  /** How much of its beginning stands behind it: the end of that line may go on in the next one. */
  again: fc.integer({ min: 0, max: 5 }),
});

type Planted = typeof planted extends fc.Arbitrary<infer T> ? T : never;

function plant({ text, encoding, wrapping, before, again }: Planted) {
  const encoded = encodings[encoding]?.(text) ?? { written: '', secret: '' };
  const wrapped = wrappings[wrapping]?.(`${'-'.repeat(before)} ${encoded.written} ~${encoded.secret.slice(0, again)}`) ?? '';
  return { log: `==> null.base: first\n${wrapped}\n==> null.base: last\n`, secret: encoded.secret };
}

describe('planted values', () => {
  it('are gone in each encoding and each wrapping, wherever the text is cut in pieces', () => {
    fc.assert(
      fc.property(planted, fc.integer({ min: 1, max: 200 }), (plan, size) => {
        const { log, secret } = plant(plan);
        const redactor = createRedactor({ values: [{ name: 'v', value: plan.text }], key });
        let scrubbed = '';
        for (let from = 0; from < log.length; from += size) scrubbed += redactor.push(log.slice(from, from + size));
        scrubbed += redactor.rest();
        expectGone(secret, plan, scrubbed);
        expect(scrubbed.startsWith('==> null.base: first\n')).toBe(true);
        expect(scrubbed.endsWith('\n==> null.base: last\n')).toBe(true);
        expect(redactText(redactor.forAnotherFile(), log)).toBe(scrubbed);
        expect(redactText(redactor.forAnotherFile(), scrubbed)).toBe(scrubbed);
      }),
      { numRuns: 2500 },
    );
  });

  it('are gone across every border between two pieces', () => {
    const text = 'qX7"z\'j\\4+Z&9J<0$x%q@Q`zé,j';
    const known = createRedactor({ values: [{ name: 'v', value: text }], key });
    for (const encoding of Object.keys(encodings)) {
      for (const wrapping of Object.keys(wrappings)) {
        const { log, secret } = plant({ text, encoding, wrapping, before: 60, again: 0 });
        const whole = redactText(known.forAnotherFile(), log);
        expectGone(secret, { text, encoding }, whole);
        for (let border = 1; border < log.length; border += 1) {
          const redactor = known.forAnotherFile();
          expect(redactor.push(log.slice(0, border)) + redactor.push(log.slice(border)) + redactor.rest()).toBe(whole);
        }
      }
    }
  });

  it('is gone from all its lines, where the last of them ends as it begins', () => {
    const text = `xyz${Array.from({ length: 60 }, (_, index) => (7919 ** 3 * (index + 1)).toString(36)).join('')}xyz`;
    for (let width = 50; width < 120; width += 1) {
      const redactor = createRedactor({ values: [{ name: 'v', value: text }], key });
      const scrubbed = ['first', ...wrap(text, width, '\n').split('\n'), 'last'].map((line) => redactor.push(`${line}\n`)).join('');
      expectGone(text, { text, encoding: 'clear' }, scrubbed + redactor.rest());
    }
  });

  it.each(['qqqqqqqqqqqqq\u{1f511}qqqqqqqZ9q/ é', 'qq\\\u{1f511}qqqq$qqé+x', '\\\\"4"\'\'%%``x,,é\u{1f511}\u{1f511}'])(
    'are gone wherever a line ends within them, be it within an escape: %s',
    (text) => {
      const known = createRedactor({ values: [{ name: 'v', value: text }], key });
      for (const [encoding, encode] of Object.entries(encodings)) {
        const { written, secret } = encode(text);
        for (let border = 1; border < written.length; border += 1) {
          const lines = [`- ${written.slice(0, border)}\n`, `${written.slice(border)} ~\n`];
          const redactor = known.forAnotherFile();
          const scrubbed = lines.map((line) => redactor.push(line)).join('') + redactor.rest();
          expectGone(secret, { text, encoding }, scrubbed);
          expect(redactText(known.forAnotherFile(), lines.join(''))).toBe(scrubbed);
        }
      }
    },
  );
});
