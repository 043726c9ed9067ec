import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { keys } from '../../core/contract/keys.ts';
import { BuildId, BuilderName, RunId } from '../../core/identity.ts';
import { type AccessPolicies } from '../fixtures/aws/deployment/access-policies.ts';
import { type DeployedResource } from '../fixtures/aws/deployment/template.ts';
import { scriptBuilder, writeImageRepository } from '../fixtures/aws/stage/image-repository.ts';
import { type Deployed, account, deploy, may, region } from './deployed.ts';

/** Everything that somebody in a hurry might allow, on everything. */
const greed = [
  'cloudformation',
  'cloudwatch',
  'codebuild',
  'dynamodb',
  'ec2',
  'events',
  'iam',
  'kms',
  'lambda',
  'logs',
  's3',
  'scheduler',
  'sns',
  'sqs',
  'ssm',
  'sts',
];

let deployed: Deployed;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'greedy-'));
  try {
    const policies = [{ actions: greed.map((service) => `${service}:*`), resources: ['*'] }];
    const publish = { ssm_parameter: '/images/greedy/{channel}' };
    const schedule = { rate: '7 days' };
    const config = await writeImageRepository(folder, {
      scripts: { nothing: 'true' },
      builders: {
        greedy: scriptBuilder('nothing', { aws: { policies }, publish, schedule }),
        sibling: scriptBuilder('nothing', { aws: { policies: [{ actions: ['ec2:*'], resources: ['*'] }] } }),
      },
    });
    deployed = await deploy(config);
  } finally {
    await rm(folder, { recursive: true });
  }
});

const builder = BuilderName.parse('greedy');
const build = BuildId.parse('01J9Z3K4M5N6P7Q8R9S0T1V2W3');
const run = (project: string, id: string) => RunId.parse(`arn:aws:codebuild:${region}:${account}:build/${project}:${id}`);
const own = run('images_greedy', '0001');
const strangers = { 'another run': run('images_greedy', '0002'), "a sibling's run": run('images_sibling', '0003') };

const asAttempt = (action: string, resource: string, within: Partial<AccessPolicies> = {}) => {
  const { policies } = deployed;
  return may({ ...policies, ...within }, { principal: resourceOf('BuildersgreedyRole').name, session: own }, action, resource);
};
const bucketArn = () => resourceOf('StorageObjects').attribute('Arn');
const resourceOf = (name: string) => {
  const found = deployed.stack.resources.find(({ logicalId }) => logicalId.replace(/[0-9A-F]{8}$/, '') === name);
  if (found === undefined) throw new Error(`the stack has no ${name}`);
  return found;
};
const inStack = (service: string, name: string) => `arn:aws:${service}:${region}:${account}:${name}`;

const inApi = (below: string) => `arn:aws:apigateway:${region}::/restapis/${resourceOf('RestApi').ref}${below}`;

type Acts = (resource: DeployedResource) => readonly (readonly [action: string, resource: string])[];

const on = (resource: string, ...actions: string[]) => actions.map((action) => [action, resource] as const);

/** What could be done to each type of resource to harm the dispatcher, or to learn what is not the attempt's. */
const acts: Readonly<Record<string, Acts>> = {
  'AWS::ApiGateway::Account': () => on(`arn:aws:apigateway:${region}::/account`, 'apigateway:PATCH'),
  'AWS::ApiGateway::Deployment': () => on(inApi('/deployments/0a1b2c'), 'apigateway:DELETE', 'apigateway:PATCH'),
  'AWS::ApiGateway::RestApi': ({ ref }) => [
    ...on(inApi(''), 'apigateway:DELETE', 'apigateway:PATCH', 'apigateway:PUT'),
    ...on(inStack('execute-api', `${ref}/v1/POST/builders/greedy/publish`), 'execute-api:Invoke'),
  ],
  'AWS::ApiGateway::Stage': ({ name }) => on(inApi(`/stages/${name}`), 'apigateway:DELETE', 'apigateway:PATCH'),
  'AWS::CloudWatch::Alarm': (alarm) => on(alarm.attribute('Arn'), 'cloudwatch:DeleteAlarms', 'cloudwatch:DisableAlarmActions'),
  'AWS::CloudWatch::Dashboard': ({ name }) => on(`arn:aws:cloudwatch::${account}:dashboard/${name}`, 'cloudwatch:DeleteDashboards'),
  'AWS::CodeBuild::Project': (project) =>
    on(project.attribute('Arn'), 'codebuild:StartBuild', 'codebuild:StopBuild', 'codebuild:UpdateProject', 'codebuild:BatchGetBuilds'),
  'AWS::DynamoDB::Table': (table) => [
    ...on(table.attribute('Arn'), 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteTable', 'dynamodb:UpdateTable'),
    ...on(`${table.attribute('Arn')}/index/open-builds`, 'dynamodb:Query'),
  ],
  'AWS::Events::EventBus': (bus) => on(bus.attribute('Arn'), 'events:PutEvents', 'events:DeleteEventBus'),
  'AWS::Events::Rule': (rule) =>
    on(
      rule.properties['EventBusName'] === undefined ? rule.attribute('Arn') : inStack('events', `rule/images/${rule.name}`),
      'events:DisableRule',
      'events:PutTargets',
      'events:RemoveTargets',
    ),
  'AWS::IAM::ManagedPolicy': ({ ref }) => on(ref, 'iam:CreatePolicyVersion', 'iam:DeletePolicy'),
  'AWS::IAM::Role': (role) =>
    on(
      role.attribute('Arn'),
      'iam:AttachRolePolicy',
      'iam:DeleteRolePermissionsBoundary',
      'iam:PassRole',
      'iam:PutRolePolicy',
      'iam:UpdateAssumeRolePolicy',
      'sts:AssumeRole',
    ),
  'AWS::KMS::Key': (key) => on(key.attribute('Arn'), 'kms:Decrypt', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'),
  'AWS::Lambda::EventSourceMapping': ({ ref }) => on(inStack('lambda', `event-source-mapping:${ref}`), 'lambda:UpdateEventSourceMapping'),
  'AWS::Lambda::Function': (made) => [
    ...on(made.attribute('Arn'), 'lambda:InvokeFunction', 'lambda:UpdateFunctionCode', 'lambda:GetFunction', 'lambda:DeleteFunction'),
    ...on(`${made.attribute('Arn')}:live`, 'lambda:InvokeFunction'),
  ],
  'AWS::Logs::LogGroup': (group) => [
    ...on(group.attribute('Arn').replace(/:\*$/, ''), 'logs:DeleteLogGroup', 'logs:PutRetentionPolicy', 'logs:FilterLogEvents'),
    ...(group.logicalId.startsWith('BuildersgreedyLog')
      ? on(group.attribute('Arn').replace('*', 'log-stream:0002'), 'logs:GetLogEvents', 'logs:DeleteLogStream')
      : on(group.attribute('Arn').replace('*', 'log-stream:0002'), 'logs:PutLogEvents', 'logs:GetLogEvents')),
  ],
  'AWS::S3::Bucket': (bucket) =>
    on(bucket.attribute('Arn'), 's3:ListBucket', 's3:PutBucketPolicy', 's3:PutLifecycleConfiguration', 's3:DeleteBucket'),
  'AWS::SNS::Topic': ({ ref }) => on(ref, 'sns:Publish', 'sns:SetTopicAttributes', 'sns:DeleteTopic'),
  'AWS::SQS::Queue': (queue) =>
    on(queue.attribute('Arn'), 'sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:PurgeQueue', 'sqs:SetQueueAttributes'),
  'AWS::Scheduler::Schedule': ({ name, properties }) =>
    on(inStack('scheduler', `schedule/${String(properties['GroupName'])}/${name}`), 'scheduler:UpdateSchedule', 'scheduler:DeleteSchedule'),
  'AWS::Scheduler::ScheduleGroup': (group) => on(group.attribute('Arn'), 'scheduler:DeleteScheduleGroup'),
};

/** What is a setting of something else, and is changed by an act on that. */
const settings = new Set([
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::Permission',
  'AWS::Logs::MetricFilter',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
]);

/** What IAM knows no resource for: whoever may do it may do it to every one in the account. */
const withoutResource = new Set(['AWS::Logs::ResourcePolicy']);

describe('an attempt whose builder may do everything to everything', () => {
  it('does nothing to anything that the stack is made of, where it could but for its boundary', async () => {
    const reached: string[] = [];
    const kept: string[] = [];
    for (const resource of deployed.stack.resources.filter(({ type }) => !settings.has(type) && !withoutResource.has(type))) {
      const ofType = acts[resource.type];
      if (ofType === undefined) throw new Error(`say what could be done to ${resource.type}`);
      for (const [action, arn] of ofType(resource)) {
        if ((await asAttempt(action, arn)) === 'allowed') reached.push(`${action} on ${arn}`);
        if ((await asAttempt(action, arn, { boundaryOf: () => undefined })) === 'allowed') kept.push(`${action} on ${arn}`);
      }
    }
    expect(reached).toEqual([]);
    expect(kept.length).toBeGreaterThan(150);
  });

  it.each(Object.keys(strangers) as (keyof typeof strangers)[])(
    'neither reads, writes nor removes what %s hands over or is told',
    async (whose) => {
      const other = strangers[whose];
      for (const key of [keys.incoming(other).report, keys.incoming(other).log, keys.control(other, 'go'), keys.control(other, 'stop')])
        for (const action of ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:DeleteObject', 's3:PutObjectTagging'])
          expect(await asAttempt(action, `${bucketArn()}/${key}`), `${action} ${key}`).not.toBe('allowed');
    },
  );

  it.each([
    keys.newestManifest(builder),
    keys.manifest(builder, build),
    keys.newestSummary(builder),
    keys.log(builder, build, 1),
    keys.result(builder, build),
    `diag/${builder}/${build}.tar.gz`,
  ])('neither reads, writes nor removes %s', async (key) => {
    for (const action of ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'])
      expect(await asAttempt(action, `${bucketArn()}/${key}`), action).not.toBe('allowed');
  });

  it('neither tells itself to go, nor takes back what it has handed over, nor tags it', async () => {
    expect(await asAttempt('s3:PutObject', `${bucketArn()}/${keys.control(own, 'go')}`)).not.toBe('allowed');
    for (const action of ['s3:DeleteObject', 's3:GetObject', 's3:PutObjectTagging'])
      expect(await asAttempt(action, `${bucketArn()}/${keys.incoming(own).report}`), action).not.toBe('allowed');
  });

  it.each([
    ['replaces what the stack is deployed from', 's3:PutObject', `arn:aws:s3:::cdk-hnb659fds-assets-${account}-${region}/code.zip`],
    ['deploys', 'sts:AssumeRole', `arn:aws:iam::${account}:role/cdk-hnb659fds-deploy-role-${account}-${region}`],
    ['changes the stack', 'cloudformation:UpdateStack', inStack('cloudformation', 'stack/images/0a1b')],
    ['moves a channel', 'ssm:PutParameter', inStack('ssm', 'parameter/images/greedy/latest')],
  ])('never %s', async (_, action, resource) => {
    expect(await asAttempt(action, resource)).not.toBe('allowed');
  });

  it('hands over under its own run, hears what its own run is told, writes its log, and fetches what it runs', async () => {
    const log = resourceOf('BuildersgreedyLog').attribute('Arn').replace('*', 'log-stream:0001');
    const commandLine = deployed.stack.assets.find(({ key }) => key.endsWith('.cjs'));
    expect(commandLine).toBeDefined();
    for (const [action, resource] of [
      ...Object.values(keys.incoming(own)).map((key) => ['s3:PutObject', `${bucketArn()}/${key}`] as const),
      ...(['go', 'stop'] as const).map((word) => ['s3:GetObject', `${bucketArn()}/${keys.control(own, word)}`] as const),
      ['logs:CreateLogStream', log] as const,
      ['logs:PutLogEvents', log] as const,
      ['s3:GetObject', `arn:aws:s3:::${commandLine?.bucket ?? ''}/${commandLine?.key ?? ''}`] as const,
    ])
      expect(await asAttempt(action, resource), `${action} ${resource}`).toBe('allowed');
  });

  it("does what its policies allow to what is not the dispatcher's", async () => {
    for (const [action, resource] of [
      ['ec2:DescribeImages', '*'],
      ['s3:PutObject', 'arn:aws:s3:::images-of-ours/base.tar'],
      ['lambda:InvokeFunction', inStack('lambda', 'function:of-ours')],
      ['ssm:PutParameter', inStack('ssm', 'parameter/of-ours')],
      ['iam:PassRole', `arn:aws:iam::${account}:role/images-of-ours`],
      ['logs:PutLogEvents', inStack('logs', 'log-group:of-ours:log-stream:one')],
    ] as const)
      expect(await asAttempt(action, resource), `${action} ${resource}`).toBe('allowed');
  });
});
