import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { sqsTurns } from '../../../adapters/aws/sqs-turns.ts';
import { Turn, longestTurnDelay } from '../../../core/turn.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { buildIdOf, builderNamed } from '../../fixtures/records.ts';

describeWithMoto('turns in SQS', () => {
  let moto: Moto;
  let client: SQSClient;
  let queue: string;

  beforeAll(async () => {
    moto = await startMoto();
    client = new SQSClient(moto.clientOptions);
    queue = (await client.send(new CreateQueueCommand({ QueueName: 'turns' }))).QueueUrl ?? '';
  });
  afterAll(() => moto.end());

  const received = async () => {
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: queue }));
    return Messages.map(({ Body = '' }) => Turn.parse(JSON.parse(Body)));
  };

  it('come when their delay is over, rounded up to whole seconds', async () => {
    await sqsTurns(client, queue).send({ turn: builderNamed('base'), open: [buildIdOf(1)] }, 0);
    expect(await received()).toEqual([{ turn: 'base', open: [buildIdOf(1)] }]);
    const before = performance.now();
    await sqsTurns(client, queue).send({ turn: builderNamed('base') }, 1100);
    await expect.poll(received, { interval: 100 }).toEqual([{ turn: 'base' }]);
    expect(performance.now() - before).toBeGreaterThan(1900);
  });

  it('are held back as long as a queue can, and no longer', async () => {
    await sqsTurns(client, queue).send({ turn: builderNamed('base') }, longestTurnDelay);
    await expect(sqsTurns(client, queue).send({ turn: builderNamed('base') }, longestTurnDelay + 1)).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringContaining('the turn of base') },
    });
  });
});
