import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Build } from '../../core/build.ts';
import { type Page, type Records } from '../../core/ports.ts';
import { buildIdOf, buildRecord, builderNamed, builderRecord, strayRecord, tokenRecord, variantRecord } from '../fixtures/records.ts';

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

    it('the builds of a builder are listed newest first, in whatever order they came', async () => {
      await add(buildRecord(2), buildRecord(3), buildRecord(1), buildRecord(4, { builder: builderNamed('debian-base-2') }));
      expect(numbers(await records.listBuilds(builderNamed('debian-base'), { limit: 100 }))).toEqual([3, 2, 1]);
      expect(numbers(await records.listBuilds(builderNamed('debian-base-2'), { limit: 100 }))).toEqual([4]);
      expect(numbers(await records.listBuilds(builderNamed('debian'), { limit: 100 }))).toEqual([]);
    });

    it('pages of builds neither repeat nor lose one while builds are added', async () => {
      await add(...[1, 2, 3, 4, 5].map((n) => buildRecord(n)));
      const name = builderNamed('debian-base');
      const first = await records.listBuilds(name, { limit: 2 });
      await add(buildRecord(6), buildRecord(0));
      const second = await records.listBuilds(name, { limit: 2, ...cursorOf(first) });
      const third = await records.listBuilds(name, { limit: 2, ...cursorOf(second) });
      expect([first, second, third].map((page) => numbers(page))).toEqual([
        [5, 4],
        [3, 2],
        [1, 0],
      ]);
      expect(third.cursor).toBeUndefined();
      expect(numbers(await records.listBuilds(name, { limit: 1 }))).toEqual([6]);
    });

    it('open builds are those that something is still to be done for, oldest first', async () => {
      const settled_at = '2026-11-22T11:00:00.000Z';
      await add(
        buildRecord(4, { state: 'retrying' }),
        buildRecord(1, { state: 'succeeded', settled_at }),
        buildRecord(3, { state: 'running', builder: builderNamed('another') }),
        buildRecord(2),
        buildRecord(5, { state: 'escalated' }),
        ...(['skipped', 'failed', 'stopped', 'quarantined'] as const).map((state, n) => buildRecord(6 + n, { state, settled_at })),
      );
      expect(numbers(await records.listOpenBuilds({ limit: 100 }))).toEqual([2, 3, 4, 5]);
      await records.commit([{ type: 'build', expected: 1, document: buildRecord(2, { version: 2, state: 'running' }) }]);
      await records.commit([{ type: 'build', expected: 1, document: buildRecord(4, { version: 2, state: 'failed', settled_at }) }]);
      await records.commit([{ type: 'build', expected: 1, document: buildRecord(5, { version: 2, state: 'escalated', settled_at }) }]);
      expect(await records.listOpenBuilds({ limit: 100 })).toEqual({
        items: [
          { build_id: buildIdOf(2), builder: 'debian-base' },
          { build_id: buildIdOf(3), builder: 'another' },
        ],
      });
    });

    it('what belongs to no listing is found by its id alone, and written on the same conditions', async () => {
      const [variant, token, stray] = [variantRecord('a'), tokenRecord('b'), strayRecord('c')];
      expect(await records.readVariant(variant.variant_id)).toBeUndefined();
      expect(await records.readRequestToken(token.token_id)).toBeUndefined();
      expect(await records.readStrayEvent(stray.event_id)).toBeUndefined();
      const writes = [
        { type: 'variant', expected: null, document: variant },
        { type: 'request-token', expected: null, document: token },
        { type: 'stray-event', expected: null, document: stray },
      ] as const;
      expect(await records.commit(writes)).toEqual({ committed: true });
      const other = await store.open();
      expect(await other.readVariant(variant.variant_id)).toEqual(variant);
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
        { type: 'request-token', expected: null, document: tokenRecord('a') },
      ]);
      expect(commit).toEqual({ committed: false, conflict: 'exists', type: 'request-token' });
      expect(await records.readBuild(buildIdOf(1))).toBeUndefined();
      expect(await records.readVariant(variantRecord('a').variant_id)).toBeUndefined();
    });

    it('pages of open builds go on where they were, though builds before and after come and end', async () => {
      await add(...[1, 2, 3, 4, 5].map((n) => buildRecord(n)));
      const first = await records.listOpenBuilds({ limit: 2 });
      await records.commit([{ type: 'build', expected: 1, document: buildRecord(2, { version: 2, state: 'failed' }) }]);
      await add(buildRecord(6));
      const second = await records.listOpenBuilds({ limit: 3, ...cursorOf(first) });
      const third = await records.listOpenBuilds({ limit: 3, ...cursorOf(second) });
      expect([first, second, third].map((page) => numbers(page))).toEqual([[1, 2], [3, 4, 5], [6]]);
      expect(third.cursor).toBeUndefined();
    });

    it('builders are listed by name in the order of code units', async () => {
      for (const name of ['b', 'a0', 'a', 'a-b', 'aa'])
        await records.commit([{ type: 'builder', expected: null, document: builderRecord(name) }]);
      const first = await records.listBuilders({ limit: 2 });
      await records.commit([{ type: 'builder', expected: null, document: builderRecord('a1') }]);
      const rest = await records.listBuilders({ limit: 100, ...cursorOf(first) });
      expect([...first.items, ...rest.items].map((builder) => builder.builder)).toEqual(['a', 'a-b', 'a0', 'a1', 'aa', 'b']);
      expect(rest.cursor).toBeUndefined();
    });

    it('a page that is exactly full at the end has no cursor', async () => {
      await add(buildRecord(1), buildRecord(2));
      expect((await records.listOpenBuilds({ limit: 2 })).cursor).toBeUndefined();
    });

    it('a limit that is none is refused', async () => {
      for (const limit of [0, -1, 101, 1.5, Number.NaN]) {
        await expect(records.listOpenBuilds({ limit })).rejects.toThrow(RangeError);
        await expect(records.listBuilds(builderNamed('debian-base'), { limit })).rejects.toThrow(RangeError);
        await expect(records.listBuilders({ limit })).rejects.toThrow(RangeError);
      }
    });

    it('a cursor that this listing did not give is refused as an invalid request', async () => {
      await add(buildRecord(1), buildRecord(2));
      const open = await records.listOpenBuilds({ limit: 1 });
      const refusal = { failure: { rule: 'REQUEST_INVALID' } };
      for (const cursor of ['', 'x', '!!!', 'bnVsbA', 'W10', open.cursor ?? '']) {
        await expect(records.listBuilds(builderNamed('debian-base'), { limit: 1, cursor })).rejects.toMatchObject(refusal);
        await expect(records.listBuilders({ limit: 1, cursor })).rejects.toMatchObject(refusal);
      }
      const builds = await records.listBuilds(builderNamed('debian-base'), { limit: 1 });
      await expect(records.listBuilds(builderNamed('another'), { limit: 1, ...cursorOf(builds) })).rejects.toMatchObject(refusal);
    });
  });
}

function cursorOf<T>(page: Page<T>): { readonly cursor: string } {
  if (page.cursor === undefined) throw new Error('the page has no cursor though there is more');
  return { cursor: page.cursor };
}

/** The numbers that `buildRecord` made the builds of. */
function numbers(page: Page<Pick<Build, 'build_id'>>): readonly number[] {
  return page.items.map((build) => [...Array(20).keys()].find((n) => buildIdOf(n) === build.build_id) ?? -1);
}
