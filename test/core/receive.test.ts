import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { toDigest } from '../../core/digest.ts';
import { GoneError } from '../../core/ports.ts';
import { keptLog } from '../../core/receive.ts';
import { createRedactor } from '../../core/scrub/redactor.ts';

const key = new Uint8Array(32).fill(7);
const token = `ghp_${'a1B2'.repeat(9)}`;

describe('a log that was received, read once more to be kept', () => {
  it('is what the hook found nothing in, without terminal escapes', async () => {
    const text = 'one\ntwo\n';
    expect(await kept([['one'], [], ['\u001B[31mtwo\u001B[0m']], text, false)).toBe(text);
  });

  it('passes the hook with the same key where that had found something', async () => {
    const text = createRedactor({ values: [], key }).push(`cloning with ${token}\n`);
    expect(text).toMatch(/^cloning with \[REDACTED:GITHUB_TOKEN:\S+\]\n$/);
    expect(await kept([[`cloning with ${token}`]], text, true)).toBe(text);
  });

  it('is not kept where it is another text now, be it one with a secret that was not there before', async () => {
    await expect(kept([['one'], [`cloning with ${token}`]], 'one\ntwo\n', false)).rejects.toThrow(GoneError);
    await expect(kept([['one'], ['other']], 'one\ntwo\n', true)).rejects.toThrow(GoneError);
  });
});

/** What is given for a log whose text the first reading found to be `text`. */
async function kept(lines: readonly (readonly string[])[], text: string, redacted: boolean): Promise<string> {
  const given: string[] = [];
  const digest = toDigest(createHash('sha256').update(text).digest('hex'));
  for await (const piece of keptLog(piecesOf(lines), key, { digest, redacted })) given.push(Buffer.from(piece).toString());
  return given.join('');
}

async function* piecesOf(lines: readonly (readonly string[])[]): AsyncGenerator<readonly string[]> {
  yield* lines;
}
