import { type AttributeValue, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';

import { dynamoRecords } from '../../../adapters/aws/dynamo-records.ts';
import { transact } from '../../../adapters/aws/dynamo-transaction.ts';
import { type Build } from '../../../core/build.ts';
import { table as attributes } from '../../../core/contract/deployment.ts';
import { standBetween } from '../../fixtures/aws/scripted-answers.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';
import { tableOfEachTest } from '../../fixtures/aws/table-of-each-test.ts';
import { buildIdOf, buildRecord, builderNamed, builderRecord } from '../../fixtures/records.ts';

const debian = builderNamed('debian-base');

describeWithMoto('the DynamoDB table of the records', () => {
  const under = tableOfEachTest();

  describe('takes commits in spite of', () => {
    const write = { type: 'build', expected: null, document: buildRecord(1) } as const;
    const beside = { type: 'builder', expected: null, document: builderRecord('debian-base') } as const;
    const cancelled = (...codes: readonly string[]) => ({
      error: 'TransactionCanceledException',
      more: { CancellationReasons: codes.map((Code) => ({ Code })) },
    });
    const tokens = () => new Set(under.between.sent.map(({ input }) => input['ClientRequestToken']));

    it('transactions of others on the same documents: it is tried again after a pause, under the same token', async () => {
      under.between.script('TransactWriteItems', cancelled('TransactionConflict', 'None'), cancelled('None', 'ThrottlingError'));
      expect(await under.records.commit([write, beside])).toEqual({ committed: true });
      expect(under.actions()).toHaveLength(3);
      expect(under.pauses).toEqual([1, 2]);
      expect([...tokens()]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    });

    it('but not for ever', async () => {
      under.between.script('TransactWriteItems', ...Array.from({ length: 20 }, () => cancelled('TransactionConflict')));
      await expect(under.records.commit([write])).rejects.toMatchObject({
        failure: {
          rule: 'STORAGE',
          message: expect.stringContaining(`table ${under.name} in us-east-1 did not take a transaction (TransactionConflict)`),
        },
      });
      expect(under.actions()).toHaveLength(10);
      expect(await under.records.readBuild(buildIdOf(1))).toBeUndefined();
    });

    it('and tells of a condition that did not hold, whatever else stood in the way', async () => {
      await under.records.commit([write]);
      const stored = await under.item(`build#${buildIdOf(1)}`);
      under.between.script('TransactWriteItems', {
        error: 'TransactionCanceledException',
        more: { CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'ConditionalCheckFailed', Item: stored }] },
      });
      expect(await under.records.commit([beside, write])).toEqual({ committed: false, conflict: 'exists', type: 'build' });
      expect(under.pauses).toEqual([]);
    });

    it('throttling, for reads too: the client tries again by itself', async () => {
      under.between.script('TransactWriteItems', { error: 'ThrottlingException' }, { error: 'InternalServerError', status: 500 });
      expect(await under.records.commit([write])).toEqual({ committed: true });
      expect(tokens().size).toBe(1);
      under.between.script('GetItem', { error: 'ProvisionedThroughputExceededException' });
      expect(await under.records.readBuild(buildIdOf(1))).toEqual(buildRecord(1));
    });

    it('an answer that is lost: the next trial carries the same token, by which the service knows what it has done', async () => {
      // moto honours no ClientRequestToken: the service's second answer is played.
      under.between.script('TransactWriteItems', 'lost', { answer: {} });
      expect(await under.records.commit([write, beside])).toEqual({ committed: true });
      expect(under.actions()).toEqual(['TransactWriteItems', 'TransactWriteItems']);
      expect(tokens().size).toBe(1);
      expect(await under.records.readBuild(buildIdOf(1))).toEqual(buildRecord(1));
    });

    it('equal commits of two who race: each has a token of its own, so one wins', async () => {
      const commits = await Promise.all([under.records.commit([write]), under.records.commit([write])]);
      expect(commits.filter(({ committed }) => committed)).toHaveLength(1);
      expect(tokens().size).toBe(2);
    });
  });

  describe('is refused what it cannot hold, before anything is sent', () => {
    /** As the records would write it if no schema kept it small. */
    const write = (...documents: readonly Build[]) =>
      transact(
        { client: under.client, name: under.name, pause: async () => {} },
        documents.map((document) => ({ type: 'build', expected: null, document })),
      );
    const ofSize = (n: number, characters: number) => buildRecord(n, { command: 'é'.repeat(characters / 2) });
    /** Of names and values, as DynamoDB counts them; what a number takes is rounded up. */
    const bytesOf = async (build: Build) => {
      const stored = await under.item(`build#${build.build_id}`);
      return Object.entries(stored ?? {}).reduce(
        (sum, [name, value]) => sum + Buffer.byteLength(name + (value.S ?? '')) + ('N' in value ? 21 : 0),
        0,
      );
    };

    it('a document that is larger than an item may be', async () => {
      await write(ofSize(1, 0));
      const room = 409_600 - (await bytesOf(ofSize(1, 0)));
      // moto takes 405,000 bytes, DynamoDB 400 KiB.
      under.between.script('TransactWriteItems', { answer: {} });
      expect(await write(ofSize(2, room - (room % 2)))).toEqual({ committed: true });
      const sent = await under.sentBy(async () => {
        await expect(write(buildRecord(3), ofSize(4, room - (room % 2) + 2))).rejects.toMatchObject({
          failure: {
            rule: 'STORAGE',
            message: expect.stringMatching(
              new RegExp(
                `^the build ${buildIdOf(4)} has 40960[12] bytes, and the DynamoDB table ${under.name} in us-east-1 takes 409600 an item$`,
              ),
            ),
          },
        });
      });
      expect(sent).toEqual([]);
    });

    it('a commit that is larger than a transaction may be', async () => {
      const sent = await under.sentBy(async () => {
        await expect(write(...Array.from({ length: 11 }, (_, n) => ofSize(n, 390_000)))).rejects.toMatchObject({
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
      const absent = dynamoRecords(under.client, 'absent');
      const expected = failure(/^the DynamoDB table absent in us-east-1 does not exist \(dynamodb:GetItem: /, /HYBRIDCORE_TABLE/);
      await expect(absent.readBuild(buildIdOf(1))).rejects.toMatchObject(expected);
      // moto tells a missing table of a transaction as one of its reasons.
      under.between.script('TransactWriteItems', { error: 'ResourceNotFoundException' });
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
      under.between.script('Query', { error, status });
      await expect(under.records.listBuilders({ limit: 1 })).rejects.toMatchObject(failure(message, remedy));
      expect(under.actions()).toHaveLength(1);
    });

    it.each([
      ['ThrottlingException', 400, /takes no more requests for now/, /try again/],
      ['InternalServerError', 500, /failed on the side of AWS/, /try again/],
    ])('where it answers with %s for longer than the client tries', async (error, status, message, remedy) => {
      const impatient = new DynamoDBClient({ ...under.moto.clientOptions, maxAttempts: 2 });
      const behind = standBetween(impatient);
      behind.script('Query', { error, status }, { error, status });
      await expect(dynamoRecords(impatient, under.name).listBuilders({ limit: 1 })).rejects.toMatchObject(failure(message, remedy));
    });

    it('where a transaction is cancelled for a reason that no trial mends', async () => {
      const more = { CancellationReasons: [{ Code: 'ValidationError', Message: 'no' }] };
      under.between.script('TransactWriteItems', { error: 'TransactionCanceledException', more });
      await expect(under.records.commit([{ type: 'build', expected: null, document: buildRecord(1) }])).rejects.toMatchObject(
        failure(/refused a request \(dynamodb:PutItem: TransactionCanceledException/, /documentation/),
      );
      expect(under.actions()).toHaveLength(1);
    });

    it('where it cannot be reached, and where there are no credentials or no region', async () => {
      const nobody = new DynamoDBClient({ ...under.moto.clientOptions, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
      await expect(dynamoRecords(nobody, under.name).readBuild(buildIdOf(1))).rejects.toMatchObject(
        failure(/cannot be reached.*ECONNREFUSED/, /network/),
      );
      const stranger = new DynamoDBClient({
        ...under.moto.clientOptions,
        credentials: async () => {
          throw Object.assign(new Error('Could not load credentials from any providers'), { name: 'CredentialsProviderError' });
        },
      });
      await expect(dynamoRecords(stranger, under.name).readBuild(buildIdOf(1))).rejects.toMatchObject(
        failure(/cannot be used with these credentials/, /credentials/),
      );
    });

    it('and what is no failure of the service comes as it is', async () => {
      const bug = new TypeError('a bug');
      under.client.middlewareStack.add(
        () => async () => {
          throw bug;
        },
        { step: 'initialize' },
      );
      await expect(under.records.readBuild(buildIdOf(1))).rejects.toBe(bug);
    });
  });

  describe('that something else has written to', () => {
    const tamper = (expression: string, names: Readonly<Record<string, string>>, values?: Readonly<Record<string, AttributeValue>>) =>
      under.client.send(
        new UpdateItemCommand({
          TableName: under.name,
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
      await under.add(buildRecord(1));
      await tamper('SET #document = :text', document, { ':text': { S: text } });
      const damaged = {
        failure: {
          rule: 'STORAGE',
          message: expect.stringContaining(`"build#${buildIdOf(1)}" in the DynamoDB table ${under.name} cannot be read`),
        },
      };
      await expect(under.records.readBuild(buildIdOf(1))).rejects.toMatchObject(damaged);
      await expect(under.records.listBuilds(debian, { limit: 10 })).rejects.toMatchObject(damaged);
      expect((await under.records.listOpenBuilds({ limit: 10 })).items).toEqual([{ build_id: buildIdOf(1), builder: 'debian-base' }]);
    });

    it('an item without a document is one too', async () => {
      await under.add(buildRecord(1));
      await tamper('REMOVE #document', document);
      await expect(under.records.readBuild(buildIdOf(1))).rejects.toMatchObject({
        failure: { rule: 'STORAGE', message: expect.stringContaining('document') },
      });
    });

    it('an item of a newer schema that holds its document in another way is told from a damaged one', async () => {
      await under.add(buildRecord(1));
      await tamper(
        'SET #schema = :schema REMOVE #document',
        { ...document, '#schema': attributes.schema },
        { ':schema': { S: 'later/2' } },
      );
      const newer = {
        failure: { rule: 'RECORD_NEWER', message: expect.stringContaining(`"build#${buildIdOf(1)}" in the DynamoDB table ${under.name}`) },
      };
      await expect(under.records.readBuild(buildIdOf(1))).rejects.toMatchObject(newer);
      await expect(under.records.commit([{ type: 'build', expected: 1, document: buildRecord(1, { version: 2 }) }])).rejects.toMatchObject(
        newer,
      );
    });
  });
});
