import { rm } from 'node:fs/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand, SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type DeployedWorld, deployWorld } from '../../fixtures/aws/deployment/deployed-world.ts';
import { announcedEvents, deliverEvent } from '../../fixtures/aws/deployment/event-rules.ts';
import { QueueMapping } from '../../fixtures/aws/deployment/event-source.ts';
import { invokeAsynchronously } from '../../fixtures/aws/deployment/function-invocation.ts';
import { littleStack, littleStackName } from '../../fixtures/aws/deployment/little-stack.ts';
import { fireSchedule } from '../../fixtures/aws/deployment/scheduler.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';

describeWithMoto('events on their way to a function', () => {
  let assembly: string;
  let world: DeployedWorld;
  let sqs: SQSClient;
  let mapping: QueueMapping;
  beforeAll(async () => {
    assembly = await littleStack();
    world = await deployWorld({ assembly, stackName: littleStackName, guarded: true });
    sqs = new SQSClient(world.moto.clientOptions);
    const { stack, proxy, moto } = world;
    mapping = new QueueMapping({ stack, proxy, direct: moto.clientOptions }, stack.resource('Mapping'), world.function('Function'));
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await rm(assembly, { recursive: true });
  });

  const send = (body: string) => sqs.send(new SendMessageCommand({ QueueUrl: world.stack.resource('Queue').ref, MessageBody: body }));
  /** What a queue holds, and holds no longer. */
  const bodiesIn = async (logicalId: string) => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: world.stack.resource(logicalId).ref, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    return Messages.map(({ Body }) => Body);
  };

  it('deletes the messages of a batch that went well, and lets the others come again until they are dead letters', async () => {
    for (const body of ['good', 'bad one', 'good too']) await send(body);
    const first = await mapping.poll();
    expect(first).toMatchObject({ received: 3, invocation: { state: 'returned' } });
    expect(first.failed).toHaveLength(1);
    // Hidden still.
    expect(await mapping.poll()).toEqual({ received: 0, invocation: undefined, failed: [] });
    await mapping.comeAgain();
    expect(await mapping.poll()).toMatchObject({ received: 1, failed: first.failed });
    await mapping.comeAgain();
    expect(await mapping.poll()).toMatchObject({ received: 0 });
    expect(await bodiesIn('Dead')).toEqual(['bad one']);
  });

  it('calls the function with the records that Lambda makes of messages', async () => {
    await send('good');
    world.proxy.forget();
    const { invocation } = await mapping.poll();
    expect(invocation?.lines.join()).toContain('CALLED');
    const role = world.function('Function').definition.roleName;
    expect(world.proxy.calls.filter(({ service }) => service === 'sqs').map(({ principal, action }) => [principal, action])).toEqual([
      [role, 'GetQueueAttributes'],
      [role, 'ReceiveMessage'],
      [role, 'DeleteMessageBatch'],
    ]);
  });

  it('fails the whole batch where the function is killed, and nothing is lost', async () => {
    await send('slow');
    world.function('Function').killNext({ after: 100 });
    const poll = await mapping.poll();
    expect(poll).toMatchObject({ received: 1, invocation: { state: 'killed' }, failed: [expect.any(String)] });
    await mapping.comeAgain();
    expect(await mapping.drain()).toMatchObject([{ received: 1, failed: [] }]);
  });

  it('brings an event that a rule fits to its queue, in the name of the rule', async () => {
    const event = (status: string) => ({ source: 'aws.codebuild', detail: { 'build-status': status } });
    world.proxy.forget();
    const queue = world.stack.resource('Queue').attribute('Arn');
    expect(await deliverEvent(world, event('IN_PROGRESS'))).toEqual([]);
    expect(await deliverEvent(world, event('FAILED'), { bus: 'little' })).toEqual([]);
    expect(await deliverEvent(world, event('FAILED'))).toEqual([{ rule: 'Rule', to: queue }]);
    expect(world.proxy.calls.map(({ principal, session, action }) => [principal, session, action])).toEqual([
      ['events.amazonaws.com', world.stack.resource('Rule').attribute('Arn'), 'SendMessage'],
    ]);
    expect(await mapping.poll()).toMatchObject({ received: 1, failed: [] });
  });

  it('sets an event aside whose target cannot be reached', async () => {
    const [queue, missed] = ['Queue', 'Missed'].map((name) => world.stack.resource(name).attribute('Arn'));
    const event = { source: 'aws.codebuild', detail: { 'build-status': 'FAILED' } };
    expect(await deliverEvent(world, event, { unreachable: [queue ?? ''] })).toEqual([{ rule: 'Rule', to: missed }]);
    expect(await bodiesIn('Missed')).toEqual([JSON.stringify(event)]);
  });

  it('brings what is put on a bus of its own to the log that keeps it, in the name of the rule', async () => {
    const { stack, proxy } = world;
    const client = new EventBridgeClient({ ...world.moto.clientOptions, endpoint: proxy.endpoint });
    proxy.guard(() => Promise.resolve(null));
    await client.send(
      new PutEventsCommand({ Entries: [{ Source: 'little', DetailType: 'Ended', Detail: '{"state":"failed"}', EventBusName: 'little' }] }),
    );
    proxy.guard(world.leastPrivilege.denial);
    const call = proxy.calls.find(({ action }) => action === 'PutEvents');
    const [announced] = call === undefined ? [] : announcedEvents(stack, call);
    expect(announced).toMatchObject({ bus: 'little', event: { source: 'little', 'detail-type': 'Ended', detail: { state: 'failed' } } });
    proxy.forget();
    const log = 'arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/final';
    expect(await deliverEvent(world, announced?.event, { bus: 'little' })).toEqual([{ rule: 'KeepFinal', to: log }]);
    expect(proxy.calls.map(({ principal, action, parameters }) => [principal, action, parameters['logGroupName']])).toEqual(
      ['CreateLogStream', 'PutLogEvents'].map((action) => ['events.amazonaws.com', action, '/aws/events/final']),
    );
  });

  it('fires a schedule with its time in the input', async () => {
    const firing = await fireSchedule(
      { ...world, functionAt: (arn) => world.function(arn) },
      'Schedule',
      new Date('2026-11-22T03:00:00.123Z'),
    );
    expect(firing).toMatchObject({ state: 'invoked', tries: [{ state: 'returned', value: 'recorded' }], setAside: false });
    expect(JSON.stringify(world.proxy.calls.find(({ action }) => action === 'TransactWriteItems')?.parameters)).toContain(
      '"2026-11-22T03:00:00Z"',
    );
  });

  it('sets a schedule aside whose function cannot be reached', async () => {
    const firing = await fireSchedule({ ...world, functionAt: () => undefined }, 'Schedule', new Date());
    expect(firing).toEqual({ state: 'undelivered', to: world.stack.resource('Missed').attribute('Arn') });
    expect(await bodiesIn('Missed')).toHaveLength(1);
  });

  it('tries an event that nobody waits for again as often as the function says, and then sets it aside', async () => {
    const { tries, setAside } = await invokeAsynchronously(world, world.function('Function'), { do: 'throw' });
    expect(tries.map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(setAside).toBe(true);
    expect(await bodiesIn('Missed')).toEqual(['{"do":"throw"}']);
  });
});
