import { metrics, metricsNamespace } from '../core/contract/metrics.ts';
import { namesOf } from '../core/names-of.ts';
import { type Output } from './log.ts';

export type CountName = keyof typeof metrics;

/** Publishes what an invocation counted, all at once. */
export type Count = (counts: Readonly<Partial<Record<CountName, number>>>) => void;

/** CloudWatch's embedded metric format: it finds the counts in the log and makes metrics of them. */
export function functionCounts({ service, clock, write }: Output): Count {
  return (counts) => {
    const counted = namesOf(metrics).filter((name) => counts[name] !== undefined);
    if (counted.length === 0) return;
    const directive = {
      Namespace: metricsNamespace,
      Dimensions: [['service']],
      Metrics: counted.map((name) => ({ Name: metrics[name], Unit: 'Count' })),
    };
    const values = Object.fromEntries(counted.map((name) => [metrics[name], counts[name]]));
    write(`${JSON.stringify({ _aws: { Timestamp: clock.now(), CloudWatchMetrics: [directive] }, service, ...values })}\n`);
  };
}
