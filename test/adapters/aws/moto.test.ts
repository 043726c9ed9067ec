import { CreateTableCommand, DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';

describeWithMoto('the moto server that stands in for AWS', () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.end());

  it('lets one of many racing transactions on one condition win', async () => {
    const client = new DynamoDBClient(moto.clientOptions);
    await client.send(
      new CreateTableCommand({
        TableName: 'races',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    const put = (id: string, by: number) => ({
      Put: { TableName: 'races', Item: { id: { S: id }, by: { N: String(by) } }, ConditionExpression: 'attribute_not_exists(id)' },
    });
    const races = await Promise.allSettled(
      Array.from({ length: 20 }, (_, by) => client.send(new TransactWriteItemsCommand({ TransactItems: [put('a', by), put('b', by)] }))),
    );
    expect(races.filter((race) => race.status === 'fulfilled')).toHaveLength(1);
    const item = async (id: string) => (await client.send(new GetItemCommand({ TableName: 'races', Key: { id: { S: id } } }))).Item;
    expect((await item('a'))?.['by']).toEqual((await item('b'))?.['by']);
  });

  it('holds S3 to conditions on what stands there', async () => {
    const client = new S3Client(moto.clientOptions);
    await client.send(new CreateBucketCommand({ Bucket: 'conditions' }));
    const put = (body: string, condition: { IfNoneMatch: string } | { IfMatch: string }) =>
      client.send(new PutObjectCommand({ Bucket: 'conditions', Key: 'a', Body: body, ...condition }));
    const first = await put('one', { IfNoneMatch: '*' });
    await expect(put('two', { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const second = await put('two', { IfMatch: first.ETag ?? '' });
    await expect(put('three', { IfMatch: first.ETag ?? '' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(second.ETag).not.toEqual(first.ETag);
  });
});
