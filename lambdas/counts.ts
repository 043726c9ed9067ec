import { MetricUnit, Metrics } from '@aws-lambda-powertools/metrics';

import { metrics, metricsNamespace } from '../core/contract/metrics.ts';
import { namesOf } from '../core/names-of.ts';

export type CountName = keyof typeof metrics;

/** Publishes what an invocation counted, all at once. */
export type Count = (counts: Readonly<Partial<Record<CountName, number>>>) => void;

/** CloudWatch's embedded metric format, on standard output. @param service what tells this deployment from others. */
export function functionCounts(service: string): Count {
  const published = new Metrics({ namespace: metricsNamespace, serviceName: service });
  return (counts) => {
    for (const name of namesOf(metrics)) {
      const value = counts[name];
      if (value !== undefined) published.addMetric(metrics[name], MetricUnit.Count, value);
    }
    published.publishStoredMetrics();
  };
}
