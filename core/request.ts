import { Digest } from './digest.ts';
import { Duration } from './duration.ts';
import { BuildId, BuilderName, RunId, VariableName } from './identity.ts';
import { RetentionClassName } from './retention/policy.ts';
import * as z from './zod.ts';

/** When a build may be skipped: its inputs are those of the newest manifest of equal variables, and that one is young enough. */
export const OnlyIfChanged = z.strictObject({
  /** How old that manifest may be; null: of any age. */
  max_age: z.nullable(Duration),
  /** Of the inputs as who asks sees them; null where the attempt is to find out. */
  fingerprint: z.nullable(Digest),
});
export type OnlyIfChanged = z.infer<typeof OnlyIfChanged>;

/** How many characters the variables of a request have at most, as JSON: they travel to the attempt as one environment variable. */
export const longestVariables = 4096;

/** The variables that a request sets. No value has NUL, which no process can be given, or half a character. */
export const RequestVariables = z
  .record(
    VariableName,
    z.string().check(
      z.maxLength(longestVariables),
      z.refine((value) => value.isWellFormed() && !value.includes('\0'), 'a value is Unicode without NUL'),
    ),
  )
  .check(
    z.refine((variables) => JSON.stringify(variables).length <= longestVariables, `at most ${longestVariables} characters in all, as JSON`),
  );

/** What a schedule, an API call or a command asks for. What one part of it means for another, and for its builder, is for `checkRequest`. */
export const BuildRequest = z.strictObject({
  builder: BuilderName,
  variables: z.withDefault(RequestVariables, {}),
  retention: z.optional(RetentionClassName).check(z.describe("a retention class that keeps at least as long as the builder's own")),
  client_token: z
    .optional(z.string().check(z.regex(/^[\x21-\x7e]{1,128}$/, 'a client token is 1 to 128 printable ASCII characters without blanks')))
    .check(z.describe('the same token and request from the same caller give the same build, for at least a day')),
  only_if_changed: z.withDefault(z.boolean(), false).check(z.describe('skip the build where its inputs are those of the newest manifest')),
  max_age: z.optional(Duration).check(z.describe('with only_if_changed: build all the same where that manifest is older')),
  fingerprint: z.optional(Digest).check(z.describe('with only_if_changed: the fingerprint of the inputs as the caller sees them')),
});
export type BuildRequest = z.infer<typeof BuildRequest>;
/** A request as it is written: without what has a default. */
export type BuildRequestInput = z.input<typeof BuildRequest>;

/** What the dispatcher asks an attempt to do. It travels as environment variables (`contract/variables.ts`). */
export const AttemptRequest = z.strictObject({
  builder: BuilderName,
  build: BuildId,
  attempt: z.literal([1, 2]),
  run: RunId,
  variables: RequestVariables,
  /** The fingerprint at which packer need not run; null where it has to. */
  unless: z.nullable(Digest),
  /** The fingerprint of the source as the dispatcher knows it; null where it does not. */
  expected: z.nullable(Digest),
  /** The digest of the builder as the dispatcher knows it (`builderDigest`); null where it does not. */
  builder_digest: z.nullable(Digest),
});
export type AttemptRequest = z.infer<typeof AttemptRequest>;
