import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type Function } from 'aws-cdk-lib/aws-lambda';
import { type Topic } from 'aws-cdk-lib/aws-sns';
import { type Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { type FunctionName, functionNames } from '../../core/contract/deployment.ts';
import { finalStates, metrics, metricsNamespace } from '../../core/contract/metrics.ts';
import { type BuildState } from '../../core/states.ts';
import { type ApiMetrics } from './api-metrics.ts';
import { type Queues } from './queues.ts';

export interface AlarmsProps {
  readonly stackName: string;
  readonly queues: Queues;
  readonly functions: Readonly<Record<FunctionName, Function>>;
  readonly api: ApiMetrics;
  readonly topic: Topic;
  /** Where the runbook is read. */
  readonly runbook: string;
}

/** How long a message may wait before it tells of a function that does not keep up. Seconds; a turn is delayed for 900 at most. */
const oldestMessage = 1800;

/** What the functions counted over five minutes. */
export function countMetric(stackName: string, name: keyof typeof metrics): Metric {
  return new Metric({
    namespace: metricsNamespace,
    metricName: metrics[name],
    dimensionsMap: { service: stackName },
    statistic: Stats.SUM,
    period: Duration.minutes(5),
  });
}

/** Builds that ended in a state over five minutes. */
export function endedMetric(stackName: string, state: BuildState): Metric {
  return new Metric({
    namespace: finalStates.namespaceOf(stackName),
    metricName: finalStates.metricOf(state),
    statistic: Stats.SUM,
    period: Duration.minutes(5),
  });
}

interface Watched {
  readonly id: string;
  readonly metric: IMetric;
  readonly says: string;
  /** The entry of the runbook. */
  readonly entry: string;
  readonly threshold?: number;
  readonly comparison?: ComparisonOperator;
  readonly periods?: number;
  /** Whether silence is a reason for alarm. */
  readonly silenceAlarms?: boolean;
}

/** What a person has to know of, each with the runbook's entry that says what to do. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const all = [
      ...queueAlarms(props.queues),
      ...functionAlarms(props.functions),
      ...apiAlarms(props.api),
      ...buildAlarms(props.stackName),
    ];
    this.alarms = all.map((watched) => {
      const alarm = new Alarm(this, watched.id, {
        alarmDescription: `${watched.says} Runbook: ${props.runbook}#${watched.entry}`,
        metric: watched.metric,
        threshold: watched.threshold ?? 1,
        comparisonOperator: watched.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: watched.periods ?? 1,
        treatMissingData: watched.silenceAlarms === true ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction({ bind: () => ({ alarmActionArn: props.topic.topicArn }) });
      return alarm;
    });
  }
}

function queueAlarms({ queue, undelivered, unprocessed, missed }: Queues): Watched[] {
  const holds = (kept: Queue) => kept.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period: Duration.minutes(5) });
  return [
    {
      id: 'UndeliveredEvents',
      metric: holds(undelivered),
      entry: 'undelivered-events',
      says: 'Events of the build service did not reach the queue.',
    },
    {
      id: 'UnprocessedMessages',
      metric: holds(unprocessed),
      entry: 'unprocessed-messages',
      says: 'complete failed on messages, again and again.',
    },
    {
      id: 'MissedSchedules',
      metric: holds(missed),
      entry: 'missed-schedules',
      says: 'Schedules were not delivered, or dispatch failed on them.',
    },
    {
      id: 'OldMessages',
      metric: queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, period: Duration.minutes(5) }),
      threshold: oldestMessage,
      entry: 'old-messages',
      says: 'complete does not keep up with its queue.',
    },
  ];
}

function functionAlarms(functions: Readonly<Record<FunctionName, Function>>): Watched[] {
  const every = { statistic: Stats.SUM, period: Duration.minutes(5) };
  const each = functionNames.flatMap((name): Watched[] => {
    const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return [
      { id: `${title}Errors`, metric: functions[name].metricErrors(every), entry: 'function-errors', says: `The function ${name} failed.` },
      {
        id: `${title}Throttles`,
        metric: functions[name].metricThrottles(every),
        // Where one execution is reserved, a sweep that is invoked beside another is throttled on purpose.
        ...(name === 'reconcile' ? { periods: 6 } : {}),
        entry: 'function-throttles',
        says: `The function ${name} was throttled.`,
      },
    ];
  });
  const sweeps = new MathExpression({
    label: 'sweeps that ended well',
    expression: 'FILL(invocations, 0) - FILL(errors, 0)',
    usingMetrics: { invocations: functions.reconcile.metricInvocations(every), errors: functions.reconcile.metricErrors(every) },
    period: Duration.minutes(5),
  });
  return [
    ...each,
    {
      id: 'SweepNotRunning',
      metric: sweeps,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: 3,
      silenceAlarms: true,
      entry: 'sweep-not-running',
      says: 'No sweep has ended well for a quarter of an hour: what an event did not tell stays unfinished.',
    },
  ];
}

function apiAlarms({ failed, throttled }: ApiMetrics): Watched[] {
  return [
    { id: 'RequestsFailed', metric: failed, entry: 'requests-failed', says: 'The API answered requests with 5xx.' },
    {
      id: 'RequestsThrottled',
      metric: throttled,
      // A client that is told to wait comes again; who is told so for half an hour does not get through.
      periods: 6,
      entry: 'requests-throttled',
      says: 'For half an hour the API has had more requests than it takes.',
    },
  ];
}

function buildAlarms(stackName: string): Watched[] {
  return [
    { id: 'BuildsEscalated', metric: endedMetric(stackName, 'escalated'), entry: 'builds-escalated', says: 'A build failed twice.' },
    {
      id: 'BuildsQuarantined',
      metric: endedMetric(stackName, 'quarantined'),
      entry: 'builds-quarantined',
      says: 'A security or retention violation closed a builder.',
    },
    {
      id: 'SchedulesRefused',
      metric: countMetric(stackName, 'refusedSchedules'),
      entry: 'schedules-refused',
      says: 'A schedule asked for a build that was refused, and nobody reads the answer.',
    },
    {
      id: 'SweepProblems',
      metric: countMetric(stackName, 'sweepProblems'),
      periods: 3,
      entry: 'sweep-problems',
      says: 'Three sweeps in a row could not go on with something.',
    },
    {
      id: 'MessagesUnreadable',
      metric: countMetric(stackName, 'unreadableMessages'),
      entry: 'messages-unreadable',
      says: 'complete dropped messages that it could not read.',
    },
  ];
}
