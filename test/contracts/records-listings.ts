import { beforeEach, expect, it } from 'vitest';

import { type Build } from '../../core/build.ts';
import { type Page, type Records } from '../../core/ports.ts';
import { buildIdOf, buildRecord, builderNamed, builderRecord, channelRecord } from '../fixtures/records.ts';

/** What every adapter of `Records` promises of its listings: a part of the contract of records. Registers its tests. */
export function recordsListings(empty: () => Records): void {
  let records: Records;
  beforeEach(() => {
    records = empty();
  });
  const add = async (...builds: readonly Build[]) => {
    for (const document of builds) expect(await records.commit([{ type: 'build', expected: null, document }])).toEqual({ committed: true });
  };

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

  it('channels are listed by builder, by name, as they are now', async () => {
    const wanted = [
      ...['stable', 'latest', 'a-b', 'a0', 'a'].map((name) => channelRecord(name)),
      channelRecord('latest', { builder: builderNamed('debian-base-2') }),
    ];
    for (const document of wanted) await records.commit([{ type: 'channel', expected: null, document }]);
    const moved = channelRecord('a0', { version: 2, previous: buildIdOf(1) });
    await records.commit([{ type: 'channel', expected: 1, document: moved }]);
    const first = await records.listChannels(builderNamed('debian-base'), { limit: 2 });
    await records.commit([{ type: 'channel', expected: null, document: channelRecord('b') }]);
    const rest = await records.listChannels(builderNamed('debian-base'), { limit: 100, ...cursorOf(first) });
    const listed = [...first.items, ...rest.items];
    expect(listed.map(({ channel }) => channel)).toEqual(['a', 'a-b', 'a0', 'b', 'latest', 'stable']);
    expect(listed[2]).toEqual(moved);
    expect(rest.cursor).toBeUndefined();
    expect((await records.listChannels(builderNamed('debian-base-2'), { limit: 1 })).cursor).toBeUndefined();
    expect(await records.listChannels(builderNamed('debian'), { limit: 1 })).toEqual({ items: [] });
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
      await expect(records.listChannels(builderNamed('debian-base'), { limit })).rejects.toThrow(RangeError);
    }
  });

  it('a cursor that this listing did not give is refused as an invalid request', async () => {
    await add(buildRecord(1), buildRecord(2));
    const open = await records.listOpenBuilds({ limit: 1 });
    const refusal = { failure: { rule: 'REQUEST_INVALID' } };
    for (const cursor of ['', 'x', '!!!', 'bnVsbA', 'W10', open.cursor ?? '']) {
      await expect(records.listBuilds(builderNamed('debian-base'), { limit: 1, cursor })).rejects.toMatchObject(refusal);
      await expect(records.listBuilders({ limit: 1, cursor })).rejects.toMatchObject(refusal);
      await expect(records.listChannels(builderNamed('debian-base'), { limit: 1, cursor })).rejects.toMatchObject(refusal);
    }
    const builds = await records.listBuilds(builderNamed('debian-base'), { limit: 1 });
    await expect(records.listBuilds(builderNamed('another'), { limit: 1, ...cursorOf(builds) })).rejects.toMatchObject(refusal);
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
