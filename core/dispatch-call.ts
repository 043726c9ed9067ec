import * as z from 'zod';

import { type Config, builderOf } from './config.ts';
import { type Outcome, failure, success } from './failure.ts';
import { BuilderName } from './identity.ts';

/** Who asks, as a name or an ARN: it ends up in the records and in front of people. */
const Caller = z.string().regex(/^[\x20-\x7e]{1,512}$/, 'a caller is named with 1 to 512 printable ASCII characters');

/** What a schedule calls with. What it asks for stands in `hybridcore.yaml`, not in the call. */
const ScheduledCall = z.strictObject({
  builder: BuilderName,
  scheduled_time: z.iso.datetime({ offset: true }).describe('for which it was scheduled: the same time gives the same build'),
});

/** What the function `dispatch` is called with: one of the two. */
export const DispatchCall = z
  .strictObject({
    request: z.unknown().optional().describe('a build-request'),
    by: Caller.optional().describe('with request: who asks'),
    schedule: ScheduledCall.optional(),
  })
  .superRefine(({ request, by, schedule }, context) => {
    if ((request === undefined) === (schedule === undefined))
      context.addIssue({ code: 'custom', path: [], message: 'it has either a request or a schedule' });
    if (schedule !== undefined && by !== undefined)
      context.addIssue({ code: 'custom', path: ['by'], message: 'means something with a request alone' });
  });

/** A request with who asks, not yet held against anything. */
export interface CalledFor {
  readonly request: unknown;
  readonly by: string;
  readonly scheduled: boolean;
}

/** Whose requests these are where a caller gives no name. */
const unnamedCaller = 'unnamed caller';

/**
 * Opens a call of the function `dispatch`.
 *
 * @param call anything at all: it came from outside.
 * @param invocation the id of the invocation, the same where the same call comes again: it stands in for the client
 *   token of a request that has none.
 */
export function openDispatchCall(config: Config, call: unknown, invocation: string): Outcome<CalledFor> {
  const parsed = DispatchCall.safeParse(call);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'the call'}: ${issue.message}`);
    return failure('REQUEST_INVALID', faults.join('; '), 'see `hybridcore-packer schema dispatch-call`', faults);
  }
  const { request, by, schedule } = parsed.data;
  if (schedule === undefined) return success({ request: withToken(request, invocation), by: by ?? unnamedCaller, scheduled: false });
  const rules = builderOf(config, schedule.builder)?.schedule;
  return success({
    request: {
      builder: schedule.builder,
      client_token: schedule.scheduled_time,
      ...(rules?.only_if_changed === true
        ? { only_if_changed: true, ...(rules.max_age === undefined ? {} : { max_age: rules.max_age }) }
        : {}),
    },
    by: 'schedule',
    scheduled: true,
  });
}

/** What is no object is left as it is: `checkRequest` says what it should be. */
function withToken(request: unknown, token: string): unknown {
  return typeof request === 'object' && request !== null && !('client_token' in request) && !Array.isArray(request)
    ? { ...request, client_token: token }
    : request;
}
