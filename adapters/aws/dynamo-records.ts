import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

import { table as attributes, tableIndexes } from '../../core/contract/deployment.ts';
import { type Page, type Records } from '../../core/ports.ts';
import { type Documents, type RecordType, assertCommit } from '../local/record-documents.ts';
import { type PageRequest, listings } from '../local/record-listing.ts';
import { type Pause, jitteredPause } from './backoff.ts';
import { documentOf } from './dynamo-items.ts';
import { keyOf, lists } from './dynamo-keys.ts';
import { type Listing, pageOfItems } from './dynamo-listing.ts';
import { dynamoOpenBuilds } from './dynamo-open-builds.ts';
import { type DynamoTable, answerOf } from './dynamo-table.ts';
import { transact } from './dynamo-transaction.ts';

/**
 * The records in one DynamoDB table: an item a document, every read of one consistent, every commit one transaction.
 * Throttling and lost answers are left to the client's own retries.
 *
 * Listings go through indexes, which follow the table with a delay: what was written a moment ago may be missing from
 * them; what they name is then read consistently, and left out where it is gone or no longer open. A page may so have
 * fewer items than its limit, or none, and a cursor all the same.
 *
 * A document of a newer schema throws FailureError RECORD_NEWER and is never overwritten; one that cannot be read, one
 * that is larger than DynamoDB takes, and whatever the service refuses throws FailureError STORAGE. Tokens that have expired
 * are removed by DynamoDB, days later perhaps, and are read until then.
 *
 * @param pause how to wait where others write the same documents at once.
 */
export function dynamoRecords(client: DynamoDBClient, name: string, pause: Pause = jitteredPause): Records {
  const table: DynamoTable = { client, name, pause };
  return {
    readBuild: async (id) => find(table, 'build', id),
    readBuilder: async (builder) => find(table, 'builder', builder),
    readVariant: async (id) => find(table, 'variant', id),
    readChannel: async (id) => find(table, 'channel', id),
    readRequestToken: async (id) => find(table, 'request-token', id),
    readStrayEvent: async (id) => find(table, 'stray-event', id),
    async commit(writes) {
      assertCommit(writes);
      return transact(table, writes);
    },
    async listBuilds(builder, page) {
      const listing: Listing = { index: tableIndexes.listing, list: lists.builds(builder), order: 'descending' };
      return listDocuments(table, 'build', listing, listings.builds(builder), page);
    },
    ...dynamoOpenBuilds(client, name, pause),
    async listBuilders(page) {
      const listing: Listing = { index: tableIndexes.listing, list: lists.builders, order: 'ascending' };
      return listDocuments(table, 'builder', listing, listings.builders, page);
    },
    async listChannels(builder, page) {
      const listing: Listing = { index: tableIndexes.listing, list: lists.channels(builder), order: 'ascending' };
      return listDocuments(table, 'channel', listing, listings.channels(builder), page);
    },
  };
}

async function find<Type extends RecordType>(table: DynamoTable, type: Type, id: string): Promise<Documents[Type] | undefined> {
  const request = new GetItemCommand({ TableName: table.name, Key: { [attributes.key]: { S: keyOf(type, id) } }, ConsistentRead: true });
  const { Item: item } = await answerOf(table, 'GetItem', () => table.client.send(request));
  return item === undefined ? undefined : documentOf(table.name, type, item);
}

async function listDocuments<Type extends RecordType>(
  table: DynamoTable,
  type: Type,
  listing: Listing,
  title: string,
  page: PageRequest,
): Promise<Page<Documents[Type]>> {
  const { items, ...rest } = await pageOfItems(table, listing, title, page);
  return { items: items.map((item) => documentOf(table.name, type, item)), ...rest };
}
