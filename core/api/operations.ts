import { ChannelName, defaultChannel } from '../channel.ts';
import { Digest } from '../digest.ts';
import { BuildId, BuilderName } from '../identity.ts';
import { RetentionClassName } from '../retention/policy.ts';
import { BuildRequest, RequestVariables } from '../request.ts';
import * as z from '../zod.ts';

/** What a request for a build says beside the builder, which stands in its path. */
export const RequestBody = z.omit(BuildRequest, { builder: true });

/** Which build a channel is to point to. */
export const PublishBody = z
  .strictObject({
    channel: z.withDefault(ChannelName, defaultChannel),
    check: z.withDefault(z.boolean(), false).check(z.describe('decide, and move nothing')),
    build: z.optional(BuildId).check(z.describe('an earlier build, on purpose')),
    fingerprint: z.optional(Digest).check(z.describe('of the inputs as the caller sees them now')),
    variables: z.optional(RequestVariables).check(z.describe('that the request for the build set')),
  })
  .check(
    z.superRefine(({ build, fingerprint, variables }, context) => {
      if ((build === undefined) === (fingerprint === undefined))
        context.addIssue({ code: 'custom', message: 'name a build, or give the fingerprint of the inputs; not both' });
      if (build !== undefined && variables !== undefined)
        context.addIssue({ code: 'custom', path: ['variables'], message: 'a build that is named has its own' });
    }),
  );

/** Why a builder may be opened again. */
export const ReleaseBody = z.strictObject({
  reason: z.string().check(z.minLength(1), z.describe('what was found and what was done about it')),
});

/** How much longer a build is to be kept. */
export const RaiseBody = z.strictObject({
  class: RetentionClassName.check(z.describe('a class of the policy, as long and as firm as the present one or more')),
  reason: z.string().check(z.minLength(1), z.describe('why, for who looks at it later')),
});

const Cursor = z.optional(z.string().check(z.minLength(1), z.maxLength(1024))).check(z.describe('where to go on, from the page before'));

/** @param most how many items a page has where nothing is said, and at most. */
function pageQuery(most: { readonly usual: number; readonly most: number }) {
  const limit = z.string().check(z.regex(/^[1-9]\d{0,3}$/, `a whole number from 1 to ${most.most}`));
  return z.strictObject({
    limit: z
      .withDefault(z.pipe(limit, z.pipe(z.transform(Number), z.int().check(z.lte(most.most, `at most ${most.most}`)))), most.usual)
      .check(z.describe(`how many items at most, from 1 to ${most.most}; ${most.usual} where it is left out`)),
    cursor: Cursor,
  });
}

const BuilderPath = z.strictObject({ name: BuilderName });
const BuildPath = z.strictObject({ id: BuildId });
const none = z.strictObject({});

export interface Operation {
  readonly method: 'GET' | 'POST';
  /** With its parameters in braces. */
  readonly path: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** What whoever calls it needs a permission for. */
  readonly permission: 'ask' | 'read' | 'publish' | 'release' | 'retain';
  readonly parameters: z.ZodMiniType;
  readonly query: z.ZodMiniType;
  /** Null where it takes none. */
  readonly body: z.ZodMiniType | null;
  readonly status: 200 | 202;
}

/**
 * The API: every operation of it, on both homes. Routes, validation, the OpenAPI document, permissions and the client follow
 * from this table.
 */
export const operations = {
  requestBuild: {
    method: 'POST',
    path: '/builders/{name}/builds',
    summary: 'Asks for a build.',
    permission: 'ask',
    parameters: BuilderPath,
    query: none,
    body: RequestBody,
    status: 202,
  },
  readBuild: {
    method: 'GET',
    path: '/builds/{id}',
    summary: 'What a build is doing, or how it ended.',
    permission: 'read',
    parameters: BuildPath,
    query: none,
    body: null,
    status: 200,
  },
  stopBuild: {
    method: 'POST',
    path: '/builds/{id}/stop',
    summary: 'Asks a build to stop; packer gets its clean-up.',
    permission: 'ask',
    parameters: BuildPath,
    query: none,
    body: null,
    status: 202,
  },
  raiseRetention: {
    method: 'POST',
    path: '/builds/{id}/retention',
    summary: 'Gives all that a build left a higher retention class.',
    permission: 'retain',
    parameters: BuildPath,
    query: none,
    body: RaiseBody,
    status: 200,
  },
  readResult: {
    method: 'GET',
    path: '/builds/{id}/result',
    summary: 'The result of a build that has ended.',
    permission: 'read',
    parameters: BuildPath,
    query: none,
    body: null,
    status: 200,
  },
  readSummary: {
    method: 'GET',
    path: '/builds/{id}/summary',
    summary: 'The log summary of a build that has ended.',
    permission: 'read',
    parameters: BuildPath,
    query: none,
    body: null,
    status: 200,
  },
  readLog: {
    method: 'GET',
    path: '/builds/{id}/log',
    summary: 'Where the scrubbed logs of a build are; of an attempt under way what it says.',
    permission: 'read',
    parameters: BuildPath,
    query: z.strictObject({
      attempt: z.optional(
        z.pipe(
          z.literal(['1', '2']),
          z.transform((text): 1 | 2 => (text === '1' ? 1 : 2)),
        ),
      ),
      after: z
        .optional(z.string().check(z.regex(/^[\w+/=.-]{1,256}$/, 'a place is passed on as it came')))
        .check(z.describe('`next` of the answer before')),
    }),
    body: null,
    status: 200,
  },
  readDiag: {
    method: 'GET',
    path: '/builds/{id}/diag',
    summary: 'Makes the diag bundle of a build, and says where it is.',
    permission: 'read',
    parameters: BuildPath,
    query: none,
    body: null,
    status: 200,
  },
  listBuilders: {
    method: 'GET',
    path: '/builders',
    summary: 'The builders, by name.',
    permission: 'read',
    parameters: none,
    query: pageQuery({ usual: 50, most: 50 }),
    body: null,
    status: 200,
  },
  readBuilder: {
    method: 'GET',
    path: '/builders/{name}',
    summary: 'What a builder builds, what waits, how its last build ended, what is closed and published.',
    permission: 'read',
    parameters: BuilderPath,
    query: none,
    body: null,
    status: 200,
  },
  listBuilds: {
    method: 'GET',
    path: '/builders/{name}/builds',
    summary: 'The builds of a builder, the newest first.',
    permission: 'read',
    parameters: BuilderPath,
    query: pageQuery({ usual: 20, most: 100 }),
    body: null,
    status: 200,
  },
  readManifest: {
    method: 'GET',
    path: '/builders/{name}/manifest',
    summary: 'The newest sealed hash manifest of a builder, or that of a build.',
    permission: 'read',
    parameters: BuilderPath,
    query: z.strictObject({ build: z.optional(BuildId) }),
    body: null,
    status: 200,
  },
  publish: {
    method: 'POST',
    path: '/builders/{name}/publish',
    summary: 'Lets a channel point to a build, where the gate lets it through.',
    permission: 'publish',
    parameters: BuilderPath,
    query: none,
    body: PublishBody,
    status: 200,
  },
  releaseQuarantine: {
    method: 'POST',
    path: '/builders/{name}/quarantine/release',
    summary: 'Opens a quarantined builder again.',
    permission: 'release',
    parameters: BuilderPath,
    query: none,
    body: ReleaseBody,
    status: 200,
  },
} as const satisfies Record<string, Operation>;
export type OperationName = keyof typeof operations;
