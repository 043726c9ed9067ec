import { Aws } from 'aws-cdk-lib';
import { type Table } from 'aws-cdk-lib/aws-dynamodb';
import { type IBucket } from 'aws-cdk-lib/aws-s3';

import { type FinalStates } from './final-states.ts';
import { type Functions } from './functions.ts';
import { type OperatorsTopic } from './operators-topic.ts';
import { iamPath } from './permissions.ts';
import { type Queues } from './queues.ts';
import { type RestApi } from './rest-api.ts';
import { type Storage } from './storage.ts';

export interface DispatchersOwn {
  readonly table: Table;
  readonly storage: Storage;
  readonly functions: Functions;
  readonly api: RestApi;
  readonly queues: Queues;
  readonly operators: OperatorsTopic;
  readonly finalStates: FinalStates;
  /** What the names of the stack's projects begin with. */
  readonly projectPrefix: string;
  /** The bucket that the deployment publishes to: the code of the functions is there, and the image repository. */
  readonly assets: IBucket;
}

/**
 * All that the stack is made of and deployed by, as patterns of IAM. What is named by the stack's name is so in any region. What
 * CloudFormation names ends with characters of its own, so a pattern that goes on from there fits nothing of anybody else.
 */
export function outOfReach(stackName: string, own: DispatchersOwn): string[] {
  const { table, storage, functions, api, queues, operators, finalStates, projectPrefix, assets } = own;
  const andBelow = [
    ...[storage.bucket, storage.accessLogs, assets].map(({ bucketArn }) => bucketArn),
    table.tableArn,
    ...Object.values(functions.byName).map(({ functionArn }) => functionArn),
    operators.topic.topicArn,
  ].map((arn) => `${arn}*`);
  const alone = [
    ...[queues.queue, queues.missed, queues.undelivered, queues.unprocessed].map(({ queueArn }) => queueArn),
    operators.key.keyArn,
    finalStates.bus.eventBusArn,
    queues.runStates.attrArn,
  ];
  const byName = [
    // By its setting the API's access log is written.
    'apigateway:*::/account',
    `apigateway:*::/restapis/${api.api.restApiId}*`,
    `cloudformation:*:*:stack/${stackName}/*`,
    `cloudwatch:*:*:alarm:${stackName}-*`,
    `cloudwatch::*:dashboard/${stackName}`,
    `codebuild:*:*:build/${projectPrefix}*`,
    `codebuild:*:*:project/${projectPrefix}*`,
    `events:*:*:rule/${stackName}/*`,
    `execute-api:*:*:${api.api.restApiId}/*`,
    `iam::*:policy${iamPath(stackName)}*`,
    `iam::*:role${iamPath(stackName)}*`,
    // Whoever takes a role that the CDK deploys by may do anything.
    'iam::*:role/cdk-*',
    `lambda:*:*:event-source-mapping:${functions.mapping.ref}`,
    `logs:*:*:log-group:${stackName}-*`,
    `logs:*:*:log-group:${finalStates.logGroupName}*`,
    `scheduler:*:*:schedule-group/${stackName}`,
    `scheduler:*:*:schedule/${stackName}/*`,
  ].map((name) => `arn:${Aws.PARTITION}:${name}`);
  return [...andBelow, ...alone, ...byName];
}
