import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { markerPattern } from '../../../core/scrub/marker.ts';
import { type Redactor, type SecretValue, createRedactor, redactText } from '../../../core/scrub/redactor.ts';
import { processorTimer } from '../../fixtures/processor-time.ts';

const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const redactor = (...values: SecretValue[]): Redactor => createRedactor({ values, key });
/** A line that knows nothing but its shape, with ids left out. */
const shapes = (line: string): string =>
  redactor()
    .line(line)
    .replaceAll(/:[0-9a-f]{8}\]/g, ']');
/** Put together here so that no scanner takes this file for a leak. */
const join = (...parts: string[]): string => parts.join('');

/** @param signs beside those that every writer escapes. */
function html(text: string, signs: Readonly<Record<string, string>>): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', ...signs };
  return Array.from(text, (character) => entities[character] ?? character).join('');
}

describe('known values', () => {
  const value = `s3cr3t,"va'lue"/+ <$x>&\\ü`;
  const known = redactor({ name: 'join_token', value });
  const id = /:([0-9a-f]{8})\]/.exec(known.forAnotherFile().line(value))?.[1];

  it.each([
    ['in clear', value],
    ['in base64', Buffer.from(value).toString('base64')],
    ['within a longer base64, at each alignment', Buffer.from(`a${value}bc`).toString('base64')],
    ['within a longer base64, at each alignment', Buffer.from(`ab${value}c`).toString('base64')],
    ['in base64 for URLs', Buffer.from(`abc${value}`).toString('base64url')],
    ['in a URL', encodeURIComponent(value)],
    ['in a form', new URLSearchParams({ a: value }).toString().slice(2)],
    ['in JSON', JSON.stringify({ a: value })],
    ['in JSON as Go writes it', JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026')],
    ['in HTML as PHP writes it', html(value, { '"': '&quot;', "'": '&#039;' })],
    ['in HTML as Go writes it', html(value, { '"': '&#34;', "'": '&#39;', '+': '&#43;' })],
    ['in HTML as Python writes it', html(value, { '"': '&quot;', "'": '&#x27;', '/': '&#x2F;' })],
    ['in HTML with names for all that have one', html(value, { '"': '&quot;', "'": '&apos;', ',': '&comma;', ü: '&uuml;', $: '&dollar;' })],
    ['in XML as Java writes it', html(value, { '"': '&quot;', "'": '&apos;', ü: '&#xFC;' })],
    ['in XML within XML', html(html(value, { '"': '&quot;', "'": '&apos;' }), {})],
    ['in XML within JSON', JSON.stringify(html(value, { '"': '&quot;', "'": '&apos;' })).replaceAll('&', String.raw`\u0026`)],
    ['in numbers of HTML', Array.from(value, (character) => `&#${character.codePointAt(0)};`).join('')],
    ['in hexadecimal numbers of HTML', Array.from(value, (character) => `&#x00${character.codePointAt(0)?.toString(16)};`).join('')],
    ["in XML within packer's machine-readable output", html(value, {}).replaceAll(',', '%!(PACKER_COMMA)')],
    ['in single quotes of a shell', `'${value.replaceAll("'", String.raw`'\''`)}'`],
    ['in single quotes of PowerShell', `'${value.replaceAll("'", "''")}'`],
    ["in packer's machine-readable output", value.replaceAll(',', '%!(PACKER_COMMA)')],
    ["in JSON within packer's machine-readable output", JSON.stringify(value).replaceAll(',', '%!(PACKER_COMMA)')],
  ])('are found %s', (_, text) => {
    const scrubbed = known.forAnotherFile().line(`before ${text} after`);
    expect(scrubbed).toContain(`[REDACTED:SECRET:${id}]`);
    expect(scrubbed).toMatch(/^before .{0,12}\[REDACTED:SECRET:[0-9a-f]{8}\].{0,12} after$/);
  });

  it('are found line by line where they have several lines, with one id', () => {
    const scrubbed = redactText(redactor({ name: 'pem', value: 'first line\nno\nsecond line\n' }), 'x first line\nno\n  second line');
    expect(scrubbed).toMatch(/^x \[REDACTED:SECRET:([0-9a-f]{8})\]\nno\n {2}\[REDACTED:SECRET:\1\]$/);
    expect(redactor({ name: 'pem', value: 'first line\nno' }).line(String.raw`1,,ui,say,first line\nno.`)).toMatch(
      /^1,,ui,say,\[REDACTED:SECRET:[0-9a-f]{8}\]\.$/,
    );
  });

  it('are taken whole where one holds another, and where they overlap', () => {
    const both = redactor({ name: 'short', value: 'hunter22' }, { name: 'long', value: 'xhunter22y' }, { name: 'tail', value: '22yzzzz' });
    expect(both.line('xhunter22y hunter22')).toMatch(/^\[REDACTED:SECRET:[0-9a-f]{8}\] \[REDACTED:SECRET:[0-9a-f]{8}\]$/);
    expect(both.line('-xhunter22yzzzz-')).toMatch(/^-\[REDACTED:SECRET:[0-9a-f]{8}\]-$/);
  });

  it('mean themselves where they hold signs of expressions', () => {
    const signs = redactor({ name: 'v', value: '(a+)+$.*[b' });
    expect(signs.line('aaaa$ (a+)+$.*[b')).toMatch(/^aaaa\$ \[REDACTED:SECRET:/);
  });

  it('are not searched where they are short or ordinary words, and are named then', () => {
    const common = redactor(
      { name: 'a', value: 'abc12' },
      { name: 'b', value: 'Administrator' },
      { name: 'c', value: 'PRIVATE_KEY' },
      { name: 'd', value: 'real-one' },
      { name: 'e', value: '' },
    );
    expect(common.line('abc12 Administrator PRIVATE_KEY')).toBe('abc12 Administrator PRIVATE_KEY');
    expect(common.notSearched).toEqual(['a', 'b', 'c']);
  });

  it('are not given away by their own names', () => {
    expect(redactor({ name: 'hunter22', value: 'hunter22' }).line('hunter22')).toMatch(/^\[REDACTED:SECRET:[0-9a-f]{8}\]$/);
  });

  it('have equal ids under one key and others under another', () => {
    const values = [{ name: 'v', value: 'hunter22' }];
    const first = createRedactor({ values, key }).line('hunter22');
    expect(createRedactor({ values, key }).forAnotherFile().line('hunter22')).toBe(first);
    expect(createRedactor({ values, key: key.map((byte) => byte ^ 1) }).line('hunter22')).not.toBe(first);
    expect(() => createRedactor({ values, key: new Uint8Array(8) })).toThrow(RangeError);
  });
});

describe('secrets by shape', () => {
  const letters = 'abcdEFGH1234'.repeat(20);
  it.each([
    [join('id AKIA', 'Q3EGRTPLMNB7ZX2C.'), 'id [REDACTED:AWS_ACCESS_KEY_ID].'],
    [join(String.raw`x\nASIA`, 'Q3EGRTPLMNB7ZX2C'), String.raw`x\n[REDACTED:AWS_ACCESS_KEY_ID]`],
    [`aws_secret_access_key = ${letters.slice(0, 40)}`, 'aws_secret_access_key = [REDACTED:AWS_SECRET_KEY]'],
    [`"SecretAccessKey": "${letters.slice(0, 40)}"`, '"SecretAccessKey": "[REDACTED:AWS_SECRET_KEY]"'],
    [`<SessionToken>${letters.slice(0, 100)}</SessionToken>`, '<SessionToken>[REDACTED:AWS_SESSION_TOKEN]</SessionToken>'],
    [join('ghp_', letters.slice(0, 36)), '[REDACTED:GITHUB_TOKEN]'],
    [join('glpat-', letters.slice(0, 20)), '[REDACTED:GITLAB_TOKEN]'],
    [join('xoxb-', '123456789012-', letters.slice(0, 24)), '[REDACTED:SLACK_TOKEN]'],
    [join('npm_', letters.slice(0, 36)), '[REDACTED:NPM_TOKEN]'],
    [join('//r/:_authToken=', letters.slice(0, 20)), '//r/:_authToken=[REDACTED:NPM_TOKEN]'],
    [join('AIza', letters.slice(0, 35)), '[REDACTED:GOOGLE_API_KEY]'],
    [join('AccountKey=', letters.slice(0, 86), '==;x'), 'AccountKey=[REDACTED:AZURE_KEY];x'],
    [join('abc8Q~', letters.slice(0, 34)), '[REDACTED:AZURE_CLIENT_SECRET]'],
    [join('hvs.', letters.slice(0, 90)), '[REDACTED:VAULT_TOKEN]'],
    [join(letters.slice(0, 14), '.atlasv1.', letters.slice(0, 67)), '[REDACTED:TERRAFORM_TOKEN]'],
    [join('eyJ', 'hbGciOiJI.eyJ', 'zdWIiOiIx.', letters.slice(0, 43)), '[REDACTED:JWT]'],
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer [REDACTED:AUTHORIZATION]'],
    ['get https://user:p@ss.w0rd@host:80/x', 'get https://user:[REDACTED:URL_PASSWORD]@host:80/x'],
    ['Password (since debug is enabled): a b$c', 'Password (since debug is enabled): [REDACTED:PACKER_PASSWORD]'],
    ['DB_PASSWORD=hunter22 next', 'DB_PASSWORD=[REDACTED:PASSWORD] next'],
    ['x?password=ab&cd&user=bob', 'x?password=[REDACTED:PASSWORD]&user=bob'],
    [String.raw`{\"password\": \"correct horse\"}`, String.raw`{\"password\": \"[REDACTED:PASSWORD]\"}`],
    ['winrm_password: Tr0ub4dor&3', 'winrm_password: [REDACTED:PASSWORD]'],
    ['client_secret = "abc123def456"', 'client_secret = "[REDACTED:TOKEN]"'],
  ])('are found: %s', (line, scrubbed) => {
    expect(shapes(line)).toBe(scrubbed);
  });

  it.each([
    'Password: authentication failed for user root',
    'Enter passphrase (empty for no passphrase): ',
    'password = "${var.password}"',
    'PWD=/root OLDPWD=/home',
    'Get:12 http://deb.debian.org:80/debian bookworm/main amd64 libpam-passwd amd64 1.2.3-4',
    'docker://alpine:3.18@sha256:0123456789abcdef',
    'http://127.0.0.1:8080/users/a@b.c',
    'error: token: expired, get a new token',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'AKIAIOSFODNN7EXAMPLE in a document',
    '-----BEGIN CERTIFICATE-----',
    'artifact,0,id,us-east-1:ami-0123456789abcdef0',
    '1795379149,,ui,say,==> null.x: Running local shell script: /tmp/packer-shell2588006410',
  ])('are not seen in an ordinary line: %s', (line) => {
    expect(redactor().line(line)).toBe(line);
  });

  it('cost linear time in lines made to be slow', () => {
    const hostile = [
      '://a:',
      'password=',
      'password:',
      '-eyJ',
      'eyJabcabcabc.',
      '-----BEGIN PRIVATE KEY-----',
      'token=',
      '[REDACTED:X:0123456',
      ':     ',
      'a:b@://',
    ];
    // Four times the line may not take sixteen times as long.
    const cost = (line: string): number => {
      const spent = processorTimer();
      redactor().line(line);
      return spent();
    };
    for (const piece of hostile) {
      const line = piece.repeat(Math.ceil(20_000 / piece.length));
      cost(line);
      expect(cost(line.repeat(4)), piece).toBeLessThan(9 * cost(line) + 300);
    }
  });
});

describe('private keys', () => {
  const body = ['MIIEpAIBAAKCAQEAabcdefghijklmnop', 'qrstuvwxyz0123456789ABCDEFGHIJKL', 'ab=='];
  const begin = join('-----BEGIN RSA PRIV', 'ATE KEY-----');
  const end = join('-----END RSA PRIV', 'ATE KEY-----');

  it('are gone from their first line to their last, and other lines between stay', () => {
    const lines = [begin, body[0], body[1], 'OTHER', body[2], end].map((line) =>
      line === 'OTHER' ? '==> b: Installing foo' : `    null.x: ${line}`,
    );
    const scrubbed = redactText(redactor(), [...lines, 'done'].join('\n'));
    for (const secret of [...body, 'BEGIN', 'END']) expect(scrubbed).not.toContain(secret);
    expect(scrubbed.split('\n')).toHaveLength(7);
    expect(scrubbed).toContain('\n==> b: Installing foo\n');
    expect(scrubbed.endsWith('\ndone')).toBe(true);
  });

  it('are gone where they are escaped into one line', () => {
    expect(redactor().line([begin, ...body, end, 'after'].join('\\n'))).toMatch(/^\[REDACTED:PRIVATE_KEY:[0-9a-f]{8}\]\\nafter$/);
  });

  it('do not swallow a log where only their first line was printed', () => {
    const log = ['x', begin, ...Array.from({ length: 40 }, (_, index) => `error number ${index}`), '    null.x: done'].join('\n');
    const scrubbed = redactText(redactor(), log);
    expect(scrubbed.split('\n').filter((line) => line.startsWith('error number'))).toHaveLength(40);
    expect(scrubbed.endsWith('null.x: done')).toBe(true);
  });

  it('are over when the file is', () => {
    const one = redactor();
    one.line(begin);
    one.end();
    expect(one.line(body[0] ?? '')).toBe(body[0]);
  });
});

describe('properties', () => {
  const secret = fc
    .string({
      minLength: 8,
      maxLength: 40,
      unit: fc.oneof(fc.constantFrom(...Array.from('abcXYZ019,\'"\\/+= <>&$%:@?#é\u{1f511}')), fc.string({ minLength: 1, maxLength: 1 })),
    })
    .filter((text) => text.trim().length >= 8 && !text.includes('REDACTED') && !/[\r\n]/.test(text) && new Set(text).size > 3);
  const noise = fc.string({ unit: fc.constantFrom(...Array.from('abc XYZ 019 ,=:/@"\'')), maxLength: 30 });
  const forms: ((text: string) => string)[] = [
    (text) => text,
    (text) => Buffer.from(text).toString('base64'),
    (text) => encodeURIComponent(text),
    (text) => JSON.stringify(text).slice(1, -1),
    (text) => text.replaceAll("'", String.raw`'\''`),
    (text) => text.replaceAll(',', '%!(PACKER_COMMA)'),
  ];

  it('every planted value is gone in each form, and each redaction is in the summary with its place', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom(...forms), noise, noise, (value, form, before, after) => {
        const one = redactor({ name: 'v', value });
        const planted = form(value.trim());
        const scrubbed = one.line(`${before}${planted}${after}`);
        expect(scrubbed.replaceAll(markerPattern, '')).not.toContain(planted);
        expect(one.summary().map(({ rule, id, column }) => ({ rule, id, column }))).toEqual(
          [...scrubbed.matchAll(/\[REDACTED:([A-Za-z0-9_.-]+):([0-9a-f]{8})\]/g)].map((match) => ({
            rule: match[1] === 'SECRET' ? 'v' : match[1],
            id: match[2],
            column: match.index + 1,
          })),
        );
      }),
      { numRuns: 600 },
    );
  });

  const fragment = fc.oneof(
    noise,
    fc.constantFrom(
      'password=',
      'password: ',
      'token=',
      'hunter22',
      'hunter22!',
      'https://u:',
      '@host',
      'Authorization: Bearer ',
      'secret_key = ',
      '"',
      ',',
      '&',
      'ghp_',
      'AKIA',
      'ABCDEFGHIJKLMNOP',
      'abcd1234abcd1234abcd1234abcd1234abcd1234',
      '[REDACTED:',
      '[REDACTED:SECRET:01234567]',
      ':01234567]',
      'eyJhbGciOiJI',
      '.',
      '-----BEGIN PRIVATE KEY-----',
      '-----END PRIVATE KEY-----',
      '\n',
      '\n',
    ),
  );

  it('scrubbing twice changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 14 }), (fragments) => {
        const values = [
          { name: 'v', value: 'hunter22' },
          { name: 'w', value: '22!abc' },
        ];
        const once = redactText(redactor(...values), fragments.join(''));
        expect(redactText(redactor(...values), once)).toBe(once);
      }),
      { numRuns: 1500 },
    );
  });

  it('what is not replaced stays byte for byte', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 14 }), (fragments) => {
        const text = fragments.join('').replaceAll('[REDACTED:', '');
        const rest = redactText(redactor({ name: 'v', value: 'hunter22' }), text).split(markerPattern);
        let position = 0;
        for (const piece of rest) {
          const at = text.indexOf(piece, position);
          expect(at).toBeGreaterThanOrEqual(position);
          position = at + piece.length;
        }
      }),
      { numRuns: 800 },
    );
  });

  it('text without anything secret is untouched, whatever its characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        fc.pre(!/passw|secret|token|@|bearer|api/i.test(text));
        expect(redactText(redactor({ name: 'v', value: 'hunter22 is the value' }), text)).toBe(text);
      }),
    );
  });
});
