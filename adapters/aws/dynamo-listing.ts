import { BatchGetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';

import { table as attributes } from '../../core/contract/deployment.ts';
import { type Page } from '../../core/ports.ts';
import { type PageRequest, pageOf } from '../local/record-listing.ts';
import { type Item } from './dynamo-keys.ts';
import { type DynamoTable, answerOf, pauseAfter } from './dynamo-table.ts';

/** A part of an index, in one of its two orders. */
export interface Listing {
  readonly index: { readonly name: string; readonly partition: string; readonly sort: string };
  /** The value of the partition. */
  readonly list: string;
  readonly order: 'ascending' | 'descending';
}

/** An item by its keys. */
export interface Place {
  readonly key: string;
  readonly place: string;
}

/**
 * Up to so many items of a listing that come after a place; the empty place comes before all. An index follows the
 * table with a delay: what was just written may be missing, and what was just changed may still stand there.
 */
export async function placesAfter(table: DynamoTable, listing: Listing, after: string, limit: number): Promise<readonly Place[]> {
  const { index, list, order } = listing;
  const found = new Map<string, Place>();
  let start: Item | undefined;
  do {
    const request = new QueryCommand({
      TableName: table.name,
      IndexName: index.name,
      KeyConditionExpression: after === '' ? '#list = :list' : `#list = :list AND #place ${order === 'ascending' ? '>' : '<'} :after`,
      ExpressionAttributeNames: { '#list': index.partition, ...(after === '' ? {} : { '#place': index.sort }) },
      ExpressionAttributeValues: { ':list': { S: list }, ...(after === '' ? {} : { ':after': { S: after } }) },
      ScanIndexForward: order === 'ascending',
      Limit: limit - found.size,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    const answer = await answerOf(table, 'Query', () => table.client.send(request));
    for (const item of answer.Items ?? []) {
      const [key, place] = [item[attributes.key]?.S, item[index.sort]?.S];
      if (key !== undefined && place !== undefined) found.set(key, { key, place });
    }
    start = answer.LastEvaluatedKey;
  } while (start !== undefined && found.size < limit);
  return [...found.values()];
}

/**
 * Reads items consistently, at most 100, in the order of their keys; those that are gone are left out. As many requests
 * as the answers' 16 MB take.
 *
 * @param wanted the attributes that are answered; all where it is left out.
 */
export async function readItems(table: DynamoTable, keys: readonly string[], wanted?: readonly string[]): Promise<readonly Item[]> {
  const found = new Map<string, Item>();
  const projection =
    wanted === undefined
      ? {}
      : {
          ProjectionExpression: wanted.map((_, n) => `#a${n}`).join(', '),
          ExpressionAttributeNames: Object.fromEntries(wanted.map((name, n) => [`#a${n}`, name])),
        };
  let left: readonly Item[] = keys.map((key) => ({ [attributes.key]: { S: key } }));
  for (let idle = 0; left.length > 0;) {
    const request = new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: [...left], ConsistentRead: true, ...projection } } });
    const answer = await answerOf(table, 'BatchGetItem', () => table.client.send(request));
    for (const item of answer.Responses?.[table.name] ?? []) found.set(item[attributes.key]?.S ?? '', item);
    const unprocessed = answer.UnprocessedKeys?.[table.name]?.Keys ?? [];
    idle = unprocessed.length < left.length ? 0 : idle + 1;
    if (idle > 0) await pauseAfter(table, idle, `gave none of ${left.length} items`);
    left = unprocessed;
  }
  return keys.map((key) => found.get(key)).filter((item) => item !== undefined);
}

/**
 * One page of a listing, each of its items read consistently.
 *
 * @param title the listing as its cursors name it.
 * @param wanted the attributes that are answered; all where it is left out.
 */
export async function pageOfItems(
  table: DynamoTable,
  listing: Listing,
  title: string,
  page: PageRequest,
  wanted?: readonly string[],
): Promise<Page<Item>> {
  const { items, ...rest } = await pageOf(
    title,
    page,
    (after, limit) => placesAfter(table, listing, after, limit),
    ({ place }) => place,
  );
  return {
    items: await readItems(
      table,
      items.map(({ key }) => key),
      wanted,
    ),
    ...rest,
  };
}
