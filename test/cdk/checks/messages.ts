import { policyLines, resourcesOf } from '../template.ts';
import { type Check, justThese, sameLines } from './check.ts';

const kept = { MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true };
const account = { StringEquals: { 'aws:SourceAccount': 'ACCOUNT' } };
const alarms = JSON.stringify({ ...account, ArnLike: { 'aws:SourceArn': 'arn:aws:cloudwatch:REGION:ACCOUNT:alarm:*' } });
const insecure = '{"Bool":{"aws:SecureTransport":"false"}}';

const queueTlsOnly = (queue: string) => `Deny - {"AWS":"*"}: sqs:* on ${queue}.Arn if ${insecure}`;
const fromRule = (queue: string) =>
  `Allow RunStates {"Service":"events.amazonaws.com"}: sqs:SendMessage on ${queue}.Arn if {"ArnEquals":{"aws:SourceArn":"QueuesRunStates.Arn"}}`;

const queuePolicies: Readonly<Record<string, readonly string[]>> = {
  QueuesMissed: [queueTlsOnly('QueuesMissed')],
  QueuesQueue: [queueTlsOnly('QueuesQueue'), fromRule('QueuesQueue')],
  QueuesUndelivered: [queueTlsOnly('QueuesUndelivered'), fromRule('QueuesUndelivered')],
  QueuesUnprocessed: [queueTlsOnly('QueuesUnprocessed')],
};

const delivery = { Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] } };
const finalStates = ['Succeeded', 'Skipped', 'Failed', 'Stopped', 'Escalated', 'Quarantined'];

const counter = (log: string, what: string, metric: string) => ({
  FilterPattern: `{ ${what} }`,
  LogGroupName: log,
  MetricTransformations: [{ MetricName: metric, MetricNamespace: 'HybridcorePacker/images', MetricValue: '1', Unit: 'Count' }],
});

export const messageChecks: readonly Check[] = [
  {
    name: 'the queue sets aside what cannot be worked off, hides a message for six timeouts, and all queues are encrypted',
    problems: (template) =>
      justThese(template, 'AWS::SQS::Queue', {
        QueuesMissed: kept,
        QueuesUndelivered: kept,
        QueuesUnprocessed: kept,
        QueuesQueue: {
          ...kept,
          VisibilityTimeout: 720,
          RedrivePolicy: { deadLetterTargetArn: 'QueuesUnprocessed.Arn', maxReceiveCount: 5 },
        },
      }),
  },
  {
    name: 'queues are reached over TLS alone, and EventBridge sends to two of them for its one rule alone',
    problems: (template) => {
      const policies = resourcesOf(template, 'AWS::SQS::QueuePolicy');
      return Object.entries(queuePolicies).flatMap(([queue, expected]) =>
        sameLines(
          queue,
          expected,
          policies.filter(({ name }) => name === `${queue}Policy`).flatMap(({ properties }) => policyLines(properties['PolicyDocument'])),
        ),
      );
    },
  },
  {
    name: 'every queue policy is for its queue',
    problems: (template) =>
      justThese(
        template,
        'AWS::SQS::QueuePolicy',
        Object.fromEntries(Object.keys(queuePolicies).map((queue) => [`${queue}Policy`, { Queues: [queue] }])),
        ['PolicyDocument'],
      ),
  },
  {
    name: 'run states of this stack that are no longer under way go to the queue, and final states are kept in a log',
    problems: (template) =>
      justThese(template, 'AWS::Events::Rule', {
        QueuesRunStates: {
          Description: 'What CodeBuild says of the runs of this stack, once they have ended',
          State: 'ENABLED',
          EventPattern: {
            source: ['aws.codebuild'],
            'detail-type': ['CodeBuild Build State Change'],
            detail: { 'build-status': [{ 'anything-but': ['IN_PROGRESS'] }], 'project-name': [{ prefix: 'images_' }] },
          },
          Targets: [
            {
              Id: 'Queue',
              Arn: 'QueuesQueue.Arn',
              DeadLetterConfig: { Arn: 'QueuesUndelivered.Arn' },
              RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
            },
          ],
        },
        FinalStatesKeep: {
          Description: 'Keeps the events of final states in a log',
          State: 'ENABLED',
          EventBusName: 'FinalStatesBus',
          EventPattern: { source: ['hybridcore.packer'], 'detail-type': ['Build Ended'] },
          Targets: [{ Id: 'Log', Arn: 'arn:aws:logs:REGION:ACCOUNT:log-group:FinalStatesLog' }],
        },
      }),
  },
  {
    name: 'complete works off the queue, and answers for each message of a batch',
    problems: (template) =>
      justThese(template, 'AWS::Lambda::EventSourceMapping', {
        FunctionsMessages: {
          BatchSize: 10,
          EventSourceArn: 'QueuesQueue.Arn',
          FunctionName: 'FunctionsComplete.Arn',
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          ScalingConfig: { MaximumConcurrency: 5 },
        },
      }),
  },
  {
    name: 'final states have a bus of their own, whose events a log counts by state, as another the requests that came too fast',
    problems: (template) => [
      ...justThese(template, 'AWS::Events::EventBus', {
        FinalStatesBus: { Name: 'images', Description: 'The final state of every build' },
      }),
      ...justThese(
        template,
        'AWS::Logs::MetricFilter',
        Object.fromEntries([
          ...finalStates.map((state) => [
            `FinalStatesCount${state.toLowerCase()}`,
            counter('FinalStatesLog', `$.detail.state = "${state.toLowerCase()}"`, `Builds${state}`),
          ]),
          ['ApiMetricsThrottled', counter('RestApiLog', '$.refused = "THROTTLED"', 'RequestsThrottled')],
        ]),
      ),
      ...justThese(template, 'AWS::Logs::ResourcePolicy', {
        FinalStatesKeepPolicy: {
          PolicyName: 'images-final-states',
          PolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              { Sid: 'OpenStreams', Effect: 'Allow', ...delivery, Action: 'logs:CreateLogStream', Resource: 'FinalStatesLog.Arn' },
              {
                Sid: 'KeepFinalStates',
                Effect: 'Allow',
                ...delivery,
                Action: 'logs:PutLogEvents',
                Resource: 'FinalStatesLog.Arn',
                Condition: { ArnEquals: { 'aws:SourceArn': 'FinalStatesKeep.Arn' } },
              },
            ],
          }),
        },
      }),
    ],
  },
  {
    name: 'the operators have an encrypted topic, and those addresses that were named',
    problems: (template) => [
      ...justThese(template, 'AWS::SNS::Topic', {
        OperatorsTopic: { DisplayName: 'hybridcore-packer', KmsMasterKeyId: 'OperatorsKey.Arn' },
      }),
      ...justThese(template, 'AWS::SNS::Subscription', {
        OperatorsAddress1: { TopicArn: 'OperatorsTopic', Protocol: 'email', Endpoint: 'duty@example.com' },
      }),
      ...justThese(
        template,
        'AWS::KMS::Key',
        {
          OperatorsKey: {
            Description: 'Encrypts what the operators of hybridcore-packer are told',
            EnableKeyRotation: true,
            PendingWindowInDays: 30,
          },
        },
        ['KeyPolicy'],
      ),
    ],
  },
  {
    name: 'the topic takes what comes over TLS alone, from alarms of this account',
    problems: (template) => [
      ...justThese(template, 'AWS::SNS::TopicPolicy', { OperatorsTopicPolicy: { Topics: ['OperatorsTopic'] } }, ['PolicyDocument']),
      ...sameLines(
        'the topic',
        [
          `Allow AlarmsPublish {"Service":"cloudwatch.amazonaws.com"}: sns:Publish on OperatorsTopic if ${alarms}`,
          `Deny AllowPublishThroughSSLOnly "*": sns:Publish on OperatorsTopic if ${insecure}`,
        ],
        resourcesOf(template, 'AWS::SNS::TopicPolicy').flatMap(({ properties }) => policyLines(properties['PolicyDocument'])),
      ),
      ...sameLines(
        'the key',
        [
          'Allow - {"AWS":"arn:aws:iam::ACCOUNT:root"}: kms:* on *',
          ...['kms:Decrypt', 'kms:GenerateDataKey*'].map(
            (action) => `Allow AlarmsEncrypt {"Service":"cloudwatch.amazonaws.com"}: ${action} on * if ${alarms}`,
          ),
        ],
        resourcesOf(template, 'AWS::KMS::Key').flatMap(({ properties }) => policyLines(properties['KeyPolicy'])),
      ),
    ],
  },
];
