import { Artifact } from './artifact.ts';
import { ownRules } from './classification/own-rules.ts';
import { Digest } from './digest.ts';
import { Resolved } from './hash-manifest.ts';
import { BuildId, BuilderName, RunId, Timestamp } from './identity.ts';
import { namesOf } from './names-of.ts';
import { Input, UndeclaredInput } from './input.ts';
import * as z from './zod.ts';

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
  command: z.nullable(z.string().check(z.maxLength(65_536))),
  started_at: Timestamp,
  finished_at: Timestamp,
  /** How packer ended; null where it never ran. */
  packer: z.nullable(z.strictObject({ exit_code: z.nullable(z.int()), signal: z.nullable(z.string().check(z.maxLength(32))) })),
  /** What cut it short. */
  interrupted: z.nullable(z.literal(['stop', 'time-limit', 'signal'])),
  /** Packer did not run, since the inputs are those at which it need not. */
  unchanged: z.boolean(),
  /** What its own checks found wrong. */
  failure: z.nullable(
    z.strictObject({
      rule: z.literal(failureRules),
      message: z.string().check(z.maxLength(16_384)),
      remedy: z.string().check(z.maxLength(16_384)),
      evidence: z.optional(z.array(z.string().check(z.maxLength(4096))).check(z.maxLength(100))),
    }),
  ),
  /** Null where it did not get that far. */
  fingerprint: z.nullable(Digest),
  inputs: z.array(Input).check(z.maxLength(reportLimits.inputs)),
  undeclared: z.array(UndeclaredInput).check(z.maxLength(reportLimits.undeclared)),
  resolved: Resolved,
  /** What the manifest post-processors recorded; what the log shows is read from the log. */
  recorded: z.array(Artifact).check(z.maxLength(10_000)),
});
export type AttemptReport = z.infer<typeof AttemptReport>;
