import { beforeAll, describe, expect, it } from 'vitest';

import { type Deployed, account, deploy, may, region } from './deployed.ts';
import { fullConfig } from './plans.ts';

let deployed: Deployed;
beforeAll(async () => {
  deployed = await deploy(fullConfig);
});

describe('the encrypted topic of the operators', () => {
  const alarm = `arn:aws:cloudwatch:${region}:${account}:alarm:images-Alarms`;
  const asked = async (principal: string, session: string) => {
    const of = (type: string) => {
      const [first] = deployed.stack.ofType(type);
      if (first === undefined) throw new Error(`the stack has no ${type}`);
      return first;
    };
    const [topic, key] = [of('AWS::SNS::Topic').ref, of('AWS::KMS::Key').attribute('Arn')];
    const answers = [];
    for (const [action, resource] of [
      ['sns:Publish', topic],
      ['kms:GenerateDataKey', key],
      ['kms:Decrypt', key],
    ] as const)
      answers.push((await may(deployed.policies, { principal, session }, action, resource)) === 'allowed');
    return answers;
  };

  it('lets the alarms of this account publish under its key', async () => {
    expect(await asked('cloudwatch.amazonaws.com', alarm)).toEqual([true, true, true]);
  });

  it.each([
    ['alarms of another account', 'cloudwatch.amazonaws.com', alarm.replace(account, '210987654321')],
    // Final states go to the bus, and are told by functions: no rule has the topic for a target.
    ['rules of EventBridge', 'events.amazonaws.com', `arn:aws:events:${region}:${account}:rule/images-QueuesRunStates`],
    ['buckets', 's3.amazonaws.com', 'arn:aws:s3:::images'],
  ])('and no %s', async (_, principal, session) => {
    expect(await asked(principal, session)).toEqual([false, false, false]);
  });

  it('is the target of no rule', () => {
    const [topic] = deployed.stack.ofType('AWS::SNS::Topic');
    expect(topic).toBeDefined();
    expect(JSON.stringify(deployed.stack.ofType('AWS::Events::Rule').map(({ properties }) => properties))).not.toContain(topic?.ref);
  });
});
