import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';

import { itemOf } from '../../../adapters/aws/dynamo-items.ts';
import { type Build } from '../../../core/build.ts';
import { canonicalJson } from '../../../core/canonical-json.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';
import { tableOfEachTest } from '../../fixtures/aws/table-of-each-test.ts';
import { buildIdOf, buildRecord, builderNamed, builderRecord, strayRecord, tokenRecord, variantRecord } from '../../fixtures/records.ts';

const debian = builderNamed('debian-base');
const settled_at = '2026-11-22T11:00:00.000Z';

describeWithMoto('the DynamoDB table of the records', () => {
  const under = tableOfEachTest();

  describe('holds of each document an item', () => {
    it('with the document as canonical JSON, and beside it what conditions and indexes look at', async () => {
      await under.add(buildRecord(1), buildRecord(2, { settled_at }));
      const build = {
        document: { S: canonicalJson(buildRecord(1)) },
        id: { S: `build#${buildIdOf(1)}` },
        list: { S: 'builds#debian-base' },
        place: { S: buildIdOf(1) },
        schema: { S: 'hybridcore-packer/build/1' },
        version: { N: '1' },
      };
      expect(await under.item(`build#${buildIdOf(1)}`)).toEqual({ ...build, open: { S: 'builds' } });
      expect(Object.keys((await under.item(`build#${buildIdOf(2)}`)) ?? {}).sort()).toEqual(Object.keys(build));
    });

    it('that stands in a listing where there is one, and nowhere else', async () => {
      await under.records.commit([
        { type: 'builder', expected: null, document: builderRecord('ubuntu') },
        { type: 'variant', expected: null, document: variantRecord('a') },
        { type: 'stray-event', expected: null, document: strayRecord('c') },
      ]);
      expect(await under.item('builder#ubuntu')).toMatchObject({ list: { S: 'builders' }, place: { S: 'ubuntu' } });
      const keys = [`variant#${variantRecord('a').variant_id}`, `stray-event#${strayRecord('c').event_id}`];
      for (const key of keys) expect(Object.keys((await under.item(key)) ?? {}).sort()).toEqual(['document', 'id', 'schema', 'version']);
    });

    it('that is no longer among the open ones once nothing is to be done for its build', async () => {
      await under.add(buildRecord(1));
      await under.records.commit([{ type: 'build', expected: 1, document: buildRecord(1, { version: 2, state: 'failed', settled_at }) }]);
      expect(await under.item(`build#${buildIdOf(1)}`)).not.toHaveProperty('open');
    });

    it('of a token with the second after which DynamoDB may remove it, and reads it until it does', async () => {
      const token = tokenRecord('a', { accepted_at: '2020-01-01T00:00:00.001Z', expires_at: '2020-01-03T00:00:00.001Z' });
      await under.records.commit([{ type: 'request-token', expected: null, document: token }]);
      expect(await under.item(`request-token#${token.token_id}`)).toMatchObject({
        expires_at: { N: String(Date.parse('2020-01-03T00:00:01.000Z') / 1000) },
      });
      expect(await under.records.readRequestToken(token.token_id)).toEqual(token);
    });
  });

  describe('is asked as little as may be', () => {
    it('a document is read consistently in one request', async () => {
      const [get, ...more] = await under.sentBy(() => under.records.readBuild(buildIdOf(1)));
      expect(get).toMatchObject({ action: 'GetItem', input: { ConsistentRead: true } });
      expect(more).toEqual([]);
    });

    it('a commit of several documents is one request, and so is one that meets a conflict', async () => {
      const writes = [
        { type: 'build', expected: null, document: buildRecord(1) },
        { type: 'builder', expected: null, document: builderRecord('debian-base') },
        { type: 'request-token', expected: null, document: tokenRecord('a') },
      ] as const;
      await under.records.commit(writes);
      expect(await under.records.commit(writes)).toEqual({ committed: false, conflict: 'exists', type: 'build' });
      expect(under.actions()).toEqual(['TransactWriteItems', 'TransactWriteItems']);
    });

    it('a page of 100 builds is one query and one consistent batch', async () => {
      await under.add(...Array.from({ length: 120 }, (_, n) => buildRecord(n)));
      const sent = await under.sentBy(async () => {
        const page = await under.records.listBuilds(debian, { limit: 100 });
        expect(page.items.map((build) => build.build_id)).toEqual(Array.from({ length: 100 }, (_, n) => buildIdOf(119 - n)));
        expect(page.cursor).toBeDefined();
      });
      expect(sent.map(({ action }) => action)).toEqual(['Query', 'BatchGetItem']);
      expect(sent[1]?.input).toMatchObject({ RequestItems: { [under.name]: { ConsistentRead: true } } });
    });

    it('a page of builds that are large together takes as many batches as their 16 MB do', async () => {
      const builds = Array.from({ length: 50 }, (_, n) => buildRecord(n));
      await Promise.all(
        builds.map((document) => {
          const { item } = itemOf({ type: 'build', expected: null, document });
          return under.client.send(new PutItemCommand({ TableName: under.name, Item: { ...item, padding: { S: 'x'.repeat(380_000) } } }));
        }),
      );
      // moto counts whole items against the 1 MB of a query's page, though the index holds keys alone.
      under.between.script('Query', { answer: { Items: builds.toReversed().map(keysOf) } });
      const sent = await under.sentBy(async () => {
        expect((await under.records.listBuilds(debian, { limit: 100 })).items).toEqual(builds.toReversed());
      });
      expect(sent.map(({ action }) => action)).toEqual(['Query', 'BatchGetItem', 'BatchGetItem']);
      expect(under.pauses).toEqual([]);
    });

    it('a listing of open builds looks at those alone, whatever ended before', async () => {
      await under.add(...Array.from({ length: 200 }, (_, n) => buildRecord(n, n % 100 === 50 ? {} : { settled_at })));
      const sent = await under.sentBy(async () => {
        expect((await under.records.listOpenBuilds({ limit: 100 })).items.map((build) => build.build_id)).toEqual([
          buildIdOf(50),
          buildIdOf(150),
        ]);
      });
      expect(sent).toMatchObject([
        { action: 'Query', output: { Count: 2, ScannedCount: 2 } },
        { action: 'BatchGetItem', input: { RequestItems: { [under.name]: { Keys: [{}, {}] } } } },
      ]);
    });

    it('an empty page asks for no items', async () => {
      await under.records.listOpenBuilds({ limit: 100 });
      expect(under.actions()).toEqual(['Query']);
    });
  });

  describe('has indexes that lag behind it', () => {
    /** Lets the index give now what it gave before `work`. */
    const lagging = async (work: () => Promise<unknown>) => {
      const [query] = await under.sentBy(() => under.records.listOpenBuilds({ limit: 100 }));
      await work();
      under.between.script('Query', { answer: query?.output ?? {} });
    };
    const openNumbers = async () => (await under.records.listOpenBuilds({ limit: 100 })).items.map((build) => build.build_id);

    it('a build that is open in the index alone is left out', async () => {
      await under.add(buildRecord(1), buildRecord(2));
      await lagging(() =>
        under.records.commit([{ type: 'build', expected: 1, document: buildRecord(1, { version: 2, state: 'failed', settled_at }) }]),
      );
      expect(await openNumbers()).toEqual([buildIdOf(2)]);
    });

    it('a document that stands in the index alone is left out', async () => {
      await under.add(buildRecord(1), buildRecord(2));
      const remove = () => under.client.send(new DeleteItemCommand({ TableName: under.name, Key: { id: { S: `build#${buildIdOf(1)}` } } }));
      await lagging(remove);
      expect(await openNumbers()).toEqual([buildIdOf(2)]);
      under.between.script('Query', { answer: { Items: [buildRecord(2), buildRecord(1)].map(keysOf) } });
      expect((await under.records.listBuilds(debian, { limit: 100 })).items).toEqual([buildRecord(2)]);
    });

    it('a page goes on behind what the index gave, though none of that is left', async () => {
      await under.add(buildRecord(1), buildRecord(2), buildRecord(3));
      await lagging(async () => {
        for (const n of [1, 2])
          await under.records.commit([
            { type: 'build', expected: 1, document: buildRecord(n, { version: 2, state: 'failed', settled_at }) },
          ]);
      });
      const first = await under.records.listOpenBuilds({ limit: 2 });
      expect(first.items).toEqual([]);
      const rest = await under.records.listOpenBuilds({ limit: 2, cursor: first.cursor ?? '' });
      expect(rest).toEqual({ items: [{ build_id: buildIdOf(3), builder: 'debian-base' }] });
    });

    it('a query that ends before its limit, as one of 1 MB does, is gone on with', async () => {
      await under.add(buildRecord(1), buildRecord(2), buildRecord(3));
      const third = keysOf(buildRecord(3));
      under.between.script('Query', { answer: { Items: [third], LastEvaluatedKey: { ...third, list: { S: 'builds#debian-base' } } } });
      const sent = await under.sentBy(async () => {
        expect((await under.records.listBuilds(debian, { limit: 100 })).items.map((build) => build.build_id)).toEqual(
          [3, 2, 1].map(buildIdOf),
        );
      });
      expect(sent.map(({ action }) => action)).toEqual(['Query', 'Query', 'BatchGetItem']);
    });

    it('what a batch leaves unprocessed is asked for again, with a pause where it gave nothing', async () => {
      await under.add(buildRecord(1), buildRecord(2), buildRecord(3));
      const keys = [3, 2, 1].map((n) => ({ id: { S: `build#${buildIdOf(n)}` } }));
      const unprocessed = (some: readonly object[]) => ({ [under.name]: { Keys: some, ConsistentRead: true } });
      const nothing = { answer: { Responses: {}, UnprocessedKeys: unprocessed(keys) } };
      const third = await under.item(`build#${buildIdOf(3)}`);
      under.between.script('BatchGetItem', nothing, nothing, {
        answer: { Responses: { [under.name]: [third] }, UnprocessedKeys: unprocessed(keys.slice(1)) },
      });
      const sent = await under.sentBy(async () => {
        expect((await under.records.listBuilds(debian, { limit: 100 })).items.map((build) => build.build_id)).toEqual(
          [3, 2, 1].map(buildIdOf),
        );
      });
      expect(under.pauses).toEqual([1, 2]);
      expect(sent.at(-1)).toMatchObject({ input: { RequestItems: { [under.name]: { Keys: keys.slice(1), ConsistentRead: true } } } });
      under.between.script('BatchGetItem', ...Array.from({ length: 10 }, () => nothing));
      await expect(under.records.listBuilds(debian, { limit: 100 })).rejects.toMatchObject({
        failure: {
          rule: 'STORAGE',
          message: expect.stringMatching(new RegExp(`table ${under.name} in us-east-1 gave none of 3 items, also after 10 trials`)),
        },
      });
    });
  });
});

/** What an index holds of a build, as far as the records look at it. */
function keysOf({ build_id }: Build) {
  return { id: { S: `build#${build_id}` }, place: { S: build_id } };
}
