import { type AttributeValue } from '@aws-sdk/client-dynamodb';

import { isOpen } from '../../core/build.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { table as attributes } from '../../core/contract/deployment.ts';
import * as z from '../../core/zod.ts';
import {
  type Documents,
  type RecordType,
  type WriteOf,
  documentTypes,
  assertKnownSchema,
  idOf,
  readDocument,
} from '../local/record-documents.ts';
import { type Item, keyOf, lists, openBuilds, placeIn, restore, unreadable } from './dynamo-keys.ts';

/*
 * How documents lie in the table: an item each, with the document as canonical JSON and beside it what conditions and
 * indexes look at. Attribute names are those of `core/contract/deployment.ts`.
 */

type Attributes = Readonly<Record<string, string | number>>;

const none = () => ({});

/** What stands beside a document of each type for the indexes and for DynamoDB's removal of what has expired. */
const layouts: { readonly [Type in RecordType]: (document: Documents[Type]) => Attributes } = {
  build: (build) => ({
    [attributes.list]: lists.builds(build.builder),
    [attributes.place]: build.build_id,
    ...(isOpen(build) ? { [attributes.open]: openBuilds } : {}),
  }),
  builder: ({ builder }) => ({ [attributes.list]: lists.builders, [attributes.place]: builder }),
  variant: none,
  channel: ({ builder, channel }) => ({ [attributes.list]: lists.channels(builder), [attributes.place]: channel }),
  // Whole seconds, and never before the token is free.
  'request-token': (token) => ({ [attributes.expiresAt]: Math.ceil(Date.parse(token.expires_at) / 1000) }),
  'stray-event': none,
};

/** The item of a write, with how many bytes DynamoDB counts for it. */
export function itemOf<Type extends RecordType>(write: WriteOf<Type>): { readonly item: Item; readonly size: number } {
  const layout: (document: Documents[Type]) => Attributes = layouts[write.type];
  const all: Attributes = {
    [attributes.key]: keyOf(write.type, idOf(write)),
    [attributes.version]: write.document.version,
    [attributes.schema]: documentTypes[write.type].schema,
    [attributes.document]: canonicalJson(write.document),
    ...layout(write.document),
  };
  return {
    item: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, attributeOf(value)])),
    size: Object.entries(all).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value), 0),
  };
}

function attributeOf(value: string | number): AttributeValue {
  return typeof value === 'number' ? { N: String(value) } : { S: value };
}

/** Numbers take up to 21 bytes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
function sizeOf(value: string | number): number {
  return typeof value === 'number' ? 21 : Buffer.byteLength(value);
}

const Text = z.object({ S: z.string() });
const Whole = z.object({ N: z.string() });

const KeyAndSchema = z.object({ [attributes.key]: Text, [attributes.schema]: Text });
const VersionAndDocument = z.object({ [attributes.version]: Whole, [attributes.document]: Text });

/** The version of a stored item. @throws FailureError STORAGE for an item that has none. */
export function versionOf(table: string, item: Item): number {
  return Number(parsed(table, item, z.object({ [attributes.version]: Whole })).version.N);
}

/** @throws FailureError RECORD_NEWER, or STORAGE with its key and table for one that cannot be read. */
export function documentOf<Type extends RecordType>(table: string, type: Type, item: Item): Documents[Type] {
  // A newer version may store its documents in another way: the schema comes first.
  const { id, schema } = parsed(table, item, KeyAndSchema);
  const place = placeIn(table, id.S);
  assertKnownSchema(type, schema.S, place);
  const { version, document } = parsed(table, item, VersionAndDocument);
  const stored = { id: id.S.slice(keyOf(type, '').length), version: Number(version.N), document: document.S };
  return readDocument(type, stored, { place, remedy: restore });
}

function parsed<T>(table: string, item: Item, schema: z.ZodMiniType<T>): T {
  const read = schema.safeParse(item);
  if (read.success) return read.data;
  throw unreadable(table, item, z.prettifyError(read.error));
}
