import { Aws, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type Function } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { type Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { type Config } from '../../core/config.ts';
import { sweepInterval } from '../../core/contract/deployment.ts';
import { BuilderName } from '../../core/identity.ts';
import { scheduledCall } from '../../core/scheduled-call.ts';
import { scheduleExpression } from '../../core/schedule.ts';
import { allow, iamPath, permit } from './permissions.ts';

export interface SchedulesProps {
  readonly config: Config;
  readonly dispatch: Function;
  readonly reconcile: Function;
  /** Where a schedule ends up that could not be delivered. */
  readonly missed: Queue;
}

/** One schedule a builder that has one, and the sweep's; each exactly on time, and never lost without a trace. */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { config, dispatch, reconcile, missed }: SchedulesProps) {
    super(scope, id);
    const group = new CfnScheduleGroup(this, 'Group', { name: Stack.of(this).stackName });
    const schedule = (
      name: string,
      shape: { scheduleExpression: string; scheduleExpressionTimezone?: string },
      target: { arn: string; roleArn: string; input?: string; maximumEventAgeInSeconds: number; maximumRetryAttempts: number },
    ) =>
      new CfnSchedule(this, name, {
        ...shape,
        groupName: group.ref,
        state: 'ENABLED',
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: target.arn,
          roleArn: target.roleArn,
          ...(target.input === undefined ? {} : { input: target.input }),
          deadLetterConfig: { arn: missed.queueArn },
          retryPolicy: {
            maximumEventAgeInSeconds: target.maximumEventAgeInSeconds,
            maximumRetryAttempts: target.maximumRetryAttempts,
          },
        },
      });

    const sweep = this.invoker('Sweep', group, reconcile, missed);
    schedule(
      'Reconcile',
      { scheduleExpression: `rate(${sweepInterval / 60_000} minutes)` },
      // An old sweep is worth nothing: the next one is due.
      { arn: reconcile.functionArn, roleArn: sweep, maximumEventAgeInSeconds: sweepInterval / 1000, maximumRetryAttempts: 3 },
    );
    const scheduled = Object.entries(config.builders).flatMap(([name, builder]) =>
      builder.schedule === undefined ? [] : [{ name: BuilderName.parse(name), schedule: builder.schedule }],
    );
    if (scheduled.length === 0) return;
    const builds = this.invoker('Builds', group, dispatch, missed);
    for (const { name, schedule: when } of scheduled) {
      schedule(
        `Builder-${name}`,
        { scheduleExpression: scheduleExpression(when), scheduleExpressionTimezone: when.timezone },
        {
          arn: dispatch.functionArn,
          roleArn: builds,
          input: JSON.stringify(scheduledCall(name, when)),
          // Delivered late it still has its token, which is remembered for longer than this.
          maximumEventAgeInSeconds: 86_400,
          maximumRetryAttempts: 185,
        },
      );
    }
  }

  /** A role by which Scheduler, for this group alone, invokes one function and keeps what it could not deliver. */
  private invoker(name: string, group: CfnScheduleGroup, target: Function, missed: Queue): string {
    const role = new Role(this, `${name}Role`, {
      path: iamPath(Stack.of(this).stackName),
      description: `By which EventBridge Scheduler invokes ${target.node.id}`,
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 'aws:SourceArn': group.attrArn } },
      }),
    });
    permit(role, [
      allow('Invoke', { actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }),
      allow('SetAside', { actions: ['sqs:SendMessage'], resources: [missed.queueArn] }),
    ]);
    return role.roleArn;
  }
}
