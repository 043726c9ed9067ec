import { Artifact } from './artifact.ts';
import { AttemptOutcome } from './build.ts';
import { Verdict } from './classification/verdict.ts';
import { Digest } from './digest.ts';
import { ExitCode } from './exit-code.ts';
import { BuildId, BuilderName, RunId, Timestamp } from './identity.ts';
import { RetentionClass, RetentionClassName } from './retention/policy.ts';
import { BuildState } from './states.ts';
import * as z from './zod.ts';

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
      run: z.nullable(RunId),
      started_at: z.nullable(Timestamp),
      finished_at: z.nullable(Timestamp),
      ...z.made(AttemptOutcome).shape,
      /** Null where the attempt was intended and its run never started. */
      verdict: z.nullable(Verdict),
    }),
  ),
  artifacts: z.array(Artifact),
  /** Null where nothing was sealed. */
  manifest: z.nullable(z.strictObject({ path: z.string(), digest: Digest, fingerprint: Digest })),
  result_path: z.string(),
  scrub_manifest_path: z.nullable(z.string()),
  /** Where `diag` puts a bundle of all that this build left. Null in older summaries. */
  diag_path: z.withDefault(z.nullable(z.string()), null),
  /** Null in older summaries. */
  tools: z.withDefault(
    z.nullable(
      z.strictObject({
        /** The version of this program that completed the build. */
        hybridcore_packer: z.string(),
        /** As the attempt that decided met it; null where it was not learned. */
        packer: z.nullable(z.string()),
        /** The plugins that packer installed for that attempt, by source, with their versions. */
        plugins: z.record(z.string(), z.string()),
        /** Changes whenever what is found as a secret by its shape does. */
        scrub_rules: Digest,
      }),
    ),
    null,
  ),
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
