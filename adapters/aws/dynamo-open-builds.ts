import { type DynamoDBClient } from '@aws-sdk/client-dynamodb';

import { table as attributes, tableIndexes } from '../../core/contract/deployment.ts';
import { isBuildId, isBuilderName } from '../../core/identity.ts';
import { type OpenBuild, type Records } from '../../core/ports.ts';
import { listings } from '../local/record-listing.ts';
import { type Pause, jitteredPause } from './backoff.ts';
import { type Item, buildsOf, keyOf, openBuilds, unreadable } from './dynamo-keys.ts';
import { type Listing, pageOfItems } from './dynamo-listing.ts';
import { type DynamoTable } from './dynamo-table.ts';

/** The records as far as who only looks for open builds needs them: their documents stay unread. */
export type OpenBuilds = Pick<Records, 'listOpenBuilds'>;

/** That part of `dynamoRecords`, with all that it promises. */
export function dynamoOpenBuilds(client: DynamoDBClient, name: string, pause: Pause = jitteredPause): OpenBuilds {
  const table: DynamoTable = { client, name, pause };
  return {
    async listOpenBuilds(page) {
      const listing: Listing = { index: tableIndexes.open, list: openBuilds, order: 'ascending' };
      const { items, ...rest } = await pageOfItems(table, listing, listings.openBuilds, page, looked);
      return { items: items.map((item) => openBuildOf(name, item)).filter((open) => open !== undefined), ...rest };
    },
  };
}

/** The attributes that are read. */
const looked: readonly string[] = [attributes.key, attributes.list, attributes.open];

/**
 * The names of a build, from beside its document; undefined where it is not open. They are few, and looked at without a
 * schema: the function that sweeps then loads none.
 *
 * @throws FailureError STORAGE where they cannot be read.
 */
function openBuildOf(table: string, item: Item): OpenBuild | undefined {
  const id = textOf(table, item, attributes.key).slice(keyOf('build', '').length);
  const builder = textOf(table, item, attributes.list).slice(buildsOf.length);
  if (!isBuildId(id)) throw unreadable(table, item, `${attributes.key} does not end in the id of a build`);
  if (!isBuilderName(builder)) throw unreadable(table, item, `${attributes.list} does not end in the name of a builder`);
  if (item[attributes.open] === undefined) return undefined;
  textOf(table, item, attributes.open);
  return { build_id: id, builder };
}

function textOf(table: string, item: Item, name: string): string {
  const text = item[name]?.S;
  if (text === undefined) throw unreadable(table, item, `${name} is no text`);
  return text;
}
