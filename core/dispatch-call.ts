import { scheduleCaller } from './contract/deployment.ts';
import { type Outcome, failure, success } from './failure.ts';
import { type BuilderName, isBuilderName } from './identity.ts';
import * as z from './zod.ts';

/** Who asks, as a name or an ARN: it ends up in the records and in front of people. */
const Caller = z.string().check(z.regex(/^[\x20-\x7e]{1,512}$/, 'a caller is named with 1 to 512 printable ASCII characters'));

/** What the function `dispatch` is called with, by a caller or by a schedule. */
export const DispatchCall = z
  .strictObject({
    request: z.record(z.string(), z.unknown()).check(z.describe('a build-request')),
    by: z.withDefault(Caller, 'unnamed caller').check(z.describe('who asks; client tokens are told apart by it')),
  })
  .check(
    z.superRefine(({ request, by }, context) => {
      // A time that was not put in would be the same token for every build.
      if (by === scheduleCaller && !ScheduledRequest.safeParse(request).success)
        context.addIssue({
          code: 'custom',
          path: ['request', 'client_token'],
          message: 'of a schedule is the time for which it was scheduled',
        });
    }),
  );

const ScheduledRequest = z.looseObject({ client_token: z.iso.datetime({ offset: true }) });

/** A request with who asks, not yet held against anything. */
export interface CalledFor {
  readonly request: unknown;
  readonly by: string;
  /** The builder as it was asked for; null where that is no builder's name. */
  readonly builder: BuilderName | null;
}

/**
 * Opens a call of the function `dispatch`.
 *
 * @param call anything at all: it came from outside.
 * @param invocation the id of the invocation, the same where the same call comes again: it stands in for the client
 *   token of a request that has none.
 */
export function openDispatchCall(call: unknown, invocation: string): Outcome<CalledFor> {
  const parsed = DispatchCall.safeParse(call);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'the call'}: ${issue.message}`);
    return failure('REQUEST_INVALID', faults.join('; '), 'see `hybridcore-packer schema dispatch-call`', faults);
  }
  const { request, by } = parsed.data;
  const { builder } = request;
  return success({
    request: { client_token: invocation, ...request },
    by,
    builder: typeof builder === 'string' && isBuilderName(builder) ? builder : null,
  });
}
