import { variables } from '../../core/contract/variables.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { BuildId } from '../../core/identity.ts';
import { type RunEvent } from '../../core/run-event.ts';
import { RunStatus } from '../../core/run-record.ts';
import * as z from '../../core/zod.ts';
import { buildIdsOf } from './codebuild-run.ts';

/** What is read of EventBridge's `CodeBuild Build State Change`; the rest may be whatever it likes. */
const StateChange = z.object({
  source: z.literal('aws.codebuild'),
  'detail-type': z.literal('CodeBuild Build State Change'),
  detail: z.object({
    'build-id': z.pipe(
      z.string(),
      z.transform((arn, payload) => {
        const ids = buildIdsOf(arn);
        if (ids !== undefined) return ids.run;
        payload.issues.push({ code: 'custom', message: 'it is not the ARN of a build', input: arn });
        return z.NEVER;
      }),
    ),
    'build-status': RunStatus,
    'additional-information': z.optional(
      z.object({
        environment: z.optional(
          z.object({
            'environment-variables': z.optional(
              z.array(z.object({ name: z.string(), type: z.withDefault(z.string(), 'PLAINTEXT'), value: z.string() })),
            ),
          }),
        ),
      }),
    ),
  }),
});

/**
 * What the domain needs of a state change that EventBridge brings: all of it a claim. `build_id` is null where the build's
 * PLAINTEXT variables do not have one.
 *
 * REQUEST_INVALID where it is something else. The failure names places and never quotes: the event carries the values of
 * variables, so nothing of it is logged raw.
 */
export function runEventOf(event: unknown): Outcome<RunEvent> {
  const parsed = StateChange.safeParse(event);
  if (!parsed.success) {
    const places = [
      ...new Set(parsed.error.issues.map((issue) => (issue.path.length === 0 ? 'the whole' : issue.path.map(String).join('.')))),
    ];
    return failure(
      'REQUEST_INVALID',
      `a message is no state change of a CodeBuild build; missing or wrong: ${places.slice(0, 10).join(', ')}`,
      'see which rule sends it to this queue: only that for CodeBuild Build State Change is to',
    );
  }
  const { detail } = parsed.data;
  const named = detail['additional-information']?.environment?.['environment-variables']?.find(
    ({ name, type }) => name === variables.buildId && type === 'PLAINTEXT',
  );
  const build = BuildId.safeParse(named?.value);
  return success({ run: detail['build-id'], status: detail['build-status'], build_id: build.success ? build.data : null });
}
