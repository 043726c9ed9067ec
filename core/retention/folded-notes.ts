import { jsonSize } from '../bounded-text.ts';
import * as z from '../zod.ts';

/** What people said of one build, the first first: a list that takes so many bytes as JSON at most. Records have bounds. */
export function notesWithin<Note extends z.ZodMiniType>(note: Note, bytes: number): z.ZodMiniArray<Note> {
  return z.array(note).check(z.refine((notes) => jsonSize(notes) <= bytes, `at most ${bytes} bytes as JSON`));
}

/**
 * A list with one note more. Where that would take more bytes than it may, what stands in its middle is left out: how it began
 * and how it is now stays. Two of the longest notes have to fit.
 *
 * @returns `leftOut`: how many were left out now.
 */
export function withNote<Note>(
  notes: readonly Note[],
  note: Note,
  bytes: number,
): { readonly notes: readonly Note[]; readonly leftOut: number } {
  const all = [...notes, note];
  const folded = [...all];
  while (folded.length > 2 && jsonSize(folded) > bytes) folded.splice(Math.floor(folded.length / 2), 1);
  return { notes: folded, leftOut: all.length - folded.length };
}
