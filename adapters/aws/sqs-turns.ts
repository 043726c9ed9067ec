import { type SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';

import { type Turn, type Turns } from '../../core/turn.ts';

/** Turns that the queue itself holds back. @param queue its URL. */
export function sqsTurns(client: SQSClient, queue: string): Turns {
  return {
    async send(builder, delay) {
      const turn: Turn = { turn: builder };
      await client.send(
        new SendMessageCommand({ QueueUrl: queue, MessageBody: JSON.stringify(turn), DelaySeconds: Math.ceil(delay / 1000) }),
      );
    },
  };
}
