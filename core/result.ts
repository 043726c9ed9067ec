import { Artifact } from './artifact.ts';
import { Classification, type Verdict, verdictLines } from './classification/verdict.ts';
import { Digest } from './digest.ts';
import { ExitCode } from './exit-code.ts';
import { BuildId, Timestamp } from './identity.ts';
import { BuildState } from './states.ts';
import * as z from './zod.ts';

export const resultSchemaName = 'hybridcore-packer/result/1';

/** `stderr` of a result holds at most this many bytes of UTF-8. */
export const stderrLimit = 64 * 1024;

/**
 * What every command answers with that ran or refused a build. The first eight fields are the contract's; the
 * ones after them may grow.
 */
export const Result = z.lazy(() =>
  z.strictObject({
    command: z.string().check(z.describe('the command line of packer, scrubbed; where packer never ran, the one that was asked for')),
    exit_code: ExitCode.check(z.describe('0 success, 1 config error, 2 transient failure, 3 security or retention violation')),
    stderr: z.string().check(z.describe('the error lines that an operator needs, scrubbed; at most 64 KiB of UTF-8')),
    manifest_path: z
      .nullable(z.string())
      .check(z.describe('the key of the sealed hash manifest, of a skipped build the one that still holds; null where there is none')),
    artifacts: z.array(Artifact),
    started_at: Timestamp,
    finished_at: Timestamp,
    retryable: z.boolean().check(z.describe('true only where a retry is still to come')),
    schema: z.literal(resultSchemaName),
    builder: z.nullable(z.string()).check(z.describe('the builder as it was asked for; null where the command names none')),
    build_id: z.nullable(BuildId).check(z.describe('null where the request was refused')),
    attempt: z.literal([0, 1, 2]).check(z.describe('the attempt that decided; 0 where none was made')),
    state: z.nullable(BuildState).check(z.describe('the state of the build; null where the request was refused')),
    fingerprint: z.nullable(Digest),
    summary_path: z.nullable(z.string()),
    scrub_manifest_path: z.nullable(z.string()),
    classification: Classification,
  }),
);
export type Result = z.infer<typeof Result>;

/** The result of a request that was refused, or of a command that failed, before there was a build. */
export function refusedResult(verdict: Verdict, asked: { command: string; builder: string | null; at: Timestamp }): Result {
  return {
    command: asked.command,
    exit_code: verdict.exit_code,
    stderr: verdictLines(verdict),
    manifest_path: null,
    artifacts: [],
    started_at: asked.at,
    finished_at: asked.at,
    retryable: false,
    schema: resultSchemaName,
    builder: asked.builder,
    build_id: null,
    attempt: 0,
    state: null,
    fingerprint: null,
    summary_path: null,
    scrub_manifest_path: null,
    classification: verdict.classification,
  };
}
