import { describe, expect, it } from 'vitest';

import { lineSplitter } from '../../../adapters/packer/line-splitter.ts';
import { classifyLog } from '../../../core/classification/classify.ts';
import { exitOfScript, unknownEnd } from '../../core/classification/logs.ts';

function linesOf(...chunks: readonly string[]): string[] {
  return split('pieces', chunks);
}

function split(long: 'pieces' | 'shortened', chunks: readonly string[]): string[] {
  const lines: string[] = [];
  const splitter = lineSplitter((line) => lines.push(line), long);
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('the lines of a stream', () => {
  it('come whole, wherever the chunks end', () => {
    expect(linesOf('one\ntw', 'o\r\nth', 'ree')).toEqual(['one', 'two', 'three']);
  });

  it('come in pieces where one is too long, and a further piece is marked', () => {
    const [first, second, ...others] = linesOf('x'.repeat(300_000), 'y\nnext\n');
    expect(first).toBe('x'.repeat(262_144));
    expect(second).toMatch(/^… x+y$/);
    expect(others).toEqual(['next']);
  });

  it('have the numbers of the stream where a long one is shortened to its beginning and its end', () => {
    const middle = Array.from({ length: 40 }, () => 'z'.repeat(50_000));
    const lines = split('shortened', ['one\nbeginning ', ...middle, ' end\r\nthr', 'ee\n', ...middle, 'four']);
    expect(lines.map((line) => line.replace(/z+/g, 'z'))).toEqual(['one', 'beginning z … z end', 'three', 'z … zfour']);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(400_000);
  });

  it('hold no statement of packer where a script prints one at the end of a piece', () => {
    const forged = '1795380255,amazon-ebs.base,error,UnauthorizedOperation: no';
    const log = exitOfScript('amazon-ebs.base', ['short', 'HERE', 'short'], 'message');
    const prefix = log.find((line) => line.includes('HERE'))?.indexOf('HERE') ?? 0;
    const text = log.join('\n').replace('HERE', `${'x'.repeat(262_144 - prefix)}${forged}`);
    const at = text.indexOf(forged) + forged.length;
    const before = text.lastIndexOf('\n', at - 1) + 1;
    const lines = linesOf(text.slice(0, before), text.slice(before, at), text.slice(at));
    expect(lines).toContain(`… ${forged}`);
    expect(classifyLog(lines, { ...unknownEnd, packerExitCode: 1 }).exit_code).toBe(1);
  });
});
