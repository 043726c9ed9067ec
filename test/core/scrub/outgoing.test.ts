import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createFileScrub } from '../../../core/scrub/file-scrub.ts';
import { createOutgoing } from '../../../core/scrub/outgoing.ts';
import { createRedactor, redactText } from '../../../core/scrub/redactor.ts';
import { lineScrub } from '../../../core/scrub/scrub-lines.ts';

const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const value = 'Xq7/long=enough&9z';
const token = `ghp_${'a1B2'.repeat(9)}`;

describe('what a program says', () => {
  it('is without a value from the moment on at which that is known', () => {
    const hook = createOutgoing(key);
    expect(hook.text(`with ${value}`)).toBe(`with ${value}`);
    hook.learn([{ name: 'v', value }]);
    expect(hook.text(`with ${value} and ${token}\n`)).toMatch(/^with \[REDACTED:SECRET:\w{8}\] and \[REDACTED:GITHUB_TOKEN:\w{8}\]\n$/);
    expect(hook.isClean(Buffer.from(value).toString('base64'))).toBe(false);
  });

  it('is as it was where nothing in it is secret, and a document stays the document', () => {
    const hook = createOutgoing(key);
    hook.learn([{ name: 'v', value }]);
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (document, text) => {
        expect(hook.text(text)).toBe(text);
        expect(JSON.stringify(hook.document(document))).toBe(JSON.stringify(document));
      }),
    );
  });

  it('called clean is what the hook leaves alone', () => {
    const redactor = createRedactor({ values: [{ name: 'v', value }], key });
    const words = fc.constantFrom(
      value,
      token,
      'a word',
      '\n',
      Buffer.from(value).toString('hex'),
      encodeURIComponent(value),
      'password=',
      'x1y2z3w4',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        if (redactor.isClean(text)) expect(redactText(redactor.forAnotherFile(), text)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a log by its lines', () => {
  it('is what it is as a whole, however many lines come at once', () => {
    const line = fc.constantFrom(
      '',
      'nothing here',
      `the value ${value}.`,
      value.slice(0, 8),
      value.slice(8),
      token,
      'x'.repeat(300_000),
      `\u001b[1m${value}\u001b[0m`,
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.integer({ min: 1, max: 7 }), (lines, atOnce) => {
        const known = createRedactor({ values: [{ name: 'v', value }], key });
        const file = createFileScrub('packer.log', known.forAnotherFile(), key);
        const scrub = lineScrub(file);
        const scrubbed: string[] = [];
        for (let from = 0; from < lines.length; from += atOnce) scrubbed.push(...scrub.push(lines.slice(from, from + atOnce)));
        scrubbed.push(...scrub.rest());
        const text = lines
          .map((each) => `${each}\n`)
          .join('')
          .replaceAll(/\u001b\[\dm/g, '');
        expect(scrubbed.map((each) => `${each}\n`).join('')).toBe(redactText(known.forAnotherFile(), text));
        expect(file.end()).toMatchObject({ lines: lines.length, bytes_before: Buffer.byteLength(text) });
      }),
      { numRuns: 60 },
    );
  });
});
