import * as z from './zod.ts';

/** No NUL and no LF, which part the lines of a fingerprint, and no lone surrogate, which UTF-8 cannot carry. */
export const InputName = z.string().check(
  z.regex(/^[^\0\n]+$/, 'the name of an input is not empty and has neither NUL nor line feed'),
  z.refine((name) => name.isWellFormed(), 'the name of an input can be written as UTF-8'),
);
