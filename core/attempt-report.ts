import * as z from 'zod';

import { Artifact } from './artifact.ts';
import { ownRules } from './classification/own-rules.ts';
import { Digest } from './digest.ts';
import { Resolved } from './hash-manifest.ts';
import { BuildId, BuilderName, RunId, Timestamp } from './identity.ts';
import { namesOf } from './names-of.ts';
import { Input, UndeclaredInput } from './input.ts';

export const attemptReportSchemaName = 'hybridcore-packer/attempt-report/1';

/** A report's failure is one: no rule of success may stand there. */
const failureRules = namesOf(ownRules).filter((name) => ownRules[name].exit_code !== 0);

/** How many of these a report may have. */
export const reportLimits = { inputs: 200_000, undeclared: 10_000 } as const;

/**
 * What an attempt says of itself under `incoming/<run>/`, written last. Every word is a claim: `complete`
 * checks it and draws its own conclusions.
 */
export const AttemptReport = z.strictObject({
  schema: z.literal(attemptReportSchemaName),
  run: RunId,
  builder: BuilderName,
  build_id: BuildId,
  attempt: z.literal([1, 2]),
  /** Packer's command line, scrubbed; null where packer never ran. */
  command: z.string().max(65_536).nullable(),
  started_at: Timestamp,
  finished_at: Timestamp,
  /** How packer ended; null where it never ran. */
  packer: z.strictObject({ exit_code: z.int().nullable(), signal: z.string().max(32).nullable() }).nullable(),
  /** What cut it short. */
  interrupted: z.literal(['stop', 'time-limit', 'signal']).nullable(),
  /** Packer did not run, since the inputs are those at which it need not. */
  unchanged: z.boolean(),
  /** What its own checks found wrong. */
  failure: z
    .strictObject({
      rule: z.literal(failureRules),
      message: z.string().max(16_384),
      remedy: z.string().max(16_384),
      evidence: z.array(z.string().max(4096)).max(100).optional(),
    })
    .nullable(),
  /** Null where it did not get that far. */
  fingerprint: Digest.nullable(),
  inputs: z.array(Input).max(reportLimits.inputs),
  undeclared: z.array(UndeclaredInput).max(reportLimits.undeclared),
  resolved: Resolved,
  /** What the manifest post-processors recorded; what the log shows is read from the log. */
  recorded: z.array(Artifact).max(10_000),
});
export type AttemptReport = z.infer<typeof AttemptReport>;
