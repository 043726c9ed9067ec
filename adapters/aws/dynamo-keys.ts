import { type AttributeValue } from '@aws-sdk/client-dynamodb';

import { table as attributes } from '../../core/contract/deployment.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type RecordWrite } from '../../core/ports.ts';

/*
 * How items are named in the table and in its indexes. Apart from what their documents are, which whoever only lists names
 * does not need.
 */

/** An item as the SDK has it. */
export type Item = Record<string, AttributeValue>;

/** What the index of open builds is partitioned by: all of them stand together. */
export const openBuilds = 'builds';

/** What the names of the listings of builds begin with. */
export const buildsOf = 'builds#';

/** In which listing a document stands: the partition of the index of listings. */
export const lists = {
  builds: (builder: BuilderName) => `${buildsOf}${builder}`,
  builders: 'builders',
  channels: (builder: BuilderName) => `channels#${builder}`,
} as const;

/** The partition key of a document. */
export function keyOf(type: RecordWrite['type'], id: string): string {
  return `${type}#${id}`;
}

/** An item as failures name it. */
export function placeIn(table: string, key: string): string {
  return `${JSON.stringify(key)} in the DynamoDB table ${table}`;
}

/** What to do where something else has written an item. */
export const restore = 'restore the table to a point in time before that';

/** An item that is not laid out as this program does it. */
export function unreadable(table: string, item: Item, why: string): FailureError {
  return new FailureError({
    rule: 'STORAGE',
    message: `${placeIn(table, item[attributes.key]?.S ?? 'an item')} cannot be read: ${why}`,
    remedy: `something else than hybridcore-packer has written it: ${restore}`,
  });
}
