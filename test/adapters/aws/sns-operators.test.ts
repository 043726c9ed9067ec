import { DynamoDBClient, GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { snsNotice } from '../../../adapters/aws/sns-notice.ts';
import { snsOperators } from '../../../adapters/aws/sns-operators.ts';
import { digestOf } from '../../../core/digest.ts';
import { type Notice } from '../../../core/ports.ts';
import { operatorsContract } from '../../contracts/operators.ts';
import { callsOf } from '../../fixtures/aws/calls-of.ts';
import { type Cut, cutInto } from '../../fixtures/aws/cut-off.ts';
import { newInbox } from '../../fixtures/aws/inbox.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { newPlainTable } from '../../fixtures/aws/plain-table.ts';
import { buildIdOf, builderNamed } from '../../fixtures/records.ts';

const notice: Notice = {
  key: `${buildIdOf(1)}:escalated`,
  builder: builderNamed('debian-base'),
  build: buildIdOf(1),
  subject: 'debian-base failed twice',
  message: 'AWS_CAPACITY: no capacity\nsee: hybridcore-packer logs',
};

describeWithMoto('operators behind a topic', () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.end());

  /** A topic with a subscriber, and a table. */
  const newPlace = async () => {
    const [sns, dynamo] = [new SNSClient(moto.clientOptions), new DynamoDBClient(moto.clientOptions)];
    const { TopicArn: topic = '' } = await sns.send(new CreateTopicCommand({ Name: `operators-${randomUUID()}` }));
    const inbox = await newInbox(new SQSClient(moto.clientOptions));
    await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint: inbox.arn }));
    const told = async () =>
      (await inbox.all()).map((body) => {
        const { Subject, Message } = JSON.parse(body) as { Subject: string; Message: string };
        return { subject: Subject, message: Message };
      });
    return { of: { topic, table: await newPlainTable(dynamo) }, dynamo, told };
  };

  operatorsContract('a topic', async () => {
    const place = await newPlace();
    const cuts: Cut[] = [];
    return {
      async open() {
        const sns = new SNSClient({ ...moto.clientOptions, maxAttempts: 1 });
        cuts.push(cutInto(sns, 'PublishCommand'));
        return snsOperators({ sns, dynamo: new DynamoDBClient(moto.clientOptions) }, place.of);
      },
      told: async () => (await place.told()).map(({ message }) => message),
      async cutOff(isCut) {
        for (const cut of cuts) cut.isCut = isCut;
      },
      remove: async () => undefined,
    };
  });

  it('a notice has a subject of its own, and an item in the table that says what it was', async () => {
    const { of, dynamo, told } = await newPlace();
    await snsOperators({ sns: new SNSClient(moto.clientOptions), dynamo }, of).notify(notice);
    expect(await told()).toEqual([
      {
        subject: 'debian-base failed twice',
        message: `debian-base failed twice (build ${buildIdOf(1)} of debian-base)\n\n${notice.message}`,
      },
    ]);
    const id = `notice#${digestOf(notice.key).slice('sha256:'.length)}`;
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: of.table, Key: { id: { S: id } } }));
    expect(Item).toMatchObject({ id: { S: id }, version: { N: '1' }, schema: { S: 'hybridcore-packer/notice/1' } });
    expect(JSON.parse(Item?.['document']?.S ?? '')).toMatchObject({ key: notice.key, builder: 'debian-base', build: buildIdOf(1) });
  });

  it('a notice that was told but could not be recorded is an error, and is told again: twice rather than never', async () => {
    const { of, dynamo, told } = await newPlace();
    const crashing = new DynamoDBClient({ ...moto.clientOptions, maxAttempts: 1 });
    const cut = cutInto(crashing, 'PutItemCommand');
    cut.isCut = true;
    const operators = snsOperators({ sns: new SNSClient(moto.clientOptions), dynamo: crashing }, of);
    await expect(operators.notify(notice)).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining(notice.key) },
    });
    expect((await dynamo.send(new ScanCommand({ TableName: of.table }))).Count).toBe(0);
    cut.isCut = false;
    for (let n = 0; n < 3; n += 1) await operators.notify(notice);
    expect(await told()).toHaveLength(2);
  });

  it('a notice that was told before is looked up and nothing more', async () => {
    const { of, dynamo } = await newPlace();
    const sns = new SNSClient(moto.clientOptions);
    await snsOperators({ sns, dynamo }, of).notify(notice);
    const calls = [callsOf(sns), callsOf(dynamo)];
    await snsOperators({ sns, dynamo }, of).notify(notice);
    expect(calls).toEqual([[], ['GetItemCommand']]);
  });

  it('a topic that is not there is a failure that says what to do', async () => {
    const { of, dynamo } = await newPlace();
    const operators = snsOperators({ sns: new SNSClient(moto.clientOptions), dynamo }, { ...of, topic: `${of.topic}-not` });
    await expect(operators.notify(notice)).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining('NotFound'), remedy: expect.stringContaining('deploy') },
    });
  });
});

describe('a notice as SNS takes it', () => {
  const sent = (changes: Partial<Notice>) => snsNotice({ ...notice, ...changes });

  it.each([
    ['a line of ASCII as it is', 'debian-base failed twice', 'debian-base failed twice'],
    ['letters without their accents', 'Ubuntu für Zoë – neu', 'Ubuntu fur Zoe ? neu'],
    ['one line, without what steers a terminal', ' one\n\ttwo\u001B[31m three\r\u0000', 'one two three'],
    ['another text where nothing of it is ASCII', '🦀 構築', 'debian-base: a notice of hybridcore-packer'],
    ['another text where it is empty', '', 'debian-base: a notice of hybridcore-packer'],
    ['at most 99 characters', 'x'.repeat(100), `${'x'.repeat(96)}...`],
    ['all of 99 characters', 'x'.repeat(99), 'x'.repeat(99)],
  ])('has for its subject %s', (_, subject, expected) => {
    expect(sent({ subject }).Subject).toBe(expected);
  });

  it('begins its message with the whole subject, whatever the subject had to lose', () => {
    const subject = `構築 ${'x'.repeat(300)}`;
    expect(sent({ subject }).Message).toBe(`${subject} (build ${buildIdOf(1)} of debian-base)\n\n${notice.message}`);
  });

  it('loses the middle of a message that is too long, and neither its beginning nor what to do, which comes last', () => {
    for (const letter of ['x', 'é', '構', '🦀']) {
      const { Subject, Message } = sent({ message: `the beginning\n${letter.repeat(300_000)}\nthe end` });
      const size = Buffer.byteLength(Message) + Buffer.byteLength(Subject);
      expect(size, letter).toBeLessThan(256 * 1024);
      expect(size, letter).toBeGreaterThan(240_000);
      expect(Message).toMatch(new RegExp(`build ${buildIdOf(1)} of debian-base\\)\n\nthe beginning\n${letter}`, 'u'));
      expect(Message.endsWith(`${letter}\nthe end`)).toBe(true);
      expect(Message).toMatch(/\n\[\.\.\. \d+ bytes are left out here \.\.\.\]\n/);
      expect(Message.isWellFormed()).toBe(true);
    }
  });

  it('holds nothing that is no text', () => {
    const { Message } = sent({ message: 'a\u0000b\u001B]0;title\u0007c\uD800d\n\te' });
    expect(Message).toContain('\n\nabc\uFFFDd\n\te');
  });
});
