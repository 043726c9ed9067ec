import { type AttributeValue, DeleteItemCommand, DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { dynamoRecords } from '../../../adapters/aws/dynamo-records.ts';
import { type Build } from '../../../core/build.ts';
import { canonicalJson } from '../../../core/canonical-json.ts';
import { table as attributes } from '../../../core/contract/deployment.ts';
import { type Records } from '../../../core/ports.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { type Between, standBetween } from '../../fixtures/aws/scripted-answers.ts';
import { makeTable } from '../../fixtures/aws/table.ts';
import { buildIdOf, buildRecord, builderNamed, builderRecord, strayRecord, tokenRecord, variantRecord } from '../../fixtures/records.ts';

const debian = builderNamed('debian-base');
const settled_at = '2026-11-22T11:00:00.000Z';

describeWithMoto('the DynamoDB table of the records', () => {
  let moto: Moto;
  let client: DynamoDBClient;
  let table: string;
  let between: Between;
  let records: Records;
  let pauses: number[];
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.end());
  beforeEach(async () => {
    client = new DynamoDBClient(moto.clientOptions);
    table = await makeTable(client);
    between = standBetween(client);
    pauses = [];
    records = dynamoRecords(client, table, async (trial) => void pauses.push(trial));
  });
  afterEach(() => client.destroy());

  const actions = () => between.sent.map(({ action }) => action);
  /** What `work` sends. */
  const sentBy = async (work: () => Promise<unknown>) => {
    const before = between.sent.length;
    await work();
    return between.sent.slice(before);
  };
  const add = async (...builds: readonly Build[]) => {
    // A hundred documents are the most of a commit, and moto copies a table for each.
    for (let n = 0; n < builds.length; n += 100) {
      const some = builds.slice(n, n + 100).map((document) => ({ type: 'build', expected: null, document }) as const);
      expect(await records.commit(some)).toEqual({ committed: true });
    }
  };
  const item = async (key: string) =>
    (await client.send(new GetItemCommand({ TableName: table, Key: { [attributes.key]: { S: key } } }))).Item;

  describe('holds of each document an item', () => {
    it('with the document as canonical JSON, and beside it what conditions and indexes look at', async () => {
      await add(buildRecord(1), buildRecord(2, { settled_at }));
      const build = {
        document: { S: canonicalJson(buildRecord(1)) },
        id: { S: `build#${buildIdOf(1)}` },
        list: { S: 'builds#debian-base' },
        place: { S: buildIdOf(1) },
        schema: { S: 'hybridcore-packer/build/1' },
        version: { N: '1' },
      };
      expect(await item(`build#${buildIdOf(1)}`)).toEqual({ ...build, open: { S: 'builds' } });
      expect(Object.keys((await item(`build#${buildIdOf(2)}`)) ?? {}).sort()).toEqual(Object.keys(build));
    });

    it('that stands in a listing where there is one, and nowhere else', async () => {
      await records.commit([
        { type: 'builder', expected: null, document: builderRecord('ubuntu') },
        { type: 'variant', expected: null, document: variantRecord('a') },
        { type: 'stray-event', expected: null, document: strayRecord('c') },
      ]);
      expect(await item('builder#ubuntu')).toMatchObject({ list: { S: 'builders' }, place: { S: 'ubuntu' } });
      const keys = [`variant#${variantRecord('a').variant_id}`, `stray-event#${strayRecord('c').event_id}`];
      for (const key of keys) expect(Object.keys((await item(key)) ?? {}).sort()).toEqual(['document', 'id', 'schema', 'version']);
    });

    it('that is no longer among the open ones once nothing is to be done for its build', async () => {
      await add(buildRecord(1));
      await records.commit([{ type: 'build', expected: 1, document: buildRecord(1, { version: 2, state: 'failed', settled_at }) }]);
      expect(await item(`build#${buildIdOf(1)}`)).not.toHaveProperty('open');
    });

    it('of a token with the second after which DynamoDB may remove it, and reads it until it does', async () => {
      const token = tokenRecord('a', { accepted_at: '2020-01-01T00:00:00.001Z', expires_at: '2020-01-03T00:00:00.001Z' });
      await records.commit([{ type: 'request-token', expected: null, document: token }]);
      expect(await item(`request-token#${token.token_id}`)).toMatchObject({
        expires_at: { N: String(Date.parse('2020-01-03T00:00:01.000Z') / 1000) },
      });
      expect(await records.readRequestToken(token.token_id)).toEqual(token);
    });
  });

  describe('is asked as little as may be', () => {
    it('a document is read consistently in one request', async () => {
      const [get, ...more] = await sentBy(() => records.readBuild(buildIdOf(1)));
      expect(get).toMatchObject({ action: 'GetItem', input: { ConsistentRead: true } });
      expect(more).toEqual([]);
    });

    it('a commit of several documents is one request, and so is one that meets a conflict', async () => {
      const writes = [
        { type: 'build', expected: null, document: buildRecord(1) },
        { type: 'builder', expected: null, document: builderRecord('debian-base') },
        { type: 'request-token', expected: null, document: tokenRecord('a') },
      ] as const;
      await records.commit(writes);
      expect(await records.commit(writes)).toEqual({ committed: false, conflict: 'exists', type: 'build' });
      expect(actions()).toEqual(['TransactWriteItems', 'TransactWriteItems']);
    });

    it('a page of 100 builds is one query and one consistent batch', async () => {
      await add(...Array.from({ length: 120 }, (_, n) => buildRecord(n)));
      const sent = await sentBy(async () => {
        const page = await records.listBuilds(debian, { limit: 100 });
        expect(page.items.map((build) => build.build_id)).toEqual(Array.from({ length: 100 }, (_, n) => buildIdOf(119 - n)));
        expect(page.cursor).toBeDefined();
      });
      expect(sent.map(({ action }) => action)).toEqual(['Query', 'BatchGetItem']);
      expect(sent[1]?.input).toMatchObject({ RequestItems: { [table]: { ConsistentRead: true } } });
    });

    it('a page of builds that are large together takes as many batches as their 16 MB do', async () => {
      const large = Array.from({ length: 50 }, (_, n) => buildRecord(n, { command: 'x'.repeat(380_000) }));
      for (let n = 0; n < large.length; n += 10) await add(...large.slice(n, n + 10));
      // moto counts whole items against the 1 MB of a query's page, though the index holds keys alone.
      between.script('Query', { answer: { Items: large.toReversed().map(keysOf) } });
      const sent = await sentBy(async () => {
        expect((await records.listBuilds(debian, { limit: 100 })).items).toEqual(large.toReversed());
      });
      expect(sent.map(({ action }) => action)).toEqual(['Query', 'BatchGetItem', 'BatchGetItem']);
      expect(pauses).toEqual([]);
    });

    it('a listing of open builds looks at those alone, whatever ended before', async () => {
      await add(...Array.from({ length: 200 }, (_, n) => buildRecord(n, n % 100 === 50 ? {} : { settled_at })));
      const sent = await sentBy(async () => {
        expect((await records.listOpenBuilds({ limit: 100 })).items.map((build) => build.build_id)).toEqual([
          buildIdOf(50),
          buildIdOf(150),
        ]);
      });
      expect(sent).toMatchObject([
        { action: 'Query', output: { Count: 2, ScannedCount: 2 } },
        { action: 'BatchGetItem', input: { RequestItems: { [table]: { Keys: [{}, {}] } } } },
      ]);
    });

    it('an empty page asks for no items', async () => {
      await records.listOpenBuilds({ limit: 100 });
      expect(actions()).toEqual(['Query']);
    });
  });

  describe('has indexes that lag behind it', () => {
    /** Lets the index give now what it gave before `work`. */
    const lagging = async (work: () => Promise<unknown>) => {
      const [query] = await sentBy(() => records.listOpenBuilds({ limit: 100 }));
      await work();
      between.script('Query', { answer: query?.output ?? {} });
    };
    const openNumbers = async () => (await records.listOpenBuilds({ limit: 100 })).items.map((build) => build.build_id);

    it('a build that is open in the index alone is left out', async () => {
      await add(buildRecord(1), buildRecord(2));
      await lagging(() =>
        records.commit([{ type: 'build', expected: 1, document: buildRecord(1, { version: 2, state: 'failed', settled_at }) }]),
      );
      expect(await openNumbers()).toEqual([buildIdOf(2)]);
    });

    it('a document that stands in the index alone is left out', async () => {
      await add(buildRecord(1), buildRecord(2));
      const remove = () => client.send(new DeleteItemCommand({ TableName: table, Key: { id: { S: `build#${buildIdOf(1)}` } } }));
      await lagging(remove);
      expect(await openNumbers()).toEqual([buildIdOf(2)]);
      between.script('Query', { answer: { Items: [buildRecord(2), buildRecord(1)].map(keysOf) } });
      expect((await records.listBuilds(debian, { limit: 100 })).items).toEqual([buildRecord(2)]);
    });

    it('a page goes on behind what the index gave, though none of that is left', async () => {
      await add(buildRecord(1), buildRecord(2), buildRecord(3));
      await lagging(async () => {
        for (const n of [1, 2])
          await records.commit([{ type: 'build', expected: 1, document: buildRecord(n, { version: 2, state: 'failed', settled_at }) }]);
      });
      const first = await records.listOpenBuilds({ limit: 2 });
      expect(first.items).toEqual([]);
      const rest = await records.listOpenBuilds({ limit: 2, cursor: first.cursor ?? '' });
      expect(rest).toEqual({ items: [{ build_id: buildIdOf(3), builder: 'debian-base' }] });
    });

    it('a query that ends before its limit, as one of 1 MB does, is gone on with', async () => {
      await add(buildRecord(1), buildRecord(2), buildRecord(3));
      const third = keysOf(buildRecord(3));
      between.script('Query', { answer: { Items: [third], LastEvaluatedKey: { ...third, list: { S: 'builds#debian-base' } } } });
      const sent = await sentBy(async () => {
        expect((await records.listBuilds(debian, { limit: 100 })).items.map((build) => build.build_id)).toEqual([3, 2, 1].map(buildIdOf));
      });
      expect(sent.map(({ action }) => action)).toEqual(['Query', 'Query', 'BatchGetItem']);
    });

    it('what a batch leaves unprocessed is asked for again, with a pause where it gave nothing', async () => {
      await add(buildRecord(1), buildRecord(2), buildRecord(3));
      const keys = [3, 2, 1].map((n) => ({ id: { S: `build#${buildIdOf(n)}` } }));
      const unprocessed = (some: readonly object[]) => ({ [table]: { Keys: some, ConsistentRead: true } });
      const nothing = { answer: { Responses: {}, UnprocessedKeys: unprocessed(keys) } };
      const third = await item(`build#${buildIdOf(3)}`);
      between.script('BatchGetItem', nothing, nothing, {
        answer: { Responses: { [table]: [third] }, UnprocessedKeys: unprocessed(keys.slice(1)) },
      });
      const sent = await sentBy(async () => {
        expect((await records.listBuilds(debian, { limit: 100 })).items.map((build) => build.build_id)).toEqual([3, 2, 1].map(buildIdOf));
      });
      expect(pauses).toEqual([1, 2]);
      expect(sent.at(-1)).toMatchObject({ input: { RequestItems: { [table]: { Keys: keys.slice(1), ConsistentRead: true } } } });
      between.script('BatchGetItem', ...Array.from({ length: 10 }, () => nothing));
      await expect(records.listBuilds(debian, { limit: 100 })).rejects.toMatchObject({
        failure: {
          rule: 'STORAGE',
          message: expect.stringMatching(new RegExp(`table ${table} in us-east-1 gave none of 3 items, also after 10 trials`)),
        },
      });
    });
  });

  describe('takes commits in spite of', () => {
    const write = { type: 'build', expected: null, document: buildRecord(1) } as const;
    const beside = { type: 'builder', expected: null, document: builderRecord('debian-base') } as const;
    const cancelled = (...codes: readonly string[]) => ({
      error: 'TransactionCanceledException',
      more: { CancellationReasons: codes.map((Code) => ({ Code })) },
    });
    const tokens = () => new Set(between.sent.map(({ input }) => input['ClientRequestToken']));

    it('transactions of others on the same documents: it is tried again after a pause, under the same token', async () => {
      between.script('TransactWriteItems', cancelled('TransactionConflict', 'None'), cancelled('None', 'ThrottlingError'));
      expect(await records.commit([write, beside])).toEqual({ committed: true });
      expect(actions()).toHaveLength(3);
      expect(pauses).toEqual([1, 2]);
      expect([...tokens()]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    });

    it('but not for ever', async () => {
      between.script('TransactWriteItems', ...Array.from({ length: 20 }, () => cancelled('TransactionConflict')));
      await expect(records.commit([write])).rejects.toMatchObject({
        failure: {
          rule: 'STORAGE',
          message: expect.stringContaining(`table ${table} in us-east-1 did not take a transaction (TransactionConflict)`),
        },
      });
      expect(actions()).toHaveLength(10);
      expect(await records.readBuild(buildIdOf(1))).toBeUndefined();
    });

    it('and tells of a condition that did not hold, whatever else stood in the way', async () => {
      await records.commit([write]);
      const stored = await item(`build#${buildIdOf(1)}`);
      between.script('TransactWriteItems', {
        error: 'TransactionCanceledException',
        more: { CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'ConditionalCheckFailed', Item: stored }] },
      });
      expect(await records.commit([beside, write])).toEqual({ committed: false, conflict: 'exists', type: 'build' });
      expect(pauses).toEqual([]);
    });

    it('throttling, for reads too: the client tries again by itself', async () => {
      between.script('TransactWriteItems', { error: 'ThrottlingException' }, { error: 'InternalServerError', status: 500 });
      expect(await records.commit([write])).toEqual({ committed: true });
      expect(tokens().size).toBe(1);
      between.script('GetItem', { error: 'ProvisionedThroughputExceededException' });
      expect(await records.readBuild(buildIdOf(1))).toEqual(buildRecord(1));
    });

    it('an answer that is lost: the next trial carries the same token, by which the service knows what it has done', async () => {
      // moto honours no ClientRequestToken: the service's second answer is played.
      between.script('TransactWriteItems', 'lost', { answer: {} });
      expect(await records.commit([write, beside])).toEqual({ committed: true });
      expect(actions()).toEqual(['TransactWriteItems', 'TransactWriteItems']);
      expect(tokens().size).toBe(1);
      expect(await records.readBuild(buildIdOf(1))).toEqual(buildRecord(1));
    });

    it('equal commits of two who race: each has a token of its own, so one wins', async () => {
      const commits = await Promise.all([records.commit([write]), records.commit([write])]);
      expect(commits.filter(({ committed }) => committed)).toHaveLength(1);
      expect(tokens().size).toBe(2);
    });
  });

  describe('is refused what it cannot hold, before anything is sent', () => {
    const ofSize = (n: number, characters: number) => buildRecord(n, { variables: { large: 'é'.repeat(characters / 2) } });
    const bytes = async (build: Build) => {
      await add(build);
      const stored = await item(`build#${build.build_id}`);
      return Object.entries(stored ?? {}).reduce(
        (sum, [name, value]) => sum + Buffer.byteLength(name + (value.S ?? '')) + ('N' in value ? 21 : 0),
        0,
      );
    };

    it('a document that is larger than an item may be', async () => {
      const largest = 409_600 - (await bytes(ofSize(1, 0)));
      // moto takes 405,000 bytes, DynamoDB 400 KiB.
      between.script('TransactWriteItems', { answer: {} });
      await add(ofSize(2, largest - (largest % 2)));
      const sent = await sentBy(async () => {
        const commit = records.commit([
          { type: 'builder', expected: null, document: builderRecord('debian-base') },
          { type: 'build', expected: null, document: ofSize(3, largest - (largest % 2) + 2) },
        ]);
        await expect(commit).rejects.toMatchObject({
          failure: {
            rule: 'STORAGE',
            message: expect.stringMatching(
              new RegExp(
                `^the build ${buildIdOf(3)} has 40960[12] bytes, and the DynamoDB table ${table} in us-east-1 takes 409600 an item$`,
              ),
            ),
          },
        });
      });
      expect(sent).toEqual([]);
    });

    it('a commit that is larger than a transaction may be', async () => {
      const writes = Array.from({ length: 11 }, (_, n) => ({ type: 'build', expected: null, document: ofSize(n, 390_000) }) as const);
      const sent = await sentBy(async () => {
        await expect(records.commit(writes)).rejects.toMatchObject({
          failure: {
            rule: 'STORAGE',
            message: expect.stringMatching(
              /^a commit of 11 documents has \d{7} bytes \(the largest is the build [^ ]+ with 39\d{4}\), and .* takes 4194304 a transaction$/,
            ),
          },
        });
      });
      expect(sent).toEqual([]);
    });
  });

  describe('that cannot serve says where, what and what to do', () => {
    const failure = (message: RegExp, remedy: RegExp) => ({
      failure: { rule: 'STORAGE', message: expect.stringMatching(message), remedy: expect.stringMatching(remedy) },
    });

    it('where it does not exist', async () => {
      const absent = dynamoRecords(client, 'absent');
      const expected = failure(/^the DynamoDB table absent in us-east-1 does not exist \(dynamodb:GetItem: /, /HYBRIDCORE_TABLE/);
      await expect(absent.readBuild(buildIdOf(1))).rejects.toMatchObject(expected);
      // moto tells a missing table of a transaction as one of its reasons.
      between.script('TransactWriteItems', { error: 'ResourceNotFoundException' });
      await expect(absent.commit([{ type: 'build', expected: null, document: buildRecord(1) }])).rejects.toMatchObject(
        failure(/^the DynamoDB table absent in us-east-1 does not exist \(dynamodb:PutItem: /, /deploy the stack/),
      );
    });

    it.each([
      ['AccessDeniedException', 400, /may not be used so by this role \(dynamodb:Query: AccessDeniedException: scripted/, /dynamodb:Query/],
      ['ExpiredTokenException', 400, /cannot be used with these credentials/, /credentials/],
      ['ValidationException', 400, /refused a request/, /deploy the stack of this version/],
      ['SomethingNewException', 400, /refused a request \(dynamodb:Query: SomethingNewException/, /documentation/],
    ])('where it answers with %s', async (error, status, message, remedy) => {
      between.script('Query', { error, status });
      await expect(records.listBuilders({ limit: 1 })).rejects.toMatchObject(failure(message, remedy));
      expect(actions()).toHaveLength(1);
    });

    it.each([
      ['ThrottlingException', 400, /takes no more requests for now/, /try again/],
      ['InternalServerError', 500, /failed on the side of AWS/, /try again/],
    ])('where it answers with %s for longer than the client tries', async (error, status, message, remedy) => {
      const impatient = new DynamoDBClient({ ...moto.clientOptions, maxAttempts: 2 });
      const behind = standBetween(impatient);
      behind.script('Query', { error, status }, { error, status });
      await expect(dynamoRecords(impatient, table).listBuilders({ limit: 1 })).rejects.toMatchObject(failure(message, remedy));
    });

    it('where a transaction is cancelled for a reason that no trial mends', async () => {
      const more = { CancellationReasons: [{ Code: 'ValidationError', Message: 'no' }] };
      between.script('TransactWriteItems', { error: 'TransactionCanceledException', more });
      await expect(records.commit([{ type: 'build', expected: null, document: buildRecord(1) }])).rejects.toMatchObject(
        failure(/refused a request \(dynamodb:PutItem: TransactionCanceledException/, /documentation/),
      );
      expect(actions()).toHaveLength(1);
    });

    it('where it cannot be reached, and where there are no credentials or no region', async () => {
      const nobody = new DynamoDBClient({ ...moto.clientOptions, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
      await expect(dynamoRecords(nobody, table).readBuild(buildIdOf(1))).rejects.toMatchObject(
        failure(/cannot be reached.*ECONNREFUSED/, /network/),
      );
      const stranger = new DynamoDBClient({
        ...moto.clientOptions,
        credentials: async () => {
          throw Object.assign(new Error('Could not load credentials from any providers'), { name: 'CredentialsProviderError' });
        },
      });
      await expect(dynamoRecords(stranger, table).readBuild(buildIdOf(1))).rejects.toMatchObject(
        failure(/cannot be used with these credentials/, /credentials/),
      );
    });

    it('and what is no failure of the service comes as it is', async () => {
      const bug = new TypeError('a bug');
      client.middlewareStack.add(
        () => async () => {
          throw bug;
        },
        { step: 'initialize' },
      );
      await expect(records.readBuild(buildIdOf(1))).rejects.toBe(bug);
    });
  });

  describe('that something else has written to', () => {
    const tamper = (expression: string, names: Readonly<Record<string, string>>, values?: Readonly<Record<string, AttributeValue>>) =>
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { id: { S: `build#${buildIdOf(1)}` } },
          UpdateExpression: expression,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
        }),
      );
    const document = { '#document': attributes.document };
    const changed = (changes: Readonly<Record<string, unknown>>) => JSON.stringify({ ...buildRecord(1), ...changes });

    it.each([
      ['is no JSON', '{'],
      ['does not fit its schema', changed({ state: 'baking' })],
      ['is another build', changed({ build_id: buildIdOf(2) })],
      ['has another version than its item', changed({ version: 7 })],
    ])('a document that %s is an error with its table and id', async (_, text) => {
      await add(buildRecord(1));
      await tamper('SET #document = :text', document, { ':text': { S: text } });
      const damaged = {
        failure: {
          rule: 'STORAGE',
          message: expect.stringContaining(`"build#${buildIdOf(1)}" in the DynamoDB table ${table} cannot be read`),
        },
      };
      await expect(records.readBuild(buildIdOf(1))).rejects.toMatchObject(damaged);
      await expect(records.listBuilds(debian, { limit: 10 })).rejects.toMatchObject(damaged);
      expect((await records.listOpenBuilds({ limit: 10 })).items).toEqual([{ build_id: buildIdOf(1), builder: 'debian-base' }]);
    });

    it('an item without a document is one too', async () => {
      await add(buildRecord(1));
      await tamper('REMOVE #document', document);
      await expect(records.readBuild(buildIdOf(1))).rejects.toMatchObject({
        failure: { rule: 'STORAGE', message: expect.stringContaining('document') },
      });
    });

    it('an item of a newer schema that holds its document in another way is told from a damaged one', async () => {
      await add(buildRecord(1));
      await tamper(
        'SET #schema = :schema REMOVE #document',
        { ...document, '#schema': attributes.schema },
        { ':schema': { S: 'later/2' } },
      );
      const newer = {
        failure: { rule: 'RECORD_NEWER', message: expect.stringContaining(`"build#${buildIdOf(1)}" in the DynamoDB table ${table}`) },
      };
      await expect(records.readBuild(buildIdOf(1))).rejects.toMatchObject(newer);
      await expect(records.commit([{ type: 'build', expected: 1, document: buildRecord(1, { version: 2 }) }])).rejects.toMatchObject(newer);
    });
  });
});

/** What an index holds of a build, as far as the records look at it. */
function keysOf({ build_id }: Build) {
  return { id: { S: `build#${build_id}` }, place: { S: build_id } };
}
