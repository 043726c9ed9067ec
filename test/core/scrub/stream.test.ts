import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bytesOf, textOf } from '../../../core/scrub/lossless-text.ts';
import { markerPattern } from '../../../core/scrub/marker.ts';
import { createRedactor, redactText } from '../../../core/scrub/redactor.ts';

const key = Uint8Array.from({ length: 32 }, (_, index) => index);
/** Put together here so that no scanner takes this file for a leak. */
const join = (...parts: string[]): string => parts.join('');
const letters = 'abcdEFGH1234'.repeat(20);
const known = createRedactor({ values: [{ name: 'v', value: 'hunter22' }], key });

/** One secret of each kind, and the part that must be gone. */
const kinds: readonly (readonly [rule: string, line: string, secret: string])[] = [
  ['AWS_ACCESS_KEY_ID', join('id AKIA', 'Q3EGRTPLMNB7ZX2C.'), 'Q3EGRTPLMNB7ZX2C'],
  ['AWS_SECRET_KEY', `aws_secret_access_key = ${letters.slice(0, 40)}`, letters.slice(0, 40)],
  ['AWS_SESSION_TOKEN', `AWS_SESSION_TOKEN=${letters.slice(0, 200)}`, letters.slice(0, 200)],
  ['GITHUB_TOKEN', join('x ghp_', letters.slice(0, 36)), letters.slice(0, 36)],
  ['GITLAB_TOKEN', join('glpat-', letters.slice(0, 20)), letters.slice(0, 20)],
  ['SLACK_TOKEN', join('xoxb-', '123456789012-', letters.slice(0, 24)), letters.slice(0, 24)],
  ['NPM_TOKEN', join('npm_', letters.slice(0, 36)), letters.slice(0, 36)],
  ['REGISTRY_TOKEN', join('pypi-', 'AgEI', letters.slice(0, 60)), letters.slice(0, 60)],
  ['REGISTRY_TOKEN', join('dckr_', 'pat_', letters.slice(0, 27)), letters.slice(0, 27)],
  ['GOOGLE_API_KEY', join('key AIza', letters.slice(0, 35)), letters.slice(0, 35)],
  ['AZURE_KEY', join('AccountKey=', letters.slice(0, 86), '==;x'), letters.slice(0, 86)],
  ['STRIPE_KEY', join('sk_', 'live_', letters.slice(0, 24)), letters.slice(0, 24)],
  ['SERVICE_TOKEN', join('sk-', 'ant-', letters.slice(0, 40)), letters.slice(0, 40)],
  ['DOCKER_AUTH', `{"auths": {"r": {"auth": "${letters.slice(0, 20)}"}}}`, letters.slice(0, 20)],
  ['COMMAND_PASSWORD', 'docker login -u me -p hunter1234 registry', 'hunter1234'],
  ['COMMAND_PASSWORD', 'curl -sS -u "me:hunter1234" https://host/x', 'hunter1234'],
  ['COMMAND_PASSWORD', "sshpass -p 'hunter1234' ssh host", 'hunter1234'],
  ['JWT', join('eyJ', 'hbGciOiJI.eyJ', 'zdWIiOiIx.', letters.slice(0, 43)), letters.slice(0, 43)],
  ['AUTHORIZATION', 'Authorization: Bearer abcdef123456', 'abcdef123456'],
  ['URL_PASSWORD', 'get https://user:p@ss.w0rd@host:80/x', 'p@ss.w0rd'],
  ['PASSWORD', 'DB_PASSWORD=hunter1234 next', 'hunter1234'],
  ['PASSWORD', 'db_pass=hunter1234', 'hunter1234'],
  ['TOKEN', 'client_secret = "abc123def456"', 'abc123def456'],
  [
    'PRIVATE_KEY',
    `${join('-----BEGIN PRIV', 'ATE KEY-----')}\n${letters.slice(0, 64)}\n${join('-----END PRIV', 'ATE KEY-----')}`,
    letters.slice(0, 64),
  ],
  ['v', 'the value is hunter22.', 'hunter22'],
];

describe('a stream', () => {
  it.each(kinds)('loses a secret of the kind %s across every border between two pieces: %s', (rule, line, secret) => {
    const log = `first\n${line}\nlast\n`;
    const whole = redactText(known.forAnotherFile(), log);
    expect(whole).not.toContain(secret);
    for (let border = 1; border < log.length; border += 1) {
      const redactor = known.forAnotherFile();
      expect(redactor.push(log.slice(0, border)) + redactor.push(log.slice(border)) + redactor.rest()).toBe(whole);
      expect(redactor.summary().map((action) => action.rule)).toContain(rule);
    }
  });

  it('says of every redaction where it is, and names none that is not there', () => {
    const line = fc.constantFrom(
      '',
      'nothing here',
      'é\u{1f511}',
      ...kinds.map(([, text]) => text),
      ...kinds.map(([, text]) => `    a.b: ${text}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.integer({ min: 1, max: 300 }), (lines, size) => {
        const log = lines.join('\n');
        const redactor = known.forAnotherFile();
        let scrubbed = '';
        for (let from = 0; from < log.length; from += size) scrubbed += redactor.push(log.slice(from, from + size));
        scrubbed += redactor.rest();
        const placed = scrubbed.split('\n').flatMap((text, index) =>
          [...text.matchAll(/\[REDACTED:[A-Z_]+:([0-9a-f]{8})\]/g)].map((match) => ({
            id: match[1],
            line: index + 1,
            column: match.index + 1,
          })),
        );
        expect(redactor.summary().map(({ id, line: at, column }) => ({ id, line: at, column }))).toEqual(placed);
        expect(redactText(known.forAnotherFile(), scrubbed)).toBe(scrubbed);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps nothing back but a line that has not ended, or one that a value may go on from', () => {
    const redactor = known.forAnotherFile();
    expect(redactor.push('a line\nand the beg')).toBe('a line\n');
    expect(redactor.push('inning\n')).toBe('and the beginning\n');
    expect(redactor.push('this may be hunt\n')).toBe('');
    expect(redactor.push('ing, it is not\n')).toBe('this may be hunt\ning, it is not\n');
    expect(redactor.push('this is hunt\n')).toBe('');
    expect(redactor.push('er22\n')).toMatch(/^this is \[REDACTED:SECRET:([0-9a-f]{8})\]\n\[REDACTED:SECRET:\1\]\n$/);
    expect(redactor.rest()).toBe('');
  });

  it.each([' ', ''])('gives a line without an end in pieces, secrets and all, with %j between its words', (space) => {
    const redactor = known.forAnotherFile();
    const word = `abcdefgh${space}`;
    let scrubbed = '';
    for (let count = 0; count < 200; count += 1) {
      scrubbed += redactor.push(`${word.repeat(2000)}hunter22${space}`);
      if (count === 100) expect(scrubbed.length).toBeGreaterThan(1_000_000);
    }
    scrubbed += redactor.rest();
    expect(scrubbed).not.toContain('hunter22');
    expect(scrubbed.match(markerPattern)).toHaveLength(200);
    expect(scrubbed.replaceAll(markerPattern, 'hunter22')).toBe(`${word.repeat(2000)}hunter22${space}`.repeat(200));
    expect(redactor.summary().every(({ line, column }) => line === 1 && scrubbed.startsWith('[REDACTED:SECRET:', column - 1))).toBe(true);
  });
});

describe('a text that looks like a marker', () => {
  it.each([
    ['with a name of its own', 'password=[REDACTED:s3cretHunter:01234567]', 's3cretHunter'],
    ['with a known value as its name', '[REDACTED:hunter22:01234567]', 'hunter22'],
    ['with a token as its name', join('[REDACTED:ghp_', letters.slice(0, 36), ':01234567]'), letters.slice(0, 36)],
  ])('hides nothing %s', (_, line, secret) => {
    expect(redactText(known.forAnotherFile(), line)).not.toContain(secret);
  });

  it('hides no known value as its id', () => {
    const pin = createRedactor({ values: [{ name: 'pin', value: '73019254' }], key });
    expect(redactText(pin, '[REDACTED:SECRET:73019254]')).not.toContain('73019254');
  });

  it('stays where nothing in it is secret', () => {
    expect(redactText(known.forAnotherFile(), 'see [REDACTED:v:01234567]')).toBe('see [REDACTED:v:01234567]');
  });
});

describe('bytes as text', () => {
  it('come back as they were, UTF-8 or not', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.string({ unit: 'grapheme', maxLength: 10 }).map((text) => Uint8Array.from(Buffer.from(text))),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const bytes = Buffer.concat(parts);
        expect(Buffer.from(bytesOf(textOf(bytes))).equals(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
