import { type Template, listOf, resourcesOf, shown } from '../template.ts';
import { type Check, justThese, sameLines, sameValue } from './check.ts';

const queue = (name: string) => ({
  Namespace: 'AWS/SQS',
  MetricName: 'ApproximateNumberOfMessagesVisible',
  Dimensions: [{ Name: 'QueueName', Value: `${name}.QueueName` }],
  Statistic: 'Maximum',
});
const lambda = (name: string, metric: string) => ({
  Namespace: 'AWS/Lambda',
  MetricName: metric,
  Dimensions: [{ Name: 'FunctionName', Value: `Functions${name}` }],
  Statistic: 'Sum',
});
const counted = (metric: string) => ({
  Namespace: 'HybridcorePacker',
  MetricName: metric,
  Dimensions: [{ Name: 'service', Value: 'images' }],
  Statistic: 'Sum',
});
const ended = (state: string) => ({ Namespace: 'HybridcorePacker/images', MetricName: `Builds${state}`, Statistic: 'Sum' });

const apiMetric = (metric: string) => ({
  Namespace: 'AWS/ApiGateway',
  MetricName: metric,
  Dimensions: [
    { Name: 'ApiName', Value: 'images' },
    { Name: 'Stage', Value: 'RestApiDeploymentStagev1' },
  ],
  Statistic: 'Sum',
});

const alarm = (says: string, entry: string, about: object) => ({
  AlarmActions: ['OperatorsTopic'],
  AlarmDescription: `${says} Runbook: https://example.com/runbook.md#${entry}`,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  EvaluationPeriods: 1,
  Period: 300,
  Threshold: 1,
  TreatMissingData: 'notBreaching',
  ...about,
});

const ofFunction = (title: string) => {
  const name = title.toLowerCase();
  return {
    [`Alarms${title}Errors`]: alarm(`The function ${name} failed.`, 'function-errors', lambda(title, 'Errors')),
    [`Alarms${title}Throttles`]: alarm(`The function ${name} was throttled.`, 'function-throttles', {
      ...lambda(title, 'Throttles'),
      ...(title === 'Reconcile' ? { EvaluationPeriods: 6 } : {}),
    }),
  };
};

const sweepMetric = (id: string, metric: string) => ({
  Id: id,
  MetricStat: {
    Metric: { Namespace: 'AWS/Lambda', MetricName: metric, Dimensions: [{ Name: 'FunctionName', Value: 'FunctionsReconcile' }] },
    Period: 300,
    Stat: 'Sum',
  },
  ReturnData: false,
});

const alarms: Readonly<Record<string, Record<string, unknown>>> = {
  AlarmsUndeliveredEvents: alarm('Events of the build service did not reach the queue.', 'undelivered-events', queue('QueuesUndelivered')),
  AlarmsUnprocessedMessages: alarm('complete failed on messages, again and again.', 'unprocessed-messages', queue('QueuesUnprocessed')),
  AlarmsMissedSchedules: alarm('Schedules were not delivered, or dispatch failed on them.', 'missed-schedules', queue('QueuesMissed')),
  AlarmsOldMessages: alarm('complete does not keep up with its queue.', 'old-messages', {
    ...queue('QueuesQueue'),
    MetricName: 'ApproximateAgeOfOldestMessage',
    Threshold: 1800,
  }),
  ...ofFunction('Dispatch'),
  ...ofFunction('Complete'),
  ...ofFunction('Reconcile'),
  ...ofFunction('Api'),
  AlarmsRequestsFailed: alarm('The API answered requests with 5xx.', 'requests-failed', apiMetric('5XXError')),
  AlarmsRequestsThrottled: alarm('For half an hour the API has had more requests than it takes.', 'requests-throttled', {
    Namespace: 'HybridcorePacker/images',
    MetricName: 'RequestsThrottled',
    Statistic: 'Sum',
    EvaluationPeriods: 6,
  }),
  AlarmsBuildsEscalated: alarm('A build failed twice.', 'builds-escalated', ended('Escalated')),
  AlarmsBuildsQuarantined: alarm('A security or retention violation closed a builder.', 'builds-quarantined', ended('Quarantined')),
  AlarmsSchedulesRefused: alarm(
    'A schedule asked for a build that was refused, and nobody reads the answer.',
    'schedules-refused',
    counted('SchedulesRefused'),
  ),
  AlarmsSweepProblems: alarm('Three sweeps in a row could not go on with something.', 'sweep-problems', {
    ...counted('SweepProblems'),
    EvaluationPeriods: 3,
  }),
  AlarmsMessagesUnreadable: alarm(
    'complete dropped messages that it could not read.',
    'messages-unreadable',
    counted('MessagesUnreadable'),
  ),
  AlarmsSweepNotRunning: {
    AlarmActions: ['OperatorsTopic'],
    AlarmDescription:
      'No sweep has ended well for a quarter of an hour: what an event did not tell stays unfinished. Runbook: https://example.com/runbook.md#sweep-not-running',
    ComparisonOperator: 'LessThanThreshold',
    EvaluationPeriods: 3,
    Threshold: 1,
    TreatMissingData: 'breaching',
    Metrics: [
      { Expression: 'FILL(invocations, 0) - FILL(errors, 0)', Id: 'expr_1', Label: 'sweeps that ended well', ReturnData: true },
      sweepMetric('invocations', 'Invocations'),
      sweepMetric('errors', 'Errors'),
    ],
  },
};

const outputs = {
  ApiUrl: 'https://RestApi.execute-api.REGION.amazonaws.com/v1',
  AskPolicy: 'RestApiAskPolicy',
  AuditPolicy: 'RestApiAuditPolicy',
  PublishPolicy: 'RestApiPublishPolicy',
  ReleasePolicy: 'RestApiReleasePolicy',
  RetainPolicy: 'RestApiRetainPolicy',
  DispatchFunction: 'FunctionsDispatch',
  Table: 'Records',
  Bucket: 'StorageObjects',
  OperatorsTopic: 'OperatorsTopic',
  EventBus: 'FinalStatesBus',
  Queue: 'QueuesQueue',
  ProjectPrefix: 'images_',
  Dashboard: 'Dashboard',
};

/** What CloudFormation gives no tags, or the checkers of templates do not know to have any. */
const untagged = new Set([
  'AWS::ApiGateway::Account',
  'AWS::ApiGateway::Deployment',
  'AWS::CloudWatch::Dashboard',
  'AWS::IAM::ManagedPolicy',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::Permission',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::ResourcePolicy',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::Scheduler::Schedule',
]);

/** What holds evidence outlives the stack. */
const retained = [
  'BuildersfullLog',
  'BuildersplainLog',
  'FunctionsApiLog',
  'FunctionsCompleteLog',
  'FunctionsDispatchLog',
  'FunctionsReconcileLog',
  'Records',
  'RestApiAccount',
  'RestApiLog',
  'RestApiLogWriter',
  'StorageAccessLogs',
  'StorageObjects',
];

export const watchingChecks: readonly Check[] = [
  {
    name: 'alarms tell the operators what needs a person, and link the entry of the runbook',
    problems: (template) => justThese(template, 'AWS::CloudWatch::Alarm', alarms),
  },
  {
    name: 'one dashboard shows alarms, builds, queues, functions and the API',
    problems: (template) => [
      ...justThese(template, 'AWS::CloudWatch::Dashboard', { Dashboard: { DashboardName: 'images' } }, ['DashboardBody']),
      ...resourcesOf(template, 'AWS::CloudWatch::Dashboard').flatMap(({ properties }) =>
        sameValue('the dashboard', widgets, titlesOf(properties['DashboardBody'])),
      ),
    ],
  },
  {
    name: 'logs are kept as long as what their builder leaves, and those of functions for a year',
    problems: (template) =>
      justThese(template, 'AWS::Logs::LogGroup', {
        BuildersplainLog: { RetentionInDays: 365 },
        BuildersfullLog: { RetentionInDays: 2557 },
        FunctionsDispatchLog: { RetentionInDays: 365 },
        FunctionsCompleteLog: { RetentionInDays: 365 },
        FunctionsReconcileLog: { RetentionInDays: 365 },
        FunctionsApiLog: { RetentionInDays: 365 },
        RestApiLog: { RetentionInDays: 365 },
        FinalStatesLog: { LogGroupName: '/aws/events/images-final-states', RetentionInDays: 365 },
      }),
  },
  {
    name: 'the outputs say what the command line and a person have to know',
    problems: (template) =>
      sameValue(
        'the outputs',
        outputs,
        Object.fromEntries(Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [name, Value])),
      ),
  },
  {
    name: 'what holds evidence outlives the stack, and nothing else',
    problems: (template) => [
      ...sameLines('what outlives the stack', retained, namesWhere(template, 'DeletionPolicy')),
      ...sameLines('what outlives a replacement', retained, namesWhere(template, 'UpdateReplacePolicy')),
    ],
  },
  {
    name: 'everything carries the tag of the stack, and what is there for one builder its tag',
    problems: (template) =>
      [...new Set(Object.values(template.Resources).map(({ Type }) => Type))]
        .flatMap((type) => resourcesOf(template, type))
        .flatMap(({ name, resource, properties }) => {
          const builder = /^Builders([a-z]+)(?:Log|Project|Role)$/.exec(name)?.[1];
          const expected = [
            ...(builder === undefined ? [] : [{ Key: 'hybridcore:builder', Value: builder }]),
            { Key: 'hybridcore:stack', Value: 'images' },
          ];
          return untagged.has(resource.Type) ? [] : sameValue(`the tags of ${name}`, expected, properties['Tags']);
        }),
  },
];

const widgets = [
  'Alarms',
  'Builds by how they ended',
  'Messages, and those set aside',
  'Functions: errors and throttles',
  'Functions: time of the slowest tenth',
  'API: requests, and how they were answered',
  'API: time of the slowest tenth',
];

function titlesOf(body: unknown): unknown[] {
  const text = String(shown(body));
  return listOf(/"title":"([^"]+)"/.test(text) ? [...text.matchAll(/"title":"([^"]+)"/g)].map(([, title]) => title) : []);
}

function namesWhere(template: Template, policy: 'DeletionPolicy' | 'UpdateReplacePolicy'): string[] {
  return [...new Set(Object.values(template.Resources).map(({ Type }) => Type))]
    .flatMap((type) => resourcesOf(template, type))
    .filter(({ resource }) => resource[policy] === 'Retain')
    .map(({ name }) => name);
}
