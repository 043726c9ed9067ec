import { type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, type EventBridgeClientConfig } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';

import { eventBridgeAnnouncements } from '../adapters/aws/eventbridge-announcements.ts';
import { snsOperators } from '../adapters/aws/sns-operators.ts';
import { sqsTurns } from '../adapters/aws/sqs-turns.ts';
import { type Announcements, type Operators } from '../core/ports.ts';
import { type Turns } from '../core/turn.ts';
import { type FunctionEnvironment } from './environment.ts';

/** Whatever leaves a function as a message. */
export interface Outgoing {
  readonly turns: Turns;
  readonly operators: Operators;
  readonly announcements: Announcements;
}

/** @param options for each client. */
export function outgoing(
  { topic, table, eventBus, queue }: FunctionEnvironment,
  dynamo: DynamoDBClient,
  options: Pick<EventBridgeClientConfig, 'requestHandler'>,
): Outgoing {
  return {
    turns: sqsTurns(new SQSClient(options), queue),
    operators: snsOperators({ sns: new SNSClient(options), dynamo }, { topic, table }),
    announcements: eventBridgeAnnouncements(new EventBridgeClient(options), eventBus),
  };
}
