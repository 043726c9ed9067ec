import * as z from 'zod';

import { Artifact } from './artifact.ts';
import { AttemptOutcome } from './build.ts';
import { Verdict } from './classification/verdict.ts';
import { Digest } from './digest.ts';
import { ExitCode } from './exit-code.ts';
import { BuildId, BuilderName, RunId, Timestamp } from './identity.ts';
import { RetentionClass, RetentionClassName } from './retention.ts';
import { BuildState } from './states.ts';

export const logSummarySchemaName = 'hybridcore-packer/log-summary/1';

/** What is left of a build for those who enforce retention: written at its end, whatever its class. */
export const LogSummary = z.strictObject({
  schema: z.literal(logSummarySchemaName),
  builder: BuilderName,
  build_id: BuildId,
  state: BuildState,
  exit_code: ExitCode,
  requested_at: Timestamp,
  requested_by: z.string(),
  finished_at: Timestamp,
  attempts: z.array(
    z.strictObject({
      attempt: z.literal([1, 2]),
      run: RunId.nullable(),
      started_at: Timestamp.nullable(),
      finished_at: Timestamp.nullable(),
      ...AttemptOutcome.shape,
      /** Null where the attempt was intended and its run never started. */
      verdict: Verdict.nullable(),
    }),
  ),
  artifacts: z.array(Artifact),
  /** Null where nothing was sealed. */
  manifest: z.strictObject({ path: z.string(), digest: Digest, fingerprint: Digest }).nullable(),
  result_path: z.string(),
  scrub_manifest_path: z.string().nullable(),
  /** Where `diag` puts a bundle of all that this build left. Null in older summaries. */
  diag_path: z.string().nullable().default(null),
  /** Null in older summaries. */
  tools: z
    .strictObject({
      /** The version of this program that completed the build. */
      hybridcore_packer: z.string(),
      /** As the attempt that decided met it; null where it was not learned. */
      packer: z.string().nullable(),
      /** The plugins that packer installed for that attempt, by source, with their versions. */
      plugins: z.record(z.string(), z.string()),
      /** Changes whenever what is found as a secret by its shape does. */
      scrub_rules: Digest,
    })
    .nullable()
    .default(null),
  retention: z.strictObject({
    class: RetentionClassName,
    ...RetentionClass.shape,
    /** When what this build left may go at the earliest. */
    expires_at: Timestamp,
    /** Over the canonical JSON of the policy that this was written under. */
    policy_digest: Digest,
  }),
});
export type LogSummary = z.infer<typeof LogSummary>;
