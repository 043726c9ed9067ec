import { BatchGetItemCommand, DynamoDBClient, GetItemCommand, QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';

import { type Call } from './aws-endpoint.ts';
import { asSent, makeCalls } from './baseline-calls.ts';

/*
 * What `dispatch` and `reconcile` are measured against: a handler that constructs the clients that they construct, those of
 * the records and of the queue, and does nothing else. When it is called it makes the calls that the measured function made,
 * one after another, and looks at no answer.
 */

const dynamo = new DynamoDBClient();
const sqs = new SQSClient();

export async function handler(): Promise<void> {
  await makeCalls(make);
}

/** A call of the records or of the queue. */
export async function make(call: Call): Promise<void> {
  switch (call.operation) {
    case 'GetItem':
      return void (await dynamo.send(new GetItemCommand(asSent(call.input))));
    case 'BatchGetItem':
      return void (await dynamo.send(new BatchGetItemCommand(asSent(call.input))));
    case 'Query':
      return void (await dynamo.send(new QueryCommand(asSent(call.input))));
    case 'TransactWriteItems':
      return void (await dynamo.send(new TransactWriteItemsCommand(asSent(call.input))));
    case 'SendMessage':
      return void (await sqs.send(new SendMessageCommand(asSent(call.input))));
    default:
      throw new Error(`this baseline does not know ${call.operation}`);
  }
}
