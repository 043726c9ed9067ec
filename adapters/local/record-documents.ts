import { Build } from '../../core/build.ts';
import { BuilderRecord } from '../../core/builder-record.ts';
import { Channel } from '../../core/channel.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type Commit, type RecordWrite } from '../../core/ports.ts';
import { RequestToken } from '../../core/request-token.ts';
import { StrayEvent } from '../../core/stray-event.ts';
import { Variant } from '../../core/variant.ts';
import * as z from '../../core/zod.ts';

/*
 * What every home of the records does with a document before it is stored and after it was read; where and how it is
 * stored is each home's own.
 */

/** As many as a transaction of DynamoDB takes, so that both homes refuse the same. */
const mostWrites = 100;

export type RecordType = RecordWrite['type'];
/** The document of each type. */
export type Documents = { readonly [Write in RecordWrite as Write['type']]: Write['document'] };
/** A write of one of some types; the same as `RecordWrite` where it is any of them. */
export type WriteOf<Type extends RecordType> = {
  readonly [Each in Type]: { readonly type: Each; readonly expected: number | null; readonly document: Documents[Each] };
}[Type];

/** One type of document. */
interface DocumentType<T extends { readonly schema: string }> {
  readonly document: z.ZodMiniType<T>;
  /** The `schema` that this version writes. */
  readonly schema: T['schema'];
  readonly idOf: (document: T) => string;
}

export const documentTypes: { readonly [Type in RecordType]: DocumentType<Documents[Type]> } = {
  build: { document: Build, schema: 'hybridcore-packer/build/1', idOf: (build) => build.build_id },
  builder: { document: BuilderRecord, schema: 'hybridcore-packer/builder/1', idOf: (builder) => builder.builder },
  variant: { document: Variant, schema: 'hybridcore-packer/variant/1', idOf: (variant) => variant.variant_id },
  channel: { document: Channel, schema: 'hybridcore-packer/channel/1', idOf: (channel) => channel.channel_id },
  'request-token': { document: RequestToken, schema: 'hybridcore-packer/request-token/1', idOf: (token) => token.token_id },
  'stray-event': { document: StrayEvent, schema: 'hybridcore-packer/stray-event/1', idOf: (event) => event.event_id },
};

/** The id of a write's document. */
export function idOf<Type extends RecordType>(write: WriteOf<Type>): string {
  const type: DocumentType<Documents[Type]> = documentTypes[write.type];
  return type.idOf(write.document);
}

// ---- writing -----------------------------------------------------------------------------------------------

/** @throws TypeError for a commit that no caller may ask for. */
export function assertCommit(writes: readonly RecordWrite[]): void {
  if (writes.length === 0 || writes.length > mostWrites)
    throw new TypeError(`a commit writes 1 to ${mostWrites} documents, not ${writes.length}`);
  const seen = new Set<string>();
  for (const write of writes) {
    const identity = `${write.type} ${idOf(write)}`;
    if (seen.has(identity)) throw new TypeError(`a commit writes the ${identity} twice`);
    seen.add(identity);
    const next = (write.expected ?? 0) + 1;
    if (write.document.version !== next)
      throw new TypeError(`the ${identity} has version ${write.document.version} where ${next} comes after ${write.expected ?? 'none'}`);
    const valid = documentTypes[write.type].document.safeParse(write.document);
    if (!valid.success) throw new TypeError(`the ${identity} does not fit its schema: ${z.prettifyError(valid.error)}`);
  }
}

/** A commit that wrote nothing. */
export type Conflict = Commit & { readonly committed: false };

/** Why a write cannot be made over the version that is stored (null: nothing is); undefined where it can. */
export function conflictOf({ type, expected }: Pick<RecordWrite, 'type' | 'expected'>, stored: number | null): Conflict | undefined {
  if (stored === expected) return undefined;
  return { committed: false, conflict: stored === null ? 'absent' : expected === null ? 'exists' : 'changed', type };
}

// ---- reading -----------------------------------------------------------------------------------------------

/** A document as it lies in a home, with what stands beside it for conditions and queries. */
export interface StoredDocument {
  readonly id: string;
  readonly version: number;
  /** The document as JSON. */
  readonly document: string;
}

/** A home as failures name it. */
export interface DocumentHome {
  /** Where a document lies: `"debian-base" in the table builders of FILE`. */
  readonly place: string;
  /** What to do where something else has written it: `put back a backup of the database`. */
  readonly remedy: string;
}

/**
 * A stored document, parsed.
 *
 * @throws FailureError RECORD_NEWER for one of a newer schema; STORAGE for one that cannot be read or is not the one that it is stored as.
 */
export function readDocument<Type extends RecordType>(name: Type, stored: StoredDocument, home: DocumentHome): Documents[Type] {
  const type: DocumentType<Documents[Type]> = documentTypes[name];
  const value = jsonOf(stored.document);
  assertKnownSchema(name, schemaOf(value), home.place);
  const document = type.document.safeParse(value);
  if (document.success && type.idOf(document.data) === stored.id && document.data.version === stored.version) return document.data;
  throw new FailureError({
    rule: 'STORAGE',
    message: `${home.place} cannot be read: ${document.success ? 'the document is not that of its row' : z.prettifyError(document.error)}`,
    remedy: `something else than hybridcore-packer has written it: ${home.remedy}`,
  });
}

/** @throws FailureError RECORD_NEWER for any schema but the one that this version writes; where there is none, nobody can tell. */
export function assertKnownSchema(name: RecordType, schema: string | undefined, place: string): void {
  const known = documentTypes[name].schema;
  if (schema === undefined || schema === known) return;
  throw new FailureError({
    rule: 'RECORD_NEWER',
    message: `${place} is of the schema ${JSON.stringify(schema)}, and this program knows ${known}`,
    remedy: 'use the newer version of hybridcore-packer that wrote it',
  });
}

/** Undefined where it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function schemaOf(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'schema' in value && typeof value.schema === 'string' ? value.schema : undefined;
}
