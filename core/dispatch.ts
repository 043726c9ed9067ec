import { textThatFits } from './bounded-text.ts';
import { type Build, joinLimit, longestCommand } from './build.ts';
import { type BuilderRecord, queueLimit } from './builder-record.ts';
import { canonicalJson } from './canonical-json.ts';
import { type Config } from './config.ts';
import { type Digest, digestOfJson } from './digest.ts';
import { type Outcome, failure, success } from './failure.ts';
import { type BuildId, type BuilderName, type Timestamp, callerNamed, timestamp } from './identity.ts';
import { type Clock, type Ids, type RecordWrite, type Records } from './ports.ts';
import { quarantineFailure } from './quarantine.ts';
import { type BuildRequest } from './request.ts';
import { type AcceptableRequest, checkRequest } from './request-check.ts';
import { type RequestToken, tokenIdOf, tokenLifetime } from './request-token.ts';
import { type RetentionTerms, retentionTerms } from './retention/policy.ts';

export interface DispatchPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface Asked {
  /** Untrusted: `checkRequest` holds it against its schema. */
  readonly request: unknown;
  /** The command line that asked, scrubbed. */
  readonly command: string;
  readonly by: string;
}

/** `accepted`: a build of its own. `joined`: an equal one that waits. `known`: the one that the same client token was given. */
export interface Dispatched {
  readonly build: Build;
  readonly how: 'accepted' | 'joined' | 'known';
}

/**
 * Accepts a request: from then on its build is in the records, has its turn or waits in its builder's line, and ends in
 * exactly one final state. Nothing is started here; `advance` does that when its turn comes.
 */
export async function dispatch(ports: DispatchPorts, config: Config, asked: Asked): Promise<Outcome<Dispatched>> {
  const checked = checkRequest(config, asked.request);
  if (!checked.ok) return checked;
  const { request } = checked.value;
  const at = timestamp(ports.clock.now());
  const build = newBuild(ports.ids.buildId(), asked, checked.value, retentionTerms(config.retention, checked.value.retention), at);
  for (;;) {
    const token =
      request.client_token === undefined ? undefined : await findToken(ports.records, request, request.client_token, asked.by, at);
    if (token?.state === 'known') return known(ports.records, token.record, request);

    const builder = await ports.records.readBuilder(request.builder);
    const place = await placeFor(ports.records, builder, build, { at, by: callerNamed(asked.by) });
    if (!place.ok) {
      // Meanwhile somebody else may have been given a build for the same token: then that is the answer.
      const now = token === undefined ? undefined : await ports.records.readRequestToken(token.record.token_id);
      return now !== undefined && now.expires_at > at ? known(ports.records, now, request) : place;
    }
    const { dispatched, writes } = place.value;
    const commit = await ports.records.commit([...writes, ...(token === undefined ? [] : [tokenWrite(token, dispatched.build.build_id)])]);
    if (commit.committed) return success(dispatched);
    if (commit.type === 'build' && commit.conflict === 'exists') throw new Error(`the new build id ${build.build_id} is taken`);
  }
}

// ---- a place in the line -----------------------------------------------------------------------------------

interface Place {
  readonly dispatched: Dispatched;
  readonly writes: readonly RecordWrite[];
}

/** The place of an equal build where one waits, else one of its own; or why there is none. */
async function placeFor(
  records: Records,
  builder: BuilderRecord | undefined,
  build: Build,
  who: { readonly at: Timestamp; readonly by: string },
): Promise<Outcome<Place>> {
  if (builder !== undefined && builder.quarantine !== null) return { ok: false, failure: quarantineFailure(builder, builder.quarantine) };
  const equal = await equalWaiting(records, builder, build);
  return equal === undefined ? newPlace(builder, build) : joinedPlace(equal, who);
}

/** Its turn where the builder has nothing to do, else the end of the line. */
function newPlace(builder: BuilderRecord | undefined, build: Build): Outcome<Place> {
  if (builder !== undefined && builder.queue.length >= queueLimit) {
    return failure(
      'QUEUE_FULL',
      `${queueLimit} builds of ${build.builder} wait already`,
      'ask again when some are done; `hybridcore-packer builds` shows them',
    );
  }
  const before = builder ?? idleBuilder(build.builder);
  const idle = before.current === null && before.queue.length === 0;
  const after: BuilderRecord = {
    ...before,
    version: before.version + 1,
    current: idle ? build.build_id : before.current,
    queue: idle ? before.queue : [...before.queue, build.build_id],
  };
  return success({
    dispatched: { build, how: 'accepted' },
    writes: [
      { type: 'builder', expected: builder?.version ?? null, document: after },
      { type: 'build', expected: null, document: build },
    ],
  });
}

/** The place of an equal build that waits; on the condition that it still does. */
function joinedPlace(equal: Build, who: { readonly at: Timestamp; readonly by: string }): Outcome<Place> {
  if (equal.joined.length >= joinLimit) {
    return failure(
      'QUEUE_FULL',
      `${joinLimit} equal requests wait for the build ${equal.build_id} of ${equal.builder} already`,
      `follow that build: hybridcore-packer status ${equal.builder}`,
    );
  }
  const joined: Build = { ...equal, version: equal.version + 1, joined: [...equal.joined, who] };
  return success({ dispatched: { build: joined, how: 'joined' }, writes: [{ type: 'build', expected: equal.version, document: joined }] });
}

/** The build in the line that does for this request too. */
async function equalWaiting(records: Records, builder: BuilderRecord | undefined, wanted: Build): Promise<Build | undefined> {
  for (const id of builder?.queue ?? []) {
    const waiting = await records.readBuild(id);
    if (waiting !== undefined && doesFor(waiting, wanted)) return waiting;
  }
  return undefined;
}

/** A build that is skipped where nothing changed does not do for who wants one in any case; the other way round it does. */
function doesFor(waiting: Build, wanted: Build): boolean {
  const skips = waiting.only_if_changed === null || canonicalJson(waiting.only_if_changed) === canonicalJson(wanted.only_if_changed);
  return (
    waiting.state === 'queued' &&
    waiting.stop === null &&
    waiting.decision === null &&
    waiting.retention === wanted.retention &&
    canonicalJson(waiting.retention_terms) === canonicalJson(wanted.retention_terms) &&
    canonicalJson(waiting.variables) === canonicalJson(wanted.variables) &&
    skips
  );
}

// ---- client tokens -----------------------------------------------------------------------------------------

type FoundToken =
  | { readonly state: 'known'; readonly record: RequestToken }
  | { readonly state: 'free'; readonly expected: number | null; readonly record: Omit<RequestToken, 'build_id'> };

async function findToken(records: Records, request: BuildRequest, token: string, by: string, at: Timestamp): Promise<FoundToken> {
  const id = tokenIdOf(request.builder, by, token);
  const record = await records.readRequestToken(id);
  if (record !== undefined && record.expires_at > at) return { state: 'known', record };
  return {
    state: 'free',
    expected: record?.version ?? null,
    record: {
      schema: 'hybridcore-packer/request-token/1',
      version: (record?.version ?? 0) + 1,
      token_id: id,
      builder: request.builder,
      by: callerNamed(by),
      request: bodyDigest(request),
      accepted_at: at,
      expires_at: timestamp(Date.parse(at) + tokenLifetime),
    },
  };
}

function tokenWrite(token: FoundToken & { readonly state: 'free' }, build: BuildId): RecordWrite {
  return { type: 'request-token', expected: token.expected, document: { ...token.record, build_id: build } };
}

/** What the same token was given before, where the same is asked for. */
async function known(records: Records, token: RequestToken, request: BuildRequest): Promise<Outcome<Dispatched>> {
  if (token.request !== bodyDigest(request)) {
    return failure(
      'TOKEN_CONFLICT',
      `the client token ${request.client_token} stands for another request of ${token.accepted_at}, which is the build ${token.build_id}`,
      'use a new token for a new request; the same one repeats the same request',
    );
  }
  const build = await records.readBuild(token.build_id);
  if (build === undefined) throw new Error(`the records hold no build ${token.build_id}, which a client token names`);
  return success({ build, how: 'known' });
}

/** What a caller asked for. The fingerprint is what the caller saw, not what it wants: it may differ when it asks again. */
function bodyDigest({ client_token: _, fingerprint: __, ...body }: BuildRequest): Digest {
  return digestOfJson(body);
}

// ---- new records -------------------------------------------------------------------------------------------

function newBuild(id: BuildId, asked: Asked, { request, retention }: AcceptableRequest, terms: RetentionTerms, at: Timestamp): Build {
  return {
    schema: 'hybridcore-packer/build/1',
    version: 1,
    build_id: id,
    builder: request.builder,
    state: 'queued',
    command: textThatFits(asked.command, longestCommand),
    requested_at: at,
    requested_by: callerNamed(asked.by),
    variables: request.variables,
    retention,
    retention_terms: terms,
    only_if_changed: request.only_if_changed ? { max_age: request.max_age ?? null, fingerprint: request.fingerprint ?? null } : null,
    joined: [],
    attempts: [],
    retry_at: null,
    stop: null,
    decision: null,
    finished_at: null,
    result_path: null,
    summary_path: null,
    manifest: null,
    settled_at: null,
    hold: null,
    unkept_since: null,
    hold_released: null,
    past_holds: [],
    past_holds_left_out: 0,
    retention_changes: [],
    retention_changes_left_out: 0,
    expired: null,
  };
}

function idleBuilder(builder: BuilderName): BuilderRecord {
  return {
    schema: 'hybridcore-packer/builder/1',
    version: 0,
    builder,
    current: null,
    queue: [],
    last: null,
    newest: null,
    quarantine: null,
    released: null,
    chain_begins: null,
  };
}
