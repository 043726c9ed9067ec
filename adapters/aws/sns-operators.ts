import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';

import { canonicalJson } from '../../core/canonical-json.ts';
import { table as attributes } from '../../core/contract/deployment.ts';
import { digestOf } from '../../core/digest.ts';
import { type Notice, type Operators } from '../../core/ports.ts';
import { answerOf } from './dynamo-table.ts';
import { explained } from './service-failure.ts';
import { snsNotice } from './sns-notice.ts';

const noticeSchema = 'hybridcore-packer/notice/1';

/**
 * Operators behind a topic of SNS, and a record of what they were told in the table: an item for each notice's key, which
 * stays. A notice is published first and recorded after, so a crash in between tells it twice rather than never; for
 * the same reason several callers with the same notice at once may each tell it. What one client is asked for at once
 * it tells once.
 *
 * @param of `topic`: its ARN; `table`: its name.
 * @returns operators whose `notify` throws FailureError STORAGE where the notice could not be told, or not be recorded.
 */
export function snsOperators(
  clients: { readonly sns: SNSClient; readonly dynamo: DynamoDBClient },
  of: { readonly topic: string; readonly table: string },
): Operators {
  const table = { client: clients.dynamo, name: of.table };
  const underWay = new Map<string, Promise<void>>();

  const tell = async (notice: Notice): Promise<void> => {
    const id = `notice#${digestOf(notice.key).slice('sha256:'.length)}`;
    const { key, builder, build } = notice;
    const subject = `the notice ${key}`;
    const look = new GetItemCommand({
      TableName: of.table,
      Key: { [attributes.key]: { S: id } },
      ConsistentRead: true,
      ProjectionExpression: '#key',
      ExpressionAttributeNames: { '#key': attributes.key },
    });
    const found = await answerOf(table, 'GetItem', () => clients.dynamo.send(look), subject);
    if (found.Item !== undefined) return;
    const called = { what: `the topic ${of.topic}`, action: 'sns:Publish', subject };
    const { MessageId } = await explained(called, () => clients.sns.send(new PublishCommand({ TopicArn: of.topic, ...snsNotice(notice) })));
    const document = { schema: noticeSchema, version: 1, key, builder, build, message_id: MessageId ?? null };
    const record = new PutItemCommand({
      TableName: of.table,
      Item: {
        [attributes.key]: { S: id },
        [attributes.document]: { S: canonicalJson(document) },
        [attributes.version]: { N: '1' },
        [attributes.schema]: { S: noticeSchema },
      },
    });
    await answerOf(table, 'PutItem', () => clients.dynamo.send(record), subject);
  };

  return {
    notify(notice) {
      const already = underWay.get(notice.key);
      if (already !== undefined) return already;
      const told = tell(notice).finally(() => underWay.delete(notice.key));
      underWay.set(notice.key, told);
      return told;
    },
  };
}
