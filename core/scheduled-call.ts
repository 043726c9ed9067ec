import { scheduleCaller } from './contract/deployment.ts';
import { type BuilderName } from './identity.ts';
import { type BuildRequestInput } from './request.ts';
import { type Schedule } from './schedule.ts';

/** By which EventBridge Scheduler puts in the time for which a call was scheduled: the same however often it delivers. */
export const scheduledTime = '<aws.scheduler.scheduled-time>';

/** What a schedule calls the function `dispatch` with (`DispatchCall`): a request under the token of its time. */
export function scheduledCall(
  builder: BuilderName,
  { only_if_changed, max_age }: Schedule,
): { readonly by: string; readonly request: BuildRequestInput } {
  return {
    by: scheduleCaller,
    request: {
      builder,
      client_token: scheduledTime,
      ...(only_if_changed ? { only_if_changed } : {}),
      ...(max_age === undefined ? {} : { max_age }),
    },
  };
}
