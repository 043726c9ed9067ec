import { VerdictBasis } from '../build.ts';
import { SealedManifest } from '../builder-record.ts';
import { Classification, Verdict } from '../classification/verdict.ts';
import { UsersRules } from '../classification/users-rules.ts';
import { Digest } from '../digest.ts';
import { InputChanges } from '../documents.ts';
import { ExitCode } from '../exit-code.ts';
import { Resolved } from '../hash-manifest.ts';
import { BuildId, BuilderName, Caller, RunId, Timestamp } from '../identity.ts';
import { RetentionClass, RetentionClassName } from '../retention/policy.ts';
import { BuildState } from '../states.ts';
import * as z from '../zod.ts';

/*
 * The documents of a diag bundle that are made for it. The others in it are the very bytes that the build left: manifest,
 * result, summary, scrub manifests and logs.
 */

export const diagIndexSchemaName = 'hybridcore-packer/diag/1';

/** The name of a file in a bundle: no other can stand in its index. */
export const BundlePath = z
  .string()
  .check(z.regex(/^(?:attempt-[12]\/)?[a-z][a-z-]{0,60}\.(?:json|log)$/, 'no name of a file in a diag bundle'));

/** `index.json`: what is in a bundle, and what is not. */
export const DiagIndex = z.strictObject({
  schema: z.literal(diagIndexSchemaName),
  builder: BuilderName,
  build_id: BuildId,
  state: BuildState,
  /** Null while it is not decided. */
  exit_code: z.nullable(ExitCode),
  rule: z.nullable(Classification.shape.rule),
  retention: z.strictObject({
    class: RetentionClassName,
    ...RetentionClass.shape,
    /** What the log summary says, where what the build is kept by was changed since. */
    changed_from: z.optional(z.strictObject({ class: RetentionClassName, expires_at: Timestamp })),
    /** When what the build left may go at the earliest; null while it is open. */
    expires_at: z.nullable(Timestamp),
    policy_digest: Digest,
  }),
  /** By path, in order of code units; all but the index itself. */
  files: z.array(
    z.strictObject({
      path: BundlePath,
      digest: Digest,
      /** Bytes. */
      size: z.int(),
      /** The key of the object that it was taken from, a log unpacked; null where it was made for the bundle. */
      key: z.nullable(z.string()),
    }),
  ),
  /** What a bundle can have and this one has not. */
  absent: z.array(z.strictObject({ path: BundlePath, why: z.string() })),
  /** What is in it as it was found, and is not what was recorded. */
  altered: z.array(z.strictObject({ path: BundlePath, why: z.string() })),
});
export type DiagIndex = z.infer<typeof DiagIndex>;

/** `timeline.json`: what the records know of a build's life, the first first. */
export const DiagTimeline = z.strictObject({
  events: z.array(
    z.strictObject({
      at: Timestamp,
      /** The state that the build came to; null where it stayed in the one before. */
      state: z.nullable(BuildState),
      attempt: z.nullable(z.literal([1, 2])),
      what: z.string(),
    }),
  ),
  /** When the second attempt, or one that the build service had no room for, is due. */
  due_at: z.nullable(Timestamp),
});
export type DiagTimeline = z.infer<typeof DiagTimeline>;

/** `verdicts.json`: each verdict, with all that it rests on beside the log. */
export const DiagVerdicts = z.strictObject({
  build_id: BuildId,
  builder: BuilderName,
  /** On the build; null while it is not decided. */
  build: z.nullable(Verdict),
  stop: z.nullable(z.strictObject({ at: Timestamp, by: Caller })),
  attempts: z.array(
    z.strictObject({
      attempt: z.literal([1, 2]),
      run: z.nullable(RunId),
      /** Null where the attempt was not completed, or never started. */
      verdict: z.nullable(Verdict),
      decided_at: z.nullable(Timestamp),
      /** The digest of the rules that it was given by. */
      rules: z.nullable(Digest),
      basis: z.nullable(VerdictBasis),
      fingerprint: z.nullable(Digest),
      /** The manifest at whose fingerprint packer need not run. */
      unless: z.nullable(SealedManifest),
      /** When the dispatcher found that the run had outlived its time limit. */
      expired_at: z.nullable(Timestamp),
    }),
  ),
});
export type DiagVerdicts = z.infer<typeof DiagVerdicts>;

/** `versions.json` */
export const DiagVersions = z.strictObject({
  /** This program, as it made the bundle. */
  bundled_by: z.string(),
  /** This program, as it completed the build; null where that is not known. */
  completed_by: z.nullable(z.string()),
  packer: z.nullable(z.string()),
  plugins: Resolved.shape.plugins,
  /** The rules of `rules.json`: equal to what a verdict names where it was given by just these. */
  rules: Digest,
  /** The rules by which the bundle was searched for secrets. */
  scrub_rules: Digest,
});
export type DiagVersions = z.infer<typeof DiagVersions>;

/** `drift.json`: how the inputs of the sealed manifest differ from those of the one before. */
export const DiagDrift = z.strictObject({
  before: z.strictObject({ build_id: BuildId, digest: Digest, fingerprint: Digest }),
  after: z.strictObject({ build_id: BuildId, digest: Digest, fingerprint: Digest }),
  changes: InputChanges,
});
export type DiagDrift = z.infer<typeof DiagDrift>;

/** A rule as it is written down (`WrittenRule`). */
export const DiagRule = z.strictObject({
  code: z.string(),
  class: ExitCode,
  reads: z.literal(['error', 'output', 'any', 'service']),
  pattern: z.string(),
  flags: z.string(),
  reason: z.string(),
  hint: z.string(),
  unspecific: z.boolean(),
  consequence: z.boolean(),
  turns: z.array(z.strictObject({ to: ExitCode, says: z.string() })),
});

/** `rules.json`: the rules of the program that made the bundle, and the user's own at that time. */
export const DiagRules = z.strictObject({
  users_rules: UsersRules,
  table: z.strictObject({
    users: z.array(DiagRule),
    built_in: z.array(DiagRule),
    checks: z.array(z.strictObject({ code: z.string(), class: ExitCode, reason: z.string() })),
  }),
});
export type DiagRules = z.infer<typeof DiagRules>;
