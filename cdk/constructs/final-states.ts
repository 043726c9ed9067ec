import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnRule, EventBus } from 'aws-cdk-lib/aws-events';
import { CfnMetricFilter, CfnResourcePolicy, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { finalStateEvent } from '../../core/contract/deployment.ts';
import { finalStates } from '../../core/contract/metrics.ts';
import { namesOf } from '../../core/names-of.ts';
import { isFinal, states } from '../../core/states.ts';

const delivery = { Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] } } as const;

/**
 * The bus that every final state is announced on, for whoever wants to act on one. Its events are kept in a log, which counts
 * them by state.
 */
export class FinalStates extends Construct {
  readonly bus: EventBus;
  readonly logGroup: LogGroup;
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, stackName: string) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { eventBusName: stackName, description: 'The final state of every build' });
    // EventBridge writes to groups of such a name only.
    this.logGroupName = `/aws/events/${stackName}-final-states`;
    this.logGroup = new LogGroup(this, 'Log', {
      logGroupName: this.logGroupName,
      retention: RetentionDays.ONE_YEAR,
      // What is said here is in the results; a group of this name would keep the stack from being deployed again.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const group = Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      resourceName: this.logGroup.logGroupName,
    });
    const rule = new CfnRule(this, 'Keep', {
      description: 'Keeps the events of final states in a log',
      eventBusName: this.bus.eventBusName,
      state: 'ENABLED',
      eventPattern: { source: [finalStateEvent.source], 'detail-type': [finalStateEvent.detailType] },
      targets: [{ id: 'Log', arn: group }],
    });
    new CfnResourcePolicy(this, 'KeepPolicy', {
      policyName: `${stackName}-final-states`,
      policyDocument: Stack.of(this).toJsonString({
        Version: '2012-10-17',
        Statement: [
          { Sid: 'OpenStreams', Effect: 'Allow', ...delivery, Action: 'logs:CreateLogStream', Resource: this.logGroup.logGroupArn },
          {
            Sid: 'KeepFinalStates',
            Effect: 'Allow',
            ...delivery,
            Action: 'logs:PutLogEvents',
            Resource: this.logGroup.logGroupArn,
            Condition: { ArnEquals: { 'aws:SourceArn': rule.attrArn } },
          },
        ],
      }),
    });
    for (const state of namesOf(states).filter((each) => isFinal(each))) {
      new CfnMetricFilter(this, `Count-${state}`, {
        logGroupName: this.logGroup.logGroupName,
        filterPattern: `{ $.detail.state = "${state}" }`,
        metricTransformations: [
          { metricNamespace: finalStates.namespaceOf(stackName), metricName: finalStates.metricOf(state), metricValue: '1', unit: 'Count' },
        ],
      });
    }
  }
}
