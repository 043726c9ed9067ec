import { RecordedArtifacts } from './artifact.ts';
import { boundedText } from './bounded-text.ts';
import { Classification, Verdict } from './classification/verdict.ts';
import { SealedManifest } from './builder-record.ts';
import { Digest } from './digest.ts';
import { BuildId, BuilderName, Caller, ObjectKey, RunId, Timestamp } from './identity.ts';
import { buildRetention } from './retention/build-retention.ts';
import { RetentionClassName, RetentionTerms } from './retention/policy.ts';
import { OnlyIfChanged, RequestVariables } from './request.ts';
import { BuildState } from './states.ts';
import { buildEvents } from './transitions.ts';
import * as z from './zod.ts';

/** How many equal requests one waiting build takes. */
export const joinLimit = 200;

/** What the command line of a request takes at most in a record, in bytes as JSON. */
export const longestCommand = 4096;

// One schema of each for all places: a cold start pays for every one.
const TimestampOrNull = z.nullable(Timestamp);
const DigestOrNull = z.nullable(Digest);
const ObjectKeyOrNull = z.nullable(ObjectKey);
const SealedManifestOrNull = z.nullable(SealedManifest);
const AtBy = z.strictObject({ at: Timestamp, by: Caller });

/**
 * What the verdict on an attempt rests on beside its log: with it the same verdict can be given again from what is kept.
 */
export const VerdictBasis = z.lazy(() =>
  z.strictObject({
    /** How packer ended; null where it never ran. */
    packer: z.nullable(z.strictObject({ exit_code: z.nullable(z.int()), signal: z.nullable(z.string().check(z.maxLength(32))) })),
    interrupted: z.nullable(z.literal(['stop', 'time-limit', 'signal'])),
    /** The rule of what the attempt's own checks found wrong. */
    own_rule: z.nullable(Classification.shape.rule),
    /** Whether the attempt said that nothing had changed, so that packer did not run. */
    unchanged: z.boolean(),
    /** Whether manifest post-processors recorded artifacts. */
    recorded: z.boolean(),
  }),
);
export type VerdictBasis = z.infer<typeof VerdictBasis>;

/** What became of an attempt, as completing it found. */
export const AttemptOutcome = z.lazy(() =>
  z.strictObject({
    verdict: Verdict,
    /** Over the inputs that the attempt met; null where it did not get that far. */
    fingerprint: DigestOrNull,
    /** What its targets left, those of a failed attempt too: they exist and cost money. */
    artifacts: RecordedArtifacts,
    /** Whether some of them, or their files, are left out here: what the attempt left is in its log, and in what its build sealed. */
    artifacts_shortened: z.withDefault(z.boolean(), false),
    /** The scrubbed log: its key and its size as stored, in bytes. Null where packer never ran. */
    log: z.nullable(z.strictObject({ path: ObjectKey, size: z.int().check(z.nonnegative()) })),
    scrub_manifest_path: ObjectKeyOrNull,
    /** How many redactions the scrub manifest lists. */
    redactions: z.int().check(z.nonnegative()),
    /** When the verdict was committed. Null in older records. */
    decided_at: z.withDefault(TimestampOrNull, null),
    /** The rules that it was given by (`ruleDigest`). Null in older records. */
    rules: z.withDefault(DigestOrNull, null),
    /** Null where nothing that the attempt said of itself counts, and in older records. */
    basis: z.withDefault(z.nullable(VerdictBasis), null),
  }),
);
export type AttemptOutcome = z.infer<typeof AttemptOutcome>;

/** One run of packer in the build service. */
export const Attempt = z.lazy(() =>
  z.strictObject({
    attempt: z.literal([1, 2]),
    /** The build service's token: equal for every try to start this attempt, so it starts once. */
    token: z.string().check(z.maxLength(64)),
    /** Null while the start is only intended. */
    run: z.nullable(RunId),
    intended_at: Timestamp,
    /** After how many milliseconds the build service ends the run by force. */
    time_limit: z.int().check(z.positive()),
    /** The manifest at whose fingerprint this attempt need not run packer; null where it has to. */
    unless: SealedManifestOrNull,
    /** The fingerprint that the deployed source has, so that the attempt cannot claim another; null where the dispatcher does not know it. */
    expected: z.withDefault(DigestOrNull, null),
    /** The digest of the builder that it was intended with (`builderDigest`): a start that is asked for again says the same. */
    builder_digest: z.withDefault(DigestOrNull, null),
    started_at: TimestampOrNull,
    finished_at: TimestampOrNull,
    /** When the dispatcher found that the run had outlived its time limit, and began to end it; null where it did not. */
    expired_at: TimestampOrNull,
    /** Null until the attempt was completed. */
    outcome: z.nullable(AttemptOutcome),
  }),
);
export type Attempt = z.infer<typeof Attempt>;

const HandedPart = z.lazy(() =>
  z.strictObject({
    /** Null where the store keeps no versions. */
    version: z.nullable(boundedText(1024)),
  }),
);

/** Which of what a run handed over counts: the versions that were read. Null for a part that was not there. */
export const HandedParts = z.lazy(() =>
  z.strictObject({ report: HandedPart, scrub_manifest: z.nullable(HandedPart), log: z.nullable(HandedPart) }),
);
export type HandedParts = z.infer<typeof HandedParts>;

/**
 * What was decided, committed before anything is written that follows from it: whoever goes on after a crash, and
 * whoever does the same at once, comes to the same bytes.
 */
export const Decision = z.lazy(() =>
  z.strictObject({
    event: z.literal(buildEvents),
    verdict: Verdict,
    /** What the attempt came to, where the build ends for another reason; null where `verdict` says it. */
    judged: z.withDefault(z.nullable(Verdict), null),
    /** What was handed over that this rests on: whatever is written there later does not count. Null where it rests on nothing of it. */
    rests_on: z.withDefault(z.nullable(HandedParts), null),
    /** Every time that is written derives from this. */
    at: Timestamp,
    /** The rules by which the attempt was judged (`ruleDigest`). Null where it was not, and in older records. */
    rules: z.withDefault(DigestOrNull, null),
    /** The key of the redaction on this side; forgotten once all is written. */
    redaction_key: z.nullable(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
    /** The manifest that still holds, where the build is skipped. */
    unchanged: SealedManifestOrNull,
  }),
);
export type Decision = z.infer<typeof Decision>;

/** A request to bake a builder, and all that became of it. The record of `Records`. */
export const Build = z.lazy(() =>
  z.strictObject({
    schema: z.literal('hybridcore-packer/build/1'),
    /** Grows by one with each write; the condition of every write. */
    version: z.int().check(z.positive()),
    build_id: BuildId,
    builder: BuilderName,
    state: BuildState,
    /** The command line that asked for it, scrubbed. */
    command: boundedText(longestCommand),
    requested_at: Timestamp,
    requested_by: Caller,
    variables: RequestVariables,
    retention: RetentionClassName,
    /** What that class meant when the build was accepted: what was promised then holds, whatever becomes of the policy. Null in older records. */
    retention_terms: z.withDefault(z.nullable(RetentionTerms), null),
    /** Where it may be skipped. Null: it is built whatever the inputs are. */
    only_if_changed: z.nullable(OnlyIfChanged),
    /** The equal requests that were given this build while it waited. */
    joined: z.array(AtBy).check(z.maxLength(joinLimit)),
    attempts: z.array(Attempt).check(z.maxLength(2)),
    /** When the second attempt is due; set in the state `retrying`. */
    retry_at: TimestampOrNull,
    /** An operator's wish; it wins over a retry. */
    stop: z.nullable(AtBy),
    /** How the newest attempt, or the build, ends; from then on nothing changes that. Null again before a retry. */
    decision: z.nullable(Decision),
    finished_at: TimestampOrNull,
    /** The keys of what a final build left. */
    result_path: ObjectKeyOrNull,
    summary_path: ObjectKeyOrNull,
    manifest: z.nullable(z.strictObject({ path: ObjectKey, digest: Digest, fingerprint: Digest })),
    /** When everything that follows a final state was done (`settle`): pointers written, operators told. Null until then. */
    settled_at: TimestampOrNull,
    ...buildRetention,
  }),
);
export type Build = z.infer<typeof Build>;

/** Whether something is still to be done for a build: it is in no final state, or what follows one is not done. */
export function isOpen(build: Build): boolean {
  return build.settled_at === null;
}

/** The attempt under way, or the last one; undefined before the first. */
export function newestAttempt(build: Build): Attempt | undefined {
  return build.attempts.at(-1);
}
