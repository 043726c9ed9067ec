import { Duration } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, type QueueProps, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { runStateEvent } from '../../core/contract/deployment.ts';

/** How often a message is taken up before it is set aside for a person. */
const receives = 5;

/** EventBridge gives up after this, or as many tries. */
const delivery = { seconds: 86_400, tries: 185 } as const;

/**
 * The queue that `complete` works off: what the build service says of its runs, and turns that are due later. What does not
 * arrive, and what cannot be worked off, is kept apart, each in a queue of its own with its own alarm.
 */
export class Queues extends Construct {
  readonly queue: Queue;
  /** Messages that `complete` failed on. */
  readonly unprocessed: Queue;
  /** Events that EventBridge could not deliver to the queue. */
  readonly undelivered: Queue;
  /** Schedules that `dispatch` or `reconcile` did not take, or failed on. */
  readonly missed: Queue;
  /** What brings the states of runs to the queue. */
  readonly runStates: CfnRule;

  /**
   * @param projectPrefix what the names of this stack's projects begin with, and of no other stack's.
   * @param visibility how long a message is hidden once it was taken up: at least six times the timeout of `complete`.
   */
  constructor(scope: Construct, id: string, projectPrefix: string, visibility: Duration) {
    super(scope, id);
    const guarded: QueueProps = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) };
    this.unprocessed = new Queue(this, 'Unprocessed', guarded);
    this.undelivered = new Queue(this, 'Undelivered', guarded);
    this.missed = new Queue(this, 'Missed', guarded);
    this.queue = new Queue(this, 'Queue', {
      ...guarded,
      visibilityTimeout: visibility,
      deadLetterQueue: { queue: this.unprocessed, maxReceiveCount: receives },
    });
    this.runStates = new CfnRule(this, 'RunStates', {
      description: 'What CodeBuild says of the runs of this stack, once they have ended',
      state: 'ENABLED',
      eventPattern: {
        source: [runStateEvent.source],
        'detail-type': [runStateEvent.detailType],
        detail: {
          'build-status': [{ 'anything-but': [runStateEvent.underWay] }],
          'project-name': [{ prefix: projectPrefix }],
        },
      },
      targets: [
        {
          id: 'Queue',
          arn: this.queue.queueArn,
          deadLetterConfig: { arn: this.undelivered.queueArn },
          retryPolicy: { maximumEventAgeInSeconds: delivery.seconds, maximumRetryAttempts: delivery.tries },
        },
      ],
    });
    for (const queue of [this.queue, this.undelivered]) {
      queue.addToResourcePolicy(
        new PolicyStatement({
          sid: 'RunStates',
          effect: Effect.ALLOW,
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': this.runStates.attrArn } },
        }),
      );
    }
  }
}
