import { scheduleCaller } from './contract/deployment.ts';
import { type BuilderName } from './identity.ts';
import { type BuildRequestInput } from './request.ts';
import { type Schedule } from './schedule.ts';

/** By which EventBridge Scheduler puts in the time for which a call was scheduled: the same however often it delivers. */
export const scheduledTime = '<aws.scheduler.scheduled-time>';

/** A time of a schedule as EventBridge Scheduler writes it, which is its client token on both homes: `2026-11-22T03:00:00Z`. */
export function scheduledTimeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A request under the token of its time, in the form of `DispatchCall`. */
export interface ScheduledCall {
  readonly by: string;
  readonly request: BuildRequestInput & { readonly builder: BuilderName };
}

/**
 * What a schedule asks for.
 *
 * @param time as `scheduledTimeText` writes it; what Scheduler puts in its place where it is to do that.
 */
export function scheduledCall(builder: BuilderName, { only_if_changed, max_age }: Schedule, time: string = scheduledTime): ScheduledCall {
  return {
    by: scheduleCaller,
    request: {
      builder,
      client_token: time,
      ...(only_if_changed ? { only_if_changed } : {}),
      ...(max_age === undefined ? {} : { max_age }),
    },
  };
}
