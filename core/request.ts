import * as z from 'zod';

import { Digest } from './digest.ts';
import { Duration } from './duration.ts';
import { BuildId, BuilderName, RunId, VariableName } from './identity.ts';
import { RetentionClassName } from './retention.ts';

/** When a build may be skipped: its inputs are those of the newest manifest of equal variables, and that one is young enough. */
export const OnlyIfChanged = z.strictObject({
  /** How old that manifest may be; null: of any age. */
  max_age: Duration.nullable(),
  /** Of the inputs as who asks sees them; null where the attempt is to find out. */
  fingerprint: Digest.nullable(),
});
export type OnlyIfChanged = z.infer<typeof OnlyIfChanged>;

/** What a schedule, an API call or a command asks for. What one part of it means for another, and for its builder, is for `checkRequest`. */
export const BuildRequest = z.strictObject({
  builder: BuilderName,
  variables: z
    .record(VariableName, z.string().max(65_536))
    .refine((variables) => Object.keys(variables).length <= 100, 'at most 100 variables')
    .default({}),
  retention: RetentionClassName.optional().describe("a retention class that keeps at least as long as the builder's own"),
  client_token: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'a client token is 1 to 128 printable ASCII characters without blanks')
    .optional()
    .describe('the same token and request from the same caller give the same build, for at least a day'),
  only_if_changed: z.boolean().default(false).describe('skip the build where its inputs are those of the newest manifest'),
  max_age: Duration.optional().describe('with only_if_changed: build all the same where that manifest is older'),
  fingerprint: Digest.optional().describe('with only_if_changed: the fingerprint of the inputs as the caller sees them'),
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
  variables: z.record(VariableName, z.string()),
  /** The fingerprint at which packer need not run; null where it has to. */
  unless: Digest.nullable(),
});
export type AttemptRequest = z.infer<typeof AttemptRequest>;
