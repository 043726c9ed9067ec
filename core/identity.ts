import { boundedText, textThatFits } from './bounded-text.ts';
import * as z from './zod.ts';

const builderName = /^[a-z][a-z0-9-]{0,62}$/;

/** The name of a builder: one entry of `hybridcore.yaml`, and a part of many keys. */
export const BuilderName = z
  .string()
  .check(z.regex(builderName, 'a builder is named with a-z, 0-9 and -, begins with a letter and has at most 63 characters'))
  .brand<'BuilderName'>();
export type BuilderName = z.infer<typeof BuilderName>;

export function isBuilderName(text: string): text is BuilderName {
  return builderName.test(text);
}

const buildId = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** The id of a build: a ULID, so ids sort by the time of the request. */
export const BuildId = z
  .string()
  .check(z.regex(buildId, 'a build id is a ULID: 26 characters of 0-9 and A-Z without I, L, O, U'))
  .brand<'BuildId'>();
export type BuildId = z.infer<typeof BuildId>;

export function isBuildId(text: string): text is BuildId {
  return buildId.test(text);
}

/**
 * The build service's own id for an attempt: CodeBuild's build ARN, or the embedded service's id.
 * It is a part of keys, so it has no `..`, no empty segment and no control characters.
 */
export const RunId = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z0-9](?:[A-Za-z0-9:_-]|\/(?=[A-Za-z0-9])){0,254}$/,
      'a run id is what the build service gave: letters, digits and : / _ -',
    ),
  )
  .brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;

/** The key of an object, as a record names it (`core/contract/keys.ts`). */
export const ObjectKey = boundedText(1024);

const longestCaller = 512;

/** Who asked for something: a user's name, or the ARN of a role. */
export const Caller = boundedText(longestCaller);

/** A caller as the records name it: of a longer name the beginning and the end. */
export function callerNamed(name: string): string {
  return textThatFits(name, longestCaller);
}

/** A packer variable's name. */
export const VariableName = z
  .string()
  .check(z.regex(/^[A-Za-z_][A-Za-z0-9_-]{0,127}$/, 'a variable is named with letters, digits, _ and -'));

/** A moment in UTC with milliseconds, as `Date.prototype.toISOString` prints it. */
export const Timestamp = z.iso.datetime({ precision: 3 });
export type Timestamp = z.infer<typeof Timestamp>;

/** Milliseconds since 1970 as a timestamp. */
export function timestamp(epochMilliseconds: number): Timestamp {
  return new Date(epochMilliseconds).toISOString();
}
