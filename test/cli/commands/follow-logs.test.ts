import { describe, expect, it } from 'vitest';

import { afterShown } from '../../../cli/commands/follow-logs.ts';

describe('what of a stored log was not shown while it was live', () => {
  const stored = ['begin', 'ok', 'install', 'ok', 'clean', 'done'];

  it('is all after the lines that were shown last', () => {
    expect(afterShown(stored, ['install', 'ok'])).toEqual(['clean', 'done']);
    expect(afterShown(stored, ['begin', 'ok'])).toEqual(['install', 'ok', 'clean', 'done']);
    expect(afterShown(stored, stored)).toEqual([]);
  });

  it('is all of it where nothing of it was shown', () => {
    expect(afterShown(stored, [])).toEqual(stored);
    expect(afterShown(stored, ['[Container] phase BUILD begins'])).toEqual(stored);
  });

  it('passes over what the console says beside it', () => {
    expect(afterShown(stored, ['begin', 'ok', '[Container] something', 'install', '[Container] more'])).toEqual(['ok', 'clean', 'done']);
  });

  it('is rather too much than too little, where lines stand there more than once', () => {
    expect(afterShown(stored, ['ok'])).toEqual(['install', 'ok', 'clean', 'done']);
  });
});
