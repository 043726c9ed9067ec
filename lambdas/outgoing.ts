import { type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, type EventBridgeClientConfig } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';

import { eventBridgeAnnouncements } from '../adapters/aws/eventbridge-announcements.ts';
import { snsOperators } from '../adapters/aws/sns-operators.ts';
import { type Announcements, type Operators } from '../core/ports.ts';
import { type FunctionEnvironment } from './environment.ts';

/** Who hears of builds that have ended. */
export interface Outgoing {
  readonly operators: Operators;
  readonly announcements: Announcements;
}

/** @param options for each client. */
export function outgoing(
  { topic, table, eventBus }: FunctionEnvironment,
  dynamo: DynamoDBClient,
  options: Pick<EventBridgeClientConfig, 'requestHandler'>,
): Outgoing {
  return {
    operators: snsOperators({ sns: new SNSClient(options), dynamo }, { topic, table }),
    announcements: eventBridgeAnnouncements(new EventBridgeClient(options), eventBus),
  };
}
