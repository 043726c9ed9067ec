import * as z from 'zod';

import { Verdict } from './classification/verdict.ts';
import { Digest } from './digest.ts';
import { BuildId, BuilderName, RunId, Timestamp, VariableName } from './identity.ts';
import { RetentionClassName } from './retention.ts';
import { BuildState } from './states.ts';

/** One run of packer in the build service. */
export const Attempt = z.strictObject({
  attempt: z.literal([1, 2]),
  /** The build service's token: equal for every try to start this attempt, so it starts once. */
  token: z.string(),
  /** Null while the start is only intended. */
  run: RunId.nullable(),
  intended_at: Timestamp,
  started_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
  /** Null until the attempt was completed. */
  verdict: Verdict.nullable(),
});
export type Attempt = z.infer<typeof Attempt>;

/** A request to bake a builder, and all that became of it. The record of `Records`. */
export const Build = z.strictObject({
  schema: z.literal('hybridcore-packer/build/1'),
  /** Grows by one with each write; the condition of every write. */
  version: z.int().positive(),
  build_id: BuildId,
  builder: BuilderName,
  state: BuildState,
  /** The command line that asked for it, scrubbed. */
  command: z.string(),
  requested_at: Timestamp,
  requested_by: z.string(),
  variables: z.record(VariableName, z.string()),
  retention: RetentionClassName,
  attempts: z.array(Attempt).max(2),
  /** When the second attempt is due; set in the state `retrying`. */
  retry_at: Timestamp.nullable(),
  /** An operator's wish; it wins over a retry. */
  stop: z.strictObject({ at: Timestamp, by: z.string() }).nullable(),
  /** When completing the newest attempt began: everything that it writes derives its times from this. */
  completing_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
  /** The keys of what a final build left. */
  result_path: z.string().nullable(),
  summary_path: z.string().nullable(),
  manifest: z.strictObject({ path: z.string(), digest: Digest, fingerprint: Digest }).nullable(),
  /** Notices that the operators must get, with whether they got them. */
  notices: z.array(z.strictObject({ key: z.string(), delivered_at: Timestamp.nullable() })),
});
export type Build = z.infer<typeof Build>;
