import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnMetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { finalStates } from '../../core/contract/metrics.ts';
import { type RestApi } from './rest-api.ts';

const period = Duration.minutes(5);

/** What is counted of the API over five minutes, by API Gateway and from its access log. */
export class ApiMetrics extends Construct {
  readonly requests: Metric;
  /** Answered with 4xx, and with 5xx. */
  readonly refused: Metric;
  readonly failed: Metric;
  /** Refused by the stage's throttle: to API Gateway that is one 4xx among others. */
  readonly throttled: Metric;
  /** From the first byte of a request to the last of its answer, of the slowest tenth. Milliseconds. */
  readonly latency: Metric;

  constructor(scope: Construct, id: string, stackName: string, { api, logGroup }: RestApi) {
    super(scope, id);
    const { deploymentStage: stage } = api;
    const sum = { statistic: Stats.SUM, period };
    this.requests = stage.metricCount(sum);
    this.refused = stage.metricClientError(sum);
    this.failed = stage.metricServerError(sum);
    this.latency = stage.metricLatency({ statistic: Stats.percentile(90), period });
    const counted = { metricNamespace: finalStates.namespaceOf(stackName), metricName: 'RequestsThrottled' };
    new CfnMetricFilter(this, 'Throttled', {
      logGroupName: logGroup.logGroupName,
      filterPattern: '{ $.refused = "THROTTLED" }',
      metricTransformations: [{ ...counted, metricValue: '1', unit: 'Count' }],
    });
    this.throttled = new Metric({ namespace: counted.metricNamespace, metricName: counted.metricName, ...sum });
  }
}
