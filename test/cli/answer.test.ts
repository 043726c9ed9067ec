import { describe, expect, it } from 'vitest';

import { type Answer, printAnswer } from '../../cli/answer.ts';
import { type Host } from '../../cli/host.ts';
import { createOutgoing } from '../../core/scrub/outgoing.ts';

describe('a long answer', () => {
  it('is written no faster than it is read, whole, and kept as it was printed', async () => {
    const happened: string[] = [];
    const out = {
      colour: false,
      isFull: () => false,
      write: (text: string) => void happened.push(text),
      pass: (text: string) => void happened.push(text),
      taken: async () => {
        await Promise.resolve();
        happened.push('taken');
      },
    };
    const outgoing = createOutgoing(new Uint8Array(32));
    const host: Host = { terminal: { out, err: out }, outgoing, environment: {}, workingFolder: '/', words: [], command: '' };
    let kept = '';
    const document = { list: Array.from({ length: 1000 }, (_, at) => at) };
    const answer: Answer = { exitCode: 0, document, text: '', keep: (printed) => void (kept = Buffer.concat(printed).toString()) };
    await printAnswer(host, answer, true);
    expect(kept).toBe(`${JSON.stringify(document, null, 2)}\n`);
    expect(happened.filter((_, at) => at % 2 === 0).join('')).toBe(kept);
    expect(happened.filter((_, at) => at % 2 === 1).every((what) => what === 'taken')).toBe(true);
    expect(happened.length).toBeGreaterThan(8);
  });
});
