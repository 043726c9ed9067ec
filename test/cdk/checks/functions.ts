import { resourcesOf } from '../template.ts';
import { type Check, justThese, sameValue } from './check.ts';

const shapes = {
  Dispatch: {
    Description: 'Accepts requests for builds',
    MemorySize: 1024,
    Timeout: 60,
    RecursiveLoop: 'Terminate',
  },
  Complete: {
    Description: 'Starts runs, classifies ended ones, seals, retries once, tells people',
    MemorySize: 2048,
    Timeout: 120,
    RecursiveLoop: 'Allow',
  },
  Reconcile: { Description: 'Finds what a crash or a lost event left', MemorySize: 512, Timeout: 60, RecursiveLoop: 'Terminate' },
  Api: {
    Description: 'Answers the API: asks, stops, publishes, releases, reads',
    MemorySize: 2048,
    Timeout: 29,
    RecursiveLoop: 'Terminate',
  },
} as const;

const environment = {
  HYBRIDCORE_TABLE: 'Records',
  HYBRIDCORE_BUCKET: 'StorageObjects',
  HYBRIDCORE_TOPIC_ARN: 'OperatorsTopic',
  HYBRIDCORE_EVENT_BUS: 'FinalStatesBus',
  HYBRIDCORE_QUEUE_URL: 'QueuesQueue',
  HYBRIDCORE_PROJECT_PREFIX: 'images_',
  HYBRIDCORE_SERVICE: 'images',
};

const common = (name: string) => ({
  Architectures: ['arm64'],
  Code: { S3Bucket: 'cdk-hnb659fds-assets-ACCOUNT-REGION', S3Key: 'DIGEST.zip' },
  Handler: 'index.handler',
  LoggingConfig: { LogFormat: 'JSON', LogGroup: `Functions${name}Log` },
  Role: `Functions${name}Role.Arn`,
  Runtime: 'nodejs24.x',
});

const schedule = (about: object, target: object) => ({
  FlexibleTimeWindow: { Mode: 'OFF' },
  GroupName: 'SchedulesGroup',
  State: 'ENABLED',
  ...about,
  Target: { DeadLetterConfig: { Arn: 'QueuesMissed.Arn' }, ...target },
});
const build = (builder: string, request: object) => ({
  Arn: 'FunctionsDispatch.Arn',
  RoleArn: 'SchedulesBuildsRole.Arn',
  Input: JSON.stringify({ by: 'schedule', request: { builder, client_token: '<aws.scheduler.scheduled-time>', ...request } }),
  RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
});

export const functionChecks: readonly Check[] = [
  {
    name: 'functions are of Node 24 on arm64, with their own role, log and time; what is invoked asynchronously keeps what it fails on',
    problems: (template) =>
      justThese(
        template,
        'AWS::Lambda::Function',
        {
          FunctionsDispatch: { ...common('Dispatch'), ...shapes.Dispatch, DeadLetterConfig: { TargetArn: 'QueuesMissed.Arn' } },
          FunctionsComplete: { ...common('Complete'), ...shapes.Complete },
          FunctionsReconcile: { ...common('Reconcile'), ...shapes.Reconcile },
          FunctionsApi: { ...common('Api'), ...shapes.Api },
        },
        ['Environment'],
      ),
  },
  ...Object.keys(shapes).map((name): Check => ({
    name: `Functions${name} finds in its environment where the rest of the stack is`,
    problems: (template) =>
      resourcesOf(template, 'AWS::Lambda::Function')
        .filter((each) => each.name === `Functions${name}`)
        .flatMap(({ properties }) => sameValue(`the environment of ${name}`, { Variables: environment }, properties['Environment'])),
  })),
  {
    name: 'a sweep that fails is not tried again, since the next is due',
    problems: (template) =>
      justThese(template, 'AWS::Lambda::EventInvokeConfig', {
        FunctionsReconcileEventInvokeConfig: { FunctionName: 'FunctionsReconcile', MaximumRetryAttempts: 0, Qualifier: '$LATEST' },
      }),
  },
  {
    name: 'each builder with a schedule has one, on time and under the token of that time; the sweep comes every five minutes',
    problems: (template) => [
      ...justThese(template, 'AWS::Scheduler::ScheduleGroup', { SchedulesGroup: { Name: 'images' } }),
      ...justThese(template, 'AWS::Scheduler::Schedule', {
        SchedulesReconcile: schedule(
          { ScheduleExpression: 'rate(5 minutes)' },
          {
            Arn: 'FunctionsReconcile.Arn',
            RoleArn: 'SchedulesSweepRole.Arn',
            RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 },
          },
        ),
        SchedulesBuilderplain: schedule({ ScheduleExpression: 'rate(7 days)', ScheduleExpressionTimezone: 'UTC' }, build('plain', {})),
        SchedulesBuilderfull: schedule(
          { ScheduleExpression: 'cron(0 3 ? * SUN *)', ScheduleExpressionTimezone: 'Europe/Berlin' },
          build('full', { only_if_changed: true, max_age: '30d' }),
        ),
      }),
    ],
  },
];
