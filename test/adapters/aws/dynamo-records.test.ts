import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';

import { dynamoRecords } from '../../../adapters/aws/dynamo-records.ts';
import { idOf } from '../../../adapters/local/record-documents.ts';
import { table as attributes } from '../../../core/contract/deployment.ts';
import { type RecordWrite } from '../../../core/ports.ts';
import { newerRecordsContract } from '../../contracts/newer-records.ts';
import { recordsContract } from '../../contracts/records.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { makeTable } from '../../fixtures/aws/table.ts';
import { type PortProcesses, portProcesses } from '../../fixtures/remote-port/remote-port.ts';

/*
 * moto's indexes are written with the table, and its conditions are looked at one request at a time: what real indexes
 * and real races may show beyond that is played in `dynamo-table.test.ts`.
 */
describeWithMoto('the records in DynamoDB', () => {
  let moto: Moto;
  let processes: PortProcesses;
  beforeAll(async () => {
    moto = await startMoto();
    processes = portProcesses(3, moto.environment);
  });
  afterAll(async () => {
    await processes.end();
    await moto.end();
  });

  const newClient = () => new DynamoDBClient(moto.clientOptions);

  recordsContract('DynamoDB', async () => {
    const clients = [newClient()];
    const table = await makeTable(clients[0] ?? newClient());
    return {
      async open() {
        const client = newClient();
        clients.push(client);
        return dynamoRecords(client, table);
      },
      async remove() {
        for (const client of clients) client.destroy();
      },
    };
  });

  recordsContract('DynamoDB, in several processes,', async () => {
    const client = newClient();
    const table = await makeTable(client);
    return {
      open: () => processes.open('dynamo-records', table),
      remove: async () => client.destroy(),
    };
  });

  newerRecordsContract('DynamoDB', async () => {
    const client = newClient();
    const table = await makeTable(client);
    const item = async (write: RecordWrite) => {
      const key = { [attributes.key]: { S: `${write.type}#${idOf(write)}` } };
      return { key, item: (await client.send(new GetItemCommand({ TableName: table, Key: key }))).Item };
    };
    return {
      open: async () => dynamoRecords(client, table),
      async makeNewer(write) {
        const { key, item: stored } = await item(write);
        const schema = `hybridcore-packer/${write.type}/2`;
        const document = JSON.stringify({ ...JSON.parse(stored?.[attributes.document]?.S ?? ''), schema, later: 1 });
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: key,
            UpdateExpression: 'SET #document = :document, #schema = :schema, later = :later',
            ExpressionAttributeNames: { '#document': attributes.document, '#schema': attributes.schema },
            ExpressionAttributeValues: { ':document': { S: document }, ':schema': { S: schema }, ':later': { N: '1' } },
          }),
        );
      },
      stored: async (write) => JSON.stringify((await item(write)).item),
      remove: async () => client.destroy(),
    };
  });
});
