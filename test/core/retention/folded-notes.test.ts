import { expect, it } from 'vitest';

import { Build } from '../../../core/build.ts';
import { jsonSize } from '../../../core/bounded-text.ts';
import { notesWithin, withNote } from '../../../core/retention/folded-notes.ts';
import * as z from '../../../core/zod.ts';
import { buildRecord } from '../../fixtures/records.ts';

it('a list of notes keeps its first ones and its last ones, whatever comes, and says how many it left out', () => {
  const Notes = notesWithin(z.string(), 100);
  let notes: readonly string[] = [];
  let left = 0;
  for (let n = 1; n <= 50; n += 1) {
    const { notes: next, leftOut } = withNote(notes, `note ${n}`.padEnd(20, '.'), 100);
    notes = next;
    left += leftOut;
    expect(Notes.safeParse(notes).success).toBe(true);
    expect(notes.length + left).toBe(n);
  }
  expect(notes.map((note) => note.replaceAll('.', ''))).toEqual(['note 1', 'note 2', 'note 49', 'note 50']);
  // Many short ones fit, and not a byte more than that.
  const short = Array.from({ length: 20 }, () => 'xx');
  expect(withNote(short.slice(1), 'xx', jsonSize(short))).toEqual({ notes: short, leftOut: 0 });
  expect(withNote(short.slice(1), 'xxx', jsonSize(short)).leftOut).toBe(1);
  expect(Notes.safeParse([...short, 'xx']).success).toBe(false);
});

it('an older record, which has no past holds, has none', () => {
  const { past_holds: _, past_holds_left_out: __, retention_changes_left_out: ___, ...older } = buildRecord(1);
  expect(Build.parse(older)).toEqual(buildRecord(1));
});
