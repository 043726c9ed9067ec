import { type BuilderName } from '../../core/identity.ts';
import { type Page } from '../../core/ports.ts';
import { assertLimit, cursorAfter, placeOf } from '../../core/cursor.ts';

const longestPage = 100;

/** What is asked of a listing. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

/** The listings of the records, as their cursors and failures name them. */
export const listings = {
  builds: (builder: BuilderName) => `builds of ${builder}`,
  openBuilds: 'open builds',
  builders: 'builders',
  channels: (builder: BuilderName) => `channels of ${builder}`,
} as const;

/**
 * One page of a listing, with a cursor where there is more.
 *
 * @param items gives up to so many that come after a place; the empty place comes before all.
 * @param idOf the place of an item.
 * @throws RangeError for a limit that is none; FailureError REQUEST_INVALID for a cursor that this listing did not give.
 */
export async function pageOf<T>(
  listing: string,
  page: PageRequest,
  items: (after: string, limit: number) => readonly T[] | Promise<readonly T[]>,
  idOf: (item: T) => string,
): Promise<Page<T>> {
  assertLimit(page.limit, longestPage);
  const found = await items(placeOf(listing, page.cursor), page.limit + 1);
  const last = found[page.limit - 1];
  return found.length > page.limit && last !== undefined
    ? { items: found.slice(0, page.limit), cursor: cursorAfter(listing, idOf(last)) }
    : { items: found };
}
