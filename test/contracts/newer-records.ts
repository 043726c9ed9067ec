import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type RecordWrite, type Records } from '../../core/ports.ts';
import {
  buildIdOf,
  buildRecord,
  builderNamed,
  builderRecord,
  channelRecord,
  strayRecord,
  tokenRecord,
  variantRecord,
} from '../fixtures/records.ts';
import { type RecordsUnderTest } from './records.ts';

/** A store that a newer version of the program can have written to. */
export interface NewerRecordsUnderTest extends RecordsUnderTest {
  /** Gives a stored document the schema of the next version and a field that this one does not know. */
  makeNewer(write: RecordWrite): Promise<void>;
  /** What is stored for a document, byte for byte. */
  stored(write: RecordWrite): Promise<string>;
}

const newer = { failure: { rule: 'RECORD_NEWER' } };
const page = { limit: 100 };

/** One document of each type, how it is read, and a write that comes next. */
const documents: Readonly<
  Record<
    RecordWrite['type'],
    { readonly first: RecordWrite; readonly next: RecordWrite; readonly id: string; readonly read: (records: Records) => Promise<unknown> }
  >
> = {
  build: {
    first: { type: 'build', expected: null, document: buildRecord(1) },
    next: { type: 'build', expected: 1, document: buildRecord(1, { version: 2, state: 'failed' }) },
    id: buildIdOf(1),
    read: (records) => records.readBuild(buildIdOf(1)),
  },
  builder: {
    first: { type: 'builder', expected: null, document: builderRecord('debian-base') },
    next: { type: 'builder', expected: 1, document: builderRecord('debian-base', { version: 2, current: buildIdOf(1) }) },
    id: 'debian-base',
    read: (records) => records.readBuilder(builderNamed('debian-base')),
  },
  variant: {
    first: { type: 'variant', expected: null, document: variantRecord('a') },
    next: { type: 'variant', expected: 1, document: variantRecord('a', { version: 2 }) },
    id: variantRecord('a').variant_id,
    read: (records) => records.readVariant(variantRecord('a').variant_id),
  },
  channel: {
    first: { type: 'channel', expected: null, document: channelRecord('latest') },
    next: { type: 'channel', expected: 1, document: channelRecord('latest', { version: 2, previous: buildIdOf(1) }) },
    id: channelRecord('latest').channel_id,
    read: (records) => records.readChannel(channelRecord('latest').channel_id),
  },
  'request-token': {
    first: { type: 'request-token', expected: null, document: tokenRecord('b') },
    next: { type: 'request-token', expected: 1, document: tokenRecord('b', { version: 2 }) },
    id: tokenRecord('b').token_id,
    read: (records) => records.readRequestToken(tokenRecord('b').token_id),
  },
  'stray-event': {
    first: { type: 'stray-event', expected: null, document: strayRecord('c') },
    next: { type: 'stray-event', expected: 1, document: strayRecord('c', { version: 2 }) },
    id: strayRecord('c').event_id,
    read: (records) => records.readStrayEvent(strayRecord('c').event_id),
  },
};

/** What every adapter of `Records` promises about documents that a newer version of the program wrote. Registers its tests. */
export function newerRecordsContract(name: string, make: () => Promise<NewerRecordsUnderTest>): void {
  describe(`${name} keeps the contract of records that a newer version wrote`, () => {
    let store: NewerRecordsUnderTest;
    let records: Records;
    beforeEach(async () => {
      store = await make();
      records = await store.open();
    });
    afterEach(() => store.remove());

    const add = async (...writes: readonly RecordWrite[]) => {
      expect(await records.commit(writes)).toEqual({ committed: true });
    };

    it.each(Object.values(documents))('a newer $first.type is refused by its id where it is read', async ({ first, id, read }) => {
      await add(first);
      expect(await read(records)).toEqual(first.document);
      await store.makeNewer(first);
      const refusal = { failure: { rule: 'RECORD_NEWER', message: expect.stringContaining(id), remedy: expect.stringContaining('newer') } };
      await expect(read(records)).rejects.toMatchObject(refusal);
      await expect(read(await store.open())).rejects.toMatchObject(refusal);
    });

    it.each(Object.values(documents))(
      'a newer $first.type is not overwritten by whoever expects its version, and nothing else of that commit is written',
      async ({ first, next }) => {
        const beside = { type: 'builder', expected: null, document: builderRecord('beside') } as const;
        await add(first);
        await store.makeNewer(first);
        const before = await store.stored(first);
        await expect(records.commit([next])).rejects.toMatchObject(newer);
        await expect(records.commit([beside, next])).rejects.toMatchObject(newer);
        await expect(records.commit([next, beside])).rejects.toMatchObject(newer);
        expect(await store.stored(first)).toBe(before);
        expect(await records.readBuilder(builderNamed('beside'))).toBeUndefined();
      },
    );

    it.each(Object.values(documents))(
      'a newer $first.type exists for who would create it, and has changed for who is late',
      async ({ first, next }) => {
        await add(first);
        await store.makeNewer(first);
        const before = await store.stored(first);
        expect(await records.commit([first])).toMatchObject({ committed: false, conflict: 'exists' });
        const late = { ...next, expected: 7, document: { ...next.document, version: 8 } } as RecordWrite;
        expect(await records.commit([late])).toMatchObject({ committed: false, conflict: 'changed' });
        expect(await store.stored(first)).toBe(before);
      },
    );

    it('a newer build is refused where its builder is listed, and keeps no other builder from being listed and written', async () => {
      const ubuntu = builderNamed('ubuntu');
      const others = [2, 3].map((n) => buildRecord(n, { builder: ubuntu }));
      await add(documents.build.first, ...others.map((document) => ({ type: 'build', expected: null, document }) as const));
      await store.makeNewer(documents.build.first);
      await expect(records.listBuilds(builderNamed('debian-base'), page)).rejects.toMatchObject(newer);
      expect((await records.listBuilds(ubuntu, page)).items).toEqual([...others].reverse());
      await add({ type: 'build', expected: 1, document: buildRecord(2, { builder: ubuntu, version: 2, state: 'running' }) });
      expect(await records.readBuild(buildIdOf(2))).toMatchObject({ version: 2, state: 'running' });
    });

    it('a newer build is still found among the open ones, and keeps none of them from being found', async () => {
      await add(documents.build.first, { type: 'build', expected: null, document: buildRecord(2) });
      await store.makeNewer(documents.build.first);
      const open = (await records.listOpenBuilds(page)).items;
      expect(open.map((build) => build.build_id)).toEqual([buildIdOf(1), buildIdOf(2)]);
      expect((await records.listOpenBuilds({ limit: 1 })).cursor).toBeDefined();
    });

    it('a newer builder is refused where builders are listed, and its builds and the other builders are read', async () => {
      const ubuntu = builderRecord('ubuntu');
      await add(documents.builder.first, documents.build.first, { type: 'builder', expected: null, document: ubuntu });
      await store.makeNewer(documents.builder.first);
      await expect(records.listBuilders(page)).rejects.toMatchObject(newer);
      expect(await records.readBuilder(ubuntu.builder)).toEqual(ubuntu);
      expect((await records.listBuilds(builderNamed('debian-base'), page)).items).toEqual([buildRecord(1)]);
    });

    it('a newer channel is refused where the channels of its builder are listed, and keeps no other builder from them', async () => {
      const ubuntu = channelRecord('latest', { builder: builderNamed('ubuntu') });
      await add(documents.channel.first, { type: 'channel', expected: null, document: ubuntu });
      await store.makeNewer(documents.channel.first);
      await expect(records.listChannels(builderNamed('debian-base'), page)).rejects.toMatchObject(newer);
      expect((await records.listChannels(ubuntu.builder, page)).items).toEqual([ubuntu]);
    });
  });
}
