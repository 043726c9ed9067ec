import { assertLimit, cursorAfter, placeOf } from '../../core/cursor.ts';
import { Build, isOpen } from '../../core/build.ts';
import { BuilderRecord } from '../../core/builder-record.ts';
import { Channel } from '../../core/channel.ts';
import { type Commit, type Page, type RecordWrite, type Records } from '../../core/ports.ts';
import { RequestToken } from '../../core/request-token.ts';
import { StrayEvent } from '../../core/stray-event.ts';
import { Variant } from '../../core/variant.ts';

/** The documents, by what they are and their ids. */
export interface StoredRecords {
  readonly builds: Map<string, Build>;
  readonly builders: Map<string, BuilderRecord>;
  readonly variants: Map<string, Variant>;
  readonly channels: Map<string, Channel>;
  readonly tokens: Map<string, RequestToken>;
  readonly strays: Map<string, StrayEvent>;
}

/** A document that is about to be written, beside the one that stands there. */
export interface Written {
  readonly write: RecordWrite;
  readonly before: RecordWrite['document'] | undefined;
}

export interface MemoryRecords extends Records {
  readonly stored: StoredRecords;
  /** Sees each commit that takes place, before it does. */
  observer: (written: readonly Written[]) => void;
  /** Whether commits hold to their conditions: a guard that the simulation can take away. */
  conditional: boolean;
}

const longestPage = 100;

export interface MemoryRecordsOptions {
  /** Each document is held against its schema; the simulation does that at the end alone. */
  readonly validating: boolean;
  /** The listing of open builds is as it was so long ago: an index of DynamoDB lags behind. Milliseconds. */
  readonly lag?: { readonly by: number; readonly now: () => number };
}

/** Records in memory. Documents are values that nobody changes, so they are kept as they are. */
export function memoryRecords(options: MemoryRecordsOptions): MemoryRecords {
  const { by: lag, now } = options.lag ?? { by: 0, now: () => 0 };
  const opened = new Map<string, number>();
  const closed = new Map<string, number>();
  const listed = (build: Build) =>
    lag === 0 ? isOpen(build) : (opened.get(build.build_id) ?? 0) <= now() - lag && (closed.get(build.build_id) ?? Infinity) > now() - lag;
  const note = (build: Build) => {
    if (!opened.has(build.build_id)) opened.set(build.build_id, now());
    if (!isOpen(build) && !closed.has(build.build_id)) closed.set(build.build_id, now());
  };
  const stored: StoredRecords = {
    builds: new Map(),
    builders: new Map(),
    variants: new Map(),
    channels: new Map(),
    tokens: new Map(),
    strays: new Map(),
  };
  const records: MemoryRecords = {
    stored,
    observer: () => undefined,
    conditional: true,
    readBuild: async (id) => stored.builds.get(id),
    readBuilder: async (name) => stored.builders.get(name),
    readVariant: async (id) => stored.variants.get(id),
    readChannel: async (id) => stored.channels.get(id),
    readRequestToken: async (id) => stored.tokens.get(id),
    readStrayEvent: async (id) => stored.strays.get(id),
    async commit(writes) {
      if (options.validating) for (const write of writes) assertValid(write);
      const answer = commit(records, writes);
      if (answer.committed && lag > 0) for (const write of writes) if (write.type === 'build') note(write.document);
      return answer;
    },
    async listBuilds(builder, page) {
      const found = [...stored.builds.values()].filter((build) => build.builder === builder).reverse();
      return pageOf(
        found,
        `builds of ${builder}`,
        page,
        (build) => build.build_id,
        (id, after) => id < after,
      );
    },
    async listOpenBuilds(page) {
      const found = [...stored.builds.values()].filter(listed);
      const names = found.map(({ build_id, builder }) => ({ build_id, builder }));
      return pageOf(
        names,
        'open builds',
        page,
        (open) => open.build_id,
        (id, after) => id > after,
      );
    },
    listBuilders: async (page) =>
      pageOf(
        [...stored.builders.values()],
        'builders',
        page,
        (builder) => builder.builder,
        (name, after) => name > after,
      ),
    listChannels: async (builder, page) =>
      pageOf(
        [...stored.channels.values()].filter((channel) => channel.builder === builder),
        `channels of ${builder}`,
        page,
        ({ channel }) => channel,
        (name, after) => name > after,
      ),
  };
  return records;
}

function commit(records: MemoryRecords, writes: readonly RecordWrite[]): Commit {
  if (writes.length === 0 || writes.length > 100) throw new TypeError(`a commit writes 1 to 100 documents, not ${writes.length}`);
  const written = writes.map((write) => ({ write, before: standing(records.stored, write) }));
  if (new Set(writes.map((write) => `${write.type} ${idOf(write)}`)).size < writes.length)
    throw new TypeError('a commit writes a document twice');
  for (const { expected, document } of writes)
    if (document.version !== (expected ?? 0) + 1) throw new TypeError(`version ${document.version} does not follow ${expected}`);
  for (const { write, before } of written) {
    if (!records.conditional || (before?.version ?? null) === write.expected) continue;
    const conflict = before === undefined ? 'absent' : write.expected === null ? 'exists' : 'changed';
    return { committed: false, conflict, type: write.type };
  }
  records.observer(written);
  for (const write of writes) store(records.stored, write);
  return { committed: true };
}

function assertValid({ type, document }: RecordWrite): void {
  if (!documentSchemas[type].safeParse(document).success) throw new TypeError(`a document does not fit the schema of a ${type}`);
}

function idOf({ type, document }: RecordWrite): string {
  switch (type) {
    case 'build':
      return document.build_id;
    case 'builder':
      return document.builder;
    case 'variant':
      return document.variant_id;
    case 'channel':
      return document.channel_id;
    case 'request-token':
      return document.token_id;
    case 'stray-event':
      return document.event_id;
  }
}

function standing(stored: StoredRecords, write: RecordWrite): RecordWrite['document'] | undefined {
  return tableOf(stored, write).get(idOf(write));
}

function tableOf(stored: StoredRecords, { type }: RecordWrite): ReadonlyMap<string, RecordWrite['document']> {
  switch (type) {
    case 'build':
      return stored.builds;
    case 'builder':
      return stored.builders;
    case 'variant':
      return stored.variants;
    case 'channel':
      return stored.channels;
    case 'request-token':
      return stored.tokens;
    case 'stray-event':
      return stored.strays;
  }
}

function store(stored: StoredRecords, write: RecordWrite): void {
  switch (write.type) {
    case 'build':
      stored.builds.set(write.document.build_id, write.document);
      return;
    case 'builder':
      stored.builders.set(write.document.builder, write.document);
      return;
    case 'variant':
      stored.variants.set(write.document.variant_id, write.document);
      return;
    case 'channel':
      stored.channels.set(write.document.channel_id, write.document);
      return;
    case 'request-token':
      stored.tokens.set(write.document.token_id, write.document);
      return;
    case 'stray-event':
      stored.strays.set(write.document.event_id, write.document);
  }
}

interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

/** The items after the cursor, in order of their ids: `follows` says which way. */
function pageOf<T>(
  all: readonly T[],
  listing: string,
  page: PageRequest,
  idFor: (item: T) => string,
  follows: (id: string, after: string) => boolean,
): Page<T> {
  assertLimit(page.limit, longestPage);
  const after = placeOf(listing, page.cursor);
  const items = all
    .filter((item) => after === '' || follows(idFor(item), after))
    .toSorted((a, b) => (follows(idFor(a), idFor(b)) ? 1 : -1));
  const last = items[page.limit - 1];
  return items.length > page.limit && last !== undefined
    ? { items: items.slice(0, page.limit), cursor: cursorAfter(listing, idFor(last)) }
    : { items };
}

/** The schemas of all documents, for whoever holds what is stored against them. */
export const documentSchemas = {
  build: Build,
  builder: BuilderRecord,
  variant: Variant,
  channel: Channel,
  'request-token': RequestToken,
  'stray-event': StrayEvent,
} as const;
