import { Duration } from 'aws-cdk-lib';
import { AlarmStatusWidget, Dashboard, GraphWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type Function } from 'aws-cdk-lib/aws-lambda';
import { type Construct } from 'constructs';

import { type FunctionName, functionNames } from '../../core/contract/deployment.ts';
import { namesOf } from '../../core/names-of.ts';
import { isFinal, states } from '../../core/states.ts';
import { countMetric, endedMetric } from './alarms.ts';
import { type ApiMetrics } from './api-metrics.ts';
import { type Queues } from './queues.ts';

export interface DashboardProps {
  readonly stackName: string;
  readonly alarms: readonly Alarm[];
  readonly functions: Readonly<Record<FunctionName, Function>>;
  readonly queues: Queues;
  readonly api: ApiMetrics;
}

const finalStates = namesOf(states).filter((state) => isFinal(state));

/** One page for who is on duty: alarms first, then builds, queues, functions and the API. */
export function dashboard(scope: Construct, id: string, { stackName, alarms, functions, queues, api }: DashboardProps): Dashboard {
  const period = Duration.minutes(5);
  const kept = [queues.queue, queues.undelivered, queues.unprocessed, queues.missed];
  return new Dashboard(scope, id, {
    dashboardName: stackName,
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', width: 24, height: 4, alarms: [...alarms] })],
      [
        new GraphWidget({
          title: 'Builds by how they ended',
          width: 12,
          stacked: true,
          left: finalStates.map((state) => endedMetric(stackName, state).with({ label: state })),
          right: [
            countMetric(stackName, 'accepted').with({ label: 'accepted' }),
            countMetric(stackName, 'openBuilds').with({ label: 'open', statistic: Stats.MAXIMUM }),
          ],
        }),
        new GraphWidget({
          title: 'Messages, and those set aside',
          width: 12,
          left: kept.map((queue) =>
            queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period, label: queue.node.id }),
          ),
        }),
      ],
      [
        new GraphWidget({
          title: 'Functions: errors and throttles',
          width: 12,
          left: functionNames.map((name) => functions[name].metricErrors({ period, label: `${name} errors` })),
          right: functionNames.map((name) => functions[name].metricThrottles({ period, label: `${name} throttles` })),
        }),
        new GraphWidget({
          title: 'Functions: time of the slowest tenth',
          width: 12,
          left: functionNames.map((name) => functions[name].metricDuration({ period, statistic: Stats.percentile(90), label: name })),
        }),
      ],
      [
        new GraphWidget({
          title: 'API: requests, and how they were answered',
          width: 12,
          left: [
            api.requests.with({ label: 'requests' }),
            api.refused.with({ label: '4xx' }),
            api.failed.with({ label: '5xx' }),
            api.throttled.with({ label: 'throttled' }),
          ],
        }),
        new GraphWidget({ title: 'API: time of the slowest tenth', width: 12, left: [api.latency.with({ label: 'answered' })] }),
      ],
    ],
  });
}
