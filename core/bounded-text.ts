import * as z from './zod.ts';

/*
 * Records have bounds in bytes: an item of DynamoDB holds 400 KB of UTF-8. They are measured as the JSON that is stored, in
 * which one character takes up to six bytes.
 */

/** Bytes of UTF-8 that a value takes as JSON. */
export function jsonSize(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

const boundedTexts = new Map<number, z.ZodMiniString>();

/** A text that takes at most so many bytes as JSON, without its quotes. One schema for each bound: a cold start pays for every one. */
export function boundedText(bytes: number): z.ZodMiniString {
  const known = boundedTexts.get(bytes);
  if (known !== undefined) return known;
  const made = z.string().check(
    z.maxLength(bytes),
    z.refine((text) => textSize(text) <= bytes, `at most ${bytes} bytes as JSON`),
  );
  boundedTexts.set(bytes, made);
  return made;
}

const gap = ' … ';

/**
 * The text, well-formed, where it takes at most so many bytes as JSON. Of a longer one the beginning and the end, which tell
 * most.
 */
export function textThatFits(text: string, bytes: number): string {
  const whole = text.toWellFormed();
  if (textSize(whole) <= bytes) return whole;
  const room = bytes - textSize(gap);
  const end = Math.floor(room / 4);
  // Each unit takes a byte or more, so no more of them than bytes can be kept.
  const beginning = fitting(Array.from(whole.slice(0, room).toWellFormed()), room - end);
  const ending = fitting(Array.from(whole.slice(-end).toWellFormed()).reverse(), end).reverse();
  return `${beginning.join('')}${gap}${ending.join('')}`;
}

/** The first of some characters, as many as fit. */
function fitting(characters: readonly string[], bytes: number): string[] {
  let left = bytes;
  const past = characters.findIndex((character) => {
    left -= textSize(character);
    return left < 0;
  });
  return characters.slice(0, past < 0 ? characters.length : past);
}

function textSize(text: string): number {
  return jsonSize(text) - 2;
}
