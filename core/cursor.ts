import { FailureError } from './failure-error.ts';

/**
 * A place in a listing, as an opaque text: it names the listing and the last item that was given, so that items
 * which come or go meanwhile neither shift nor repeat the rest.
 *
 * @param listing which listing it belongs to, with what it was asked for.
 */
export function cursorAfter(listing: string, last: string): string {
  return Buffer.from(JSON.stringify([listing, last])).toString('base64url');
}

/**
 * The last item that was given; the empty text, which sorts before all, where there is no cursor.
 *
 * @param fits whether it can be an item of this listing.
 * @throws FailureError for a cursor that is not of this listing.
 */
export function placeOf(listing: string, cursor: string | undefined, fits: (last: string) => boolean = () => true): string {
  if (cursor === undefined) return '';
  const parts = decoded(cursor);
  if (isList(parts) && parts.length === 2) {
    const [of, last] = parts;
    if (of === listing && typeof last === 'string' && fits(last)) return last;
  }
  throw new FailureError({
    rule: 'REQUEST_INVALID',
    message: `the cursor ${JSON.stringify(cursor.slice(0, 80))} is not one that the listing of ${listing} gave`,
    remedy: 'pass a cursor on as it came, or leave it out to begin at the start',
  });
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function decoded(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** @throws RangeError where a page of that many items may not be asked for: a bug of the caller. */
export function assertLimit(limit: number, most: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > most) throw new RangeError(`a page has 1 to ${most} items, not ${limit}`);
}
