import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Build } from '../../core/build.ts';
import { type Records } from '../../core/ports.ts';
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
import { recordsListings } from './records-listings.ts';

/** A store of records that is empty and belongs to one test. */
export interface RecordsUnderTest {
  /** Another client of the same store, as another process would have it. */
  open(): Promise<Records>;
  remove(): Promise<void>;
}

/** What every adapter of `Records` promises. Registers its tests. */
export function recordsContract(name: string, make: () => Promise<RecordsUnderTest>): void {
  describe(`${name} keeps the contract of records`, () => {
    let store: RecordsUnderTest;
    let records: Records;
    beforeEach(async () => {
      store = await make();
      records = await store.open();
    });
    afterEach(() => store.remove());

    const add = async (...builds: readonly Build[]) => {
      for (const document of builds)
        expect(await records.commit([{ type: 'build', expected: null, document }])).toEqual({ committed: true });
    };

    it('what is not stored is undefined', async () => {
      expect(await records.readBuild(buildIdOf(1))).toBeUndefined();
      expect(await records.readBuilder(builderNamed('debian-base'))).toBeUndefined();
      expect(await records.listBuilds(builderNamed('debian-base'), { limit: 100 })).toEqual({ items: [] });
      expect(await records.listOpenBuilds({ limit: 100 })).toEqual({ items: [] });
      expect(await records.listBuilders({ limit: 100 })).toEqual({ items: [] });
      expect(await records.listChannels(builderNamed('debian-base'), { limit: 100 })).toEqual({ items: [] });
    });

    it('documents come back as they were, also for another client', async () => {
      const build = buildRecord(1, {
        command: 'quotes \' " ` \\ %s ?1 \u0000 \u001b[31m 🦀 é',
        variables: { region: "us'; DROP TABLE builds; --" },
      });
      const builder = builderRecord('debian-base', { current: build.build_id, queue: [buildIdOf(2), buildIdOf(3)] });
      await records.commit([
        { type: 'build', expected: null, document: build },
        { type: 'builder', expected: null, document: builder },
      ]);
      const other = await store.open();
      expect(await other.readBuild(build.build_id)).toEqual(build);
      expect(await other.readBuilder(builder.builder)).toEqual(builder);
    });

    it('a write on a version tells absent from changed, a write of something new tells that it exists, and neither writes', async () => {
      const first = buildRecord(1);
      const second = buildRecord(1, { version: 2, state: 'running' });
      expect(await records.commit([{ type: 'build', expected: 1, document: second }])).toEqual({
        committed: false,
        conflict: 'absent',
        type: 'build',
      });
      expect(await records.readBuild(first.build_id)).toBeUndefined();
      await add(first);
      expect(await records.commit([{ type: 'build', expected: null, document: buildRecord(1, { command: 'another' }) }])).toEqual({
        committed: false,
        conflict: 'exists',
        type: 'build',
      });
      expect(await records.readBuild(first.build_id)).toEqual(first);
      expect(await records.commit([{ type: 'build', expected: 1, document: second }])).toEqual({ committed: true });
      expect(await records.commit([{ type: 'build', expected: 1, document: buildRecord(1, { version: 2, state: 'stopped' }) }])).toEqual({
        committed: false,
        conflict: 'changed',
        type: 'build',
      });
      expect(await records.commit([{ type: 'build', expected: 2, document: buildRecord(1, { version: 3, state: 'failed' }) }])).toEqual({
        committed: true,
      });
      expect(await records.readBuild(first.build_id)).toMatchObject({ version: 3, state: 'failed' });
    });

    it.each([
      ['first', 0],
      ['last', 1],
    ])('a conflict of the %s of two documents leaves both unwritten', async (_, place) => {
      const builder = builderRecord('debian-base');
      await records.commit([{ type: 'builder', expected: null, document: builder }]);
      const fresh = { type: 'build', expected: null, document: buildRecord(1) } as const;
      const stale = { type: 'builder', expected: null, document: builderRecord('debian-base', { current: buildIdOf(1) }) } as const;
      expect(await records.commit(place === 0 ? [stale, fresh] : [fresh, stale])).toEqual({
        committed: false,
        conflict: 'exists',
        type: 'builder',
      });
      expect(await records.readBuild(buildIdOf(1))).toBeUndefined();
      expect(await records.readBuilder(builder.builder)).toEqual(builder);
    });

    it('a commit that no caller may ask for is a TypeError, and writes nothing', async () => {
      const build = buildRecord(1);
      await add(build);
      await expect(records.commit([])).rejects.toThrow(TypeError);
      await expect(records.commit([{ type: 'build', expected: 1, document: buildRecord(1, { version: 1 }) }])).rejects.toThrow(TypeError);
      await expect(records.commit([{ type: 'build', expected: 1, document: buildRecord(1, { version: 3 }) }])).rejects.toThrow(TypeError);
      await expect(records.commit([{ type: 'build', expected: null, document: buildRecord(2, { version: 2 }) }])).rejects.toThrow(
        TypeError,
      );
      const twice = { type: 'build', expected: null, document: buildRecord(3) } as const;
      await expect(records.commit([twice, twice])).rejects.toThrow(TypeError);
      await expect(
        records.commit([{ type: 'build', expected: null, document: buildRecord(4, { retention: 'No Class' }) }]),
      ).rejects.toThrow(TypeError);
      expect((await records.listBuilds(build.builder, { limit: 100 })).items).toEqual([build]);
    });

    it('of many clients that write the same version one wins', async () => {
      await records.commit([{ type: 'builder', expected: null, document: builderRecord('debian-base') }]);
      const clients = await Promise.all([store.open(), store.open(), store.open()]);
      const commits = await Promise.all(
        [0, 1, 2, 3, 4, 5, 6, 7, 8].map(async (n) =>
          clients[n % 3]?.commit([
            { type: 'builder', expected: 1, document: builderRecord('debian-base', { version: 2, current: buildIdOf(n) }) },
          ]),
        ),
      );
      const winners = commits.flatMap((commit, n) => (commit?.committed === true ? [n] : []));
      expect(winners).toHaveLength(1);
      expect(commits.filter((commit) => commit?.committed === false && commit.conflict === 'changed')).toHaveLength(8);
      expect((await records.readBuilder(builderNamed('debian-base')))?.current).toBe(buildIdOf(winners[0] ?? -1));
    });

    it('of many clients that create the same document one wins', async () => {
      const clients = await Promise.all([store.open(), store.open(), store.open()]);
      const commits = await Promise.all(
        clients.map((client, n) =>
          client.commit([{ type: 'build', expected: null, document: buildRecord(1, { requested_by: `client ${n}` }) }]),
        ),
      );
      expect(commits.filter((commit) => commit.committed)).toHaveLength(1);
      expect(commits.filter((commit) => !commit.committed && commit.conflict === 'exists')).toHaveLength(2);
    });

    it('a document of each further type is found by its id, and written on the same conditions', async () => {
      const [variant, channel, token, stray] = [variantRecord('a'), channelRecord('latest'), tokenRecord('b'), strayRecord('c')];
      expect(await records.readVariant(variant.variant_id)).toBeUndefined();
      expect(await records.readChannel(channel.channel_id)).toBeUndefined();
      expect(await records.readRequestToken(token.token_id)).toBeUndefined();
      expect(await records.readStrayEvent(stray.event_id)).toBeUndefined();
      const writes = [
        { type: 'variant', expected: null, document: variant },
        { type: 'channel', expected: null, document: channel },
        { type: 'request-token', expected: null, document: token },
        { type: 'stray-event', expected: null, document: stray },
      ] as const;
      expect(await records.commit(writes)).toEqual({ committed: true });
      const other = await store.open();
      expect(await other.readVariant(variant.variant_id)).toEqual(variant);
      expect(await other.readChannel(channel.channel_id)).toEqual(channel);
      expect(await other.readRequestToken(token.token_id)).toEqual(token);
      expect(await other.readStrayEvent(stray.event_id)).toEqual(stray);
      for (const write of writes) expect(await records.commit([write])).toEqual({ committed: false, conflict: 'exists', type: write.type });
      expect(await records.commit([{ type: 'variant', expected: 2, document: { ...variant, version: 3 } }])).toMatchObject({
        conflict: 'changed',
      });
      expect(await records.commit([{ type: 'variant', expected: 1, document: variantRecord('d', { version: 2 }) }])).toMatchObject({
        conflict: 'absent',
      });
      expect(await records.commit([{ type: 'variant', expected: 1, document: { ...variant, version: 2 } }])).toEqual({ committed: true });
      const moved = channelRecord('latest', { version: 2, previous: buildIdOf(1) });
      expect(await records.commit([{ type: 'channel', expected: 1, document: moved }])).toEqual({ committed: true });
      expect(await records.readChannel(channel.channel_id)).toEqual(moved);
    });

    it('a token that has not expired stays, whatever else is written', async () => {
      const token = tokenRecord('a', { expires_at: '2026-11-24T10:00:00.000Z' });
      await records.commit([{ type: 'request-token', expected: null, document: token }]);
      const later = tokenRecord('b', { accepted_at: '2026-11-24T09:59:59.999Z', expires_at: '2026-11-26T09:59:59.999Z' });
      await records.commit([{ type: 'request-token', expected: null, document: later }]);
      expect(await records.readRequestToken(token.token_id)).toEqual(token);
    });

    it('a commit over documents of all types writes all or none', async () => {
      await records.commit([{ type: 'request-token', expected: null, document: tokenRecord('a') }]);
      const commit = await records.commit([
        { type: 'build', expected: null, document: buildRecord(1) },
        { type: 'variant', expected: null, document: variantRecord('a') },
        { type: 'channel', expected: null, document: channelRecord('latest') },
        { type: 'request-token', expected: null, document: tokenRecord('a') },
      ]);
      expect(commit).toEqual({ committed: false, conflict: 'exists', type: 'request-token' });
      expect(await records.readBuild(buildIdOf(1))).toBeUndefined();
      expect(await records.readVariant(variantRecord('a').variant_id)).toBeUndefined();
      expect(await records.readChannel(channelRecord('latest').channel_id)).toBeUndefined();
    });

    recordsListings(() => records);
  });
}
