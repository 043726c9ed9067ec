import { type Page } from './ports.ts';

/** Everything of a listing, one after the other, asked for in pages of `limit` items. */
export async function* pages<T>(list: (page: { limit: number; cursor?: string }) => Promise<Page<T>>, limit = 100): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const page = await list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Everything of a listing at once. */
export async function allPages<T>(list: (page: { limit: number; cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages(list)) items.push(item);
  return items;
}
