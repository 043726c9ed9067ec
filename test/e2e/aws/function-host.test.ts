import { rm } from 'node:fs/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { type DeployedWorld, deployWorld } from '../../fixtures/aws/deployment/deployed-world.ts';
import { littleStack, littleStackName } from '../../fixtures/aws/deployment/little-stack.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';

describeWithMoto('a function as Lambda runs it', () => {
  let assembly: string;
  let world: DeployedWorld;
  beforeAll(async () => {
    assembly = await littleStack();
    world = await deployWorld({ assembly, stackName: littleStackName, guarded: true });
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await rm(assembly, { recursive: true });
  });
  afterEach(() => world.proxy.forget());

  const host = () => world.function('Function');
  const isRecorded = async (id: string) => {
    const client = new DynamoDBClient(world.moto.clientOptions);
    return (await client.send(new GetItemCommand({ TableName: 'little-table', Key: { id: { S: id } } }))).Item !== undefined;
  };

  it('finds the environment of its template and what Lambda adds, and nothing of this machine', async () => {
    const invocation = await host().invoke({ any: 'event' });
    expect(invocation).toMatchObject({ state: 'returned', value: { event: { any: 'event' } } });
    if (invocation.state !== 'returned') return;
    const { environment, left } = invocation.value as { environment: Record<string, string>; left: number };
    expect(environment).toMatchObject({
      TABLE: 'little-table',
      BUCKET: 'little-objects',
      AWS_LAMBDA_FUNCTION_NAME: 'little-function',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'little-functionrole',
      AWS_ENDPOINT_URL: world.proxy.endpoint,
    });
    expect(
      Object.keys(environment)
        .filter((name) => !/^(?:AWS_|LAMBDA_|TZ$|LANG$|PATH$)/.test(name))
        .toSorted(),
    ).toEqual(['BUCKET', 'SECRET', 'TABLE', 'TOPIC']);
    expect(left).toBeGreaterThan(1000);
    expect(left).toBeLessThanOrEqual(2000);
  });

  it('is called again in the same process, and in a new one once that is cold', async () => {
    await host().cool();
    const called = async () => (await host().invoke({})).lines.map((line) => (JSON.parse(line) as { invocations: number }).invocations);
    expect([await called(), await called()]).toEqual([[1], [2]]);
    await host().cool();
    expect(await called()).toEqual([1]);
  });

  it('is called in two processes where two call it at once', async () => {
    await host().cool();
    const [one, other] = await Promise.all([host().invoke({}), host().invoke({})]);
    expect([one.lines.join(), other.lines.join()].every((line) => line.includes('"invocations":1'))).toBe(true);
  });

  it('makes its calls in the name of its role', async () => {
    expect(await host().invoke({ do: 'record', id: 'a' })).toMatchObject({ state: 'returned', value: 'recorded' });
    const calls = world.proxy.calls.filter(({ service }) => service === 'dynamodb' || service === 'sns');
    expect(calls.map(({ principal, action, outcome }) => [principal, action, outcome])).toEqual([
      ['little-functionrole', 'TransactWriteItems', 'answered'],
      ['little-functionrole', 'Publish', 'answered'],
    ]);
  });

  it('says what it threw, with the lines that it wrote', async () => {
    const invocation = await host().invoke({ do: 'throw' });
    expect(invocation).toMatchObject({ state: 'failed', errorType: 'RangeError', errorMessage: 'as it was asked for' });
    expect(invocation.lines).toContain('this goes wrong');
  });

  it('is ended at its timeout, and the next call begins anew', async () => {
    await host().cool();
    const invocation = await host().invoke({ do: 'hang' });
    expect(invocation).toMatchObject({ state: 'timed-out' });
    expect(invocation.milliseconds).toBeGreaterThanOrEqual(1990);
    expect((await host().invoke({})).lines.join()).toContain('"invocations":1');
  });

  it('is known to be gone where it ends itself', async () => {
    expect(await host().invoke({ do: 'exit' })).toMatchObject({ state: 'killed' });
  });

  it('can be killed at a call that AWS never hears of', async () => {
    expect(await host().invoke({ do: 'record', id: 'before' }, { call: 1, at: 'before' })).toMatchObject({ state: 'killed' });
    expect(await isRecorded('before')).toBe(false);
  });

  it('can be killed once AWS has carried a call out, and before it hears of that', async () => {
    expect(await host().invoke({ do: 'record', id: 'after' }, { call: 1, at: 'after' })).toMatchObject({ state: 'killed' });
    expect(await isRecorded('after')).toBe(true);
    expect(world.proxy.calls.filter(({ service }) => service === 'sns')).toEqual([]);
  });

  it('can be killed at a time', async () => {
    expect(await host().invoke({ do: 'hang' }, { after: 200 })).toMatchObject({ state: 'killed' });
  });

  it('is not touched by a plan to kill it that it did not live to meet', async () => {
    expect(await host().invoke({}, { call: 1, at: 'before' })).toMatchObject({ state: 'returned' });
    expect(await host().invoke({ do: 'record', id: 'later' })).toMatchObject({ state: 'returned' });
  });
});
