import { type SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';

import { type Turns } from '../../core/turn.ts';
import { explained } from './service-failure.ts';

/**
 * Turns that the queue itself holds back.
 *
 * @param queue its URL.
 * @returns turns whose `send` throws FailureError STORAGE where SQS refuses or does not answer.
 */
export function sqsTurns(client: SQSClient, queue: string): Turns {
  return {
    async send(turn, delay) {
      const message = new SendMessageCommand({ QueueUrl: queue, MessageBody: JSON.stringify(turn), DelaySeconds: Math.ceil(delay / 1000) });
      const called = { what: `the queue ${queue}`, action: 'sqs:SendMessage', subject: `the turn of ${turn.turn}` };
      await explained(called, () => client.send(message));
    },
  };
}
