import { array, assert, constantFrom, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Console } from '../../../adapters/local/buildspec-console.ts';

function print(chunks: readonly Uint8Array[], redact: (line: string) => string): string {
  let text = '';
  const stream = new Console(
    (more) => (text += more),
    () => redact,
  ).open();
  for (const chunk of chunks) stream.push(chunk);
  stream.end();
  return text;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const hide = (line: string) => line.replaceAll('hunter2-secret', '***');

describe('the console of a run', () => {
  it('redacts line by line, wherever the chunks are cut', () => {
    assert(
      property(array(constantFrom('hunter2-secret', 'a', '\n', 'é😀', 'hunter2')), array(nat()), (words, cuts) => {
        const whole = bytes(words.join(''));
        const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
        const chunks = places.slice(1).map((end, index) => whole.slice(places[index], end));
        const lines = words.join('').split('\n');
        if (lines.at(-1) === '') lines.pop();
        expect(print(chunks, hide)).toBe(lines.map((line) => `${hide(line)}\n`).join(''));
      }),
    );
  });

  it('cuts a long line into pieces and hides a secret at every place around a cut', () => {
    for (const offset of [60 * 1024 - 14, 60 * 1024 - 7, 60 * 1024 - 1, 60 * 1024, 58 * 1024 - 3]) {
      const line = `${'x'.repeat(offset)}hunter2-secret${'y'.repeat(100_000)}`;
      const text = print([bytes(`${line}\nnext\n`)], hide);
      expect(text).not.toContain('hunter2');
      expect(text.replaceAll('\n', '')).toBe(`${hide(line)}next`);
      expect(Math.max(...text.split('\n').map((each) => each.length))).toBeLessThanOrEqual(64 * 1024);
    }
  });

  it('leaves out the rest of a long line that can nowhere be cut safely, and says so', () => {
    const text = print([bytes(`before\n${'s'.repeat(200_000)}\nafter\n`)], (line) => line.replaceAll(/s{20,}/g, '***'));
    expect(text).toBe('before\n[200000 characters of a line were left out: it is too long to be redacted in pieces]\nafter\n');
  });

  it('holds no more of an endless line than a piece of it', () => {
    const written: number[] = [];
    const stream = new Console(
      (more) => void written.push(more.length),
      () => hide,
    ).open();
    for (let index = 0; index < 100; index += 1) stream.push(bytes('z'.repeat(10_000)));
    expect(written.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(900_000);
  });

  it('gives each output a redaction of its own, which sees every line once and in order', () => {
    const seen: string[][] = [];
    let text = '';
    const console = new Console(
      (more) => (text += more),
      () => {
        const lines: string[] = [];
        seen.push(lines);
        return (line) => {
          lines.push(line);
          return line;
        };
      },
    );
    const [one, two] = [console.open(), console.open()];
    const long = 'x'.repeat(70_000);
    one.push(bytes('a\n'));
    two.push(bytes('b\n'));
    one.push(bytes(`${long}\nc\n`));
    expect(seen[0]).toStrictEqual(['a', long.slice(0, 61_440), long.slice(61_440), 'c']);
    expect(seen[1]).toStrictEqual(['b']);
    expect(text).toBe(`a\nb\n${long.slice(0, 61_440)}\n${long.slice(61_440)}\nc\n`);
  });

  it('never writes a line whose redaction fails', () => {
    const text = print([bytes('fine\nhunter2-secret\n')], (line) => {
      if (line.startsWith('hunter')) throw new Error('no');
      return line;
    });
    expect(text).toBe('fine\n[a line of 14 characters was left out: it could not be redacted]\n');
  });
});
