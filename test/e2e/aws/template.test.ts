import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { littleStack, littleStackName } from '../../fixtures/aws/deployment/little-stack.ts';
import { type DeployedStack, readStack } from '../../fixtures/aws/deployment/template.ts';

const place = { stackName: littleStackName, account: '123456789012', region: 'eu-west-1', queueEndpoint: 'http://127.0.0.1:1' };

describe('a synthesized template, read as a deployment reads it', () => {
  let assembly: string;
  let stack: DeployedStack;
  beforeAll(async () => {
    assembly = await littleStack();
    stack = readStack({ assembly, ...place });
  });
  afterAll(() => rm(assembly, { recursive: true }));

  const changed = (change: (resources: Record<string, { Properties: Record<string, unknown> }>) => void) =>
    readStack({
      assembly,
      ...place,
      mutate: ({ Resources }) => change(Resources as Record<string, { Properties: Record<string, unknown> }>),
    });

  it('puts names, ARNs and pseudo parameters in, wherever they stand', () => {
    const { properties } = stack.resource('Function');
    expect(properties['Code']).toEqual({ S3Bucket: 'assets-123456789012-eu-west-1', S3Key: 'function.zip' });
    expect(properties['Role']).toBe('arn:aws:iam::123456789012:role/little-functionrole');
    expect(properties['Environment']).toMatchObject({
      Variables: { TABLE: 'little-table', TOPIC: 'arn:aws:sns:eu-west-1:123456789012:people' },
    });
    expect(stack.resource('Objects').properties['Tags']).toEqual([{ Key: 'stack', Value: 'little' }]);
    expect(stack.outputs).toEqual({ Bucket: 'little-objects' });
  });

  it('knows a queue by its URL and its ARN', () => {
    const queue = stack.resource('Queue');
    expect(queue.ref).toBe('http://127.0.0.1:1/123456789012/little-queue');
    expect(queue.attribute('Arn')).toBe('arn:aws:sqs:eu-west-1:123456789012:little-queue');
  });

  it('leaves dynamic references and the variables of policies alone', () => {
    expect(stack.resource('Function').properties).toMatchObject({
      Environment: { Variables: { SECRET: '{{resolve:secretsmanager:a:SecretString}}' } },
    });
    expect(JSON.stringify(stack.resource('BuildRole').properties)).toContain(
      'arn:aws:s3:::little-objects/incoming/${codebuild:buildArn}/*',
    );
  });

  it('has no resource whose condition is not true', () => {
    expect(stack.resources.map(({ logicalId }) => logicalId)).not.toContain('Unwanted');
    expect(() => stack.resource('Unwanted')).toThrow('the stack has no Unwanted');
  });

  it('says what is published from where to where, without the template', () => {
    expect(stack.assets).toEqual([
      { path: join(assembly, 'asset.function'), packaging: 'zip', bucket: 'assets-123456789012-eu-west-1', key: 'function.zip' },
      { path: join(assembly, 'asset.text.txt'), packaging: 'file', bucket: 'assets-123456789012-eu-west-1', key: 'text.txt' },
    ]);
  });

  it.each([
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Table' }]] }, 'a-little-table'],
    [
      'Fn::Sub with variables',
      { 'Fn::Sub': ['${A}/${Table}/${Table.Arn}/${!A}', { A: { Ref: 'AWS::Region' } }] },
      'eu-west-1/little-table/arn:aws:dynamodb:eu-west-1:123456789012:table/little-table/${A}',
    ],
    ['Fn::Select of Fn::Split', { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::GetAtt': 'Queue.Arn' }] }] }, 'little-queue'],
    ['Fn::If', { 'Fn::If': ['Never', 'yes', 'no'] }, 'no'],
    ['a parameter', { Ref: 'BootstrapVersion' }, '/cdk-bootstrap/x/version'],
  ])('carries out %s', (_, value, expected) => {
    expect(changed(({ Dead }) => Dead && (Dead.Properties['Value'] = value)).resource('Dead').properties['Value']).toBe(expected);
  });

  it('takes away what is AWS::NoValue', () => {
    const stack = changed(({ Dead }) => Dead && (Dead.Properties['Value'] = [{ Ref: 'AWS::NoValue' }, { A: { Ref: 'AWS::NoValue' } }]));
    expect(stack.resource('Dead').properties['Value']).toEqual([{}]);
  });

  it.each([
    ['a resource that is not there', { Ref: 'Nobody' }, 'the template refers to Nobody'],
    ['an attribute that is not there', { 'Fn::GetAtt': ['Table', 'Colour'] }, 'its attribute Colour is not in'],
    ['a function that it does not know', { 'Fn::GetAZs': '' }, 'Fn::GetAZs is not among'],
    ['a circle', { Ref: 'Dead' }, 'the template goes in a circle: Dead → Dead'],
  ])('refuses %s', (_, value, message) => {
    expect(() => changed(({ Dead }) => Dead && (Dead.Properties['QueueName'] = value))).toThrow(message);
  });

  it('refuses a type of which it does not know how it is named', () => {
    const mutate = ({ Resources }: Record<string, unknown>) =>
      Object.assign(Resources as object, { Pond: { Type: 'AWS::Pond::Duck', Properties: {} } });
    expect(() => readStack({ assembly, ...place, mutate })).toThrow('AWS::Pond::Duck is not in resource-identities.ts');
  });

  it('gives long names an end of their own', () => {
    const long = 'A'.repeat(80);
    const mutate = ({ Resources }: Record<string, unknown>) =>
      Object.assign(Resources as object, { [`${long}1`]: { Type: 'AWS::SQS::Queue' }, [`${long}2`]: { Type: 'AWS::SQS::Queue' } });
    const stack = readStack({ assembly, ...place, mutate });
    expect(stack.resource(`${long}1`).name).toHaveLength(63);
    expect(stack.resource(`${long}1`).name).not.toBe(stack.resource(`${long}2`).name);
  });
});
