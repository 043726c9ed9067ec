import type * as z from 'zod';

import { Build, isOpen } from '../../core/build.ts';
import { BuilderRecord } from '../../core/builder-record.ts';
import { Channel } from '../../core/channel.ts';
import { type RecordWrite } from '../../core/ports.ts';
import { RequestToken } from '../../core/request-token.ts';
import { StrayEvent } from '../../core/stray-event.ts';
import { Variant } from '../../core/variant.ts';

/** One type of document: its table, whose columns beside the document are for conditions and queries. */
export interface Table<T extends { readonly version: number }> {
  readonly type: RecordWrite['type'];
  readonly name: string;
  readonly key: string;
  readonly document: z.ZodType<T>;
  /** The `schema` that this version writes. */
  readonly schema: string;
  readonly idOf: (document: T) => string;
  /** What stands beside id, version and document. */
  readonly columns: (document: T) => Readonly<Record<string, string | number>>;
}

const none = () => ({});

export const builds: Table<Build> = {
  type: 'build',
  name: 'builds',
  key: 'build_id',
  document: Build,
  schema: Build.shape.schema.value,
  idOf: (build) => build.build_id,
  columns: (build) => ({ builder: build.builder, open: isOpen(build) ? 1 : 0 }),
};
export const builders: Table<BuilderRecord> = {
  type: 'builder',
  name: 'builders',
  key: 'builder',
  document: BuilderRecord,
  schema: BuilderRecord.shape.schema.value,
  idOf: (builder) => builder.builder,
  columns: none,
};
export const variants: Table<Variant> = {
  type: 'variant',
  name: 'variants',
  key: 'variant_id',
  document: Variant,
  schema: Variant.shape.schema.value,
  idOf: (variant) => variant.variant_id,
  columns: none,
};
export const channels: Table<Channel> = {
  type: 'channel',
  name: 'channels',
  key: 'channel_id',
  document: Channel,
  schema: Channel.shape.schema.value,
  idOf: (channel) => channel.channel_id,
  columns: ({ builder, channel }) => ({ builder, channel }),
};
export const requestTokens: Table<RequestToken> = {
  type: 'request-token',
  name: 'request_tokens',
  key: 'token_id',
  document: RequestToken,
  schema: RequestToken.shape.schema.value,
  idOf: (token) => token.token_id,
  columns: (token) => ({ expires_at: token.expires_at }),
};
export const strayEvents: Table<StrayEvent> = {
  type: 'stray-event',
  name: 'stray_events',
  key: 'event_id',
  document: StrayEvent,
  schema: StrayEvent.shape.schema.value,
  idOf: (event) => event.event_id,
  columns: none,
};
