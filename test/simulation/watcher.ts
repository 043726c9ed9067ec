import { isDeepStrictEqual } from 'node:util';

import { stopGrace } from '../../core/run-limit.ts';
import { type Build } from '../../core/build.ts';
import { builderDigest } from '../../core/builder-digest.ts';
import { type BuilderRecord } from '../../core/builder-record.ts';
import { type Builder } from '../../core/config.ts';
import { type Digest } from '../../core/digest.ts';
import { milliseconds } from '../../core/duration.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type AttemptRequest } from '../../core/request.ts';
import { type BuildState, isFinal } from '../../core/states.ts';
import { variantIdOf } from '../../core/variant.ts';
import { type MemoryRecords, type Written } from './memory-records.ts';
import { type Publishing, watchChannels } from './publishing.ts';
import { type SimulatedRules } from './simulated-rules.ts';
import { type Violate } from './violation.ts';

/**
 * What may follow what, written down a second time: the domain's own table is among the guards that the simulation takes
 * away.
 */
const follows: Readonly<Partial<Record<BuildState, readonly BuildState[]>>> = {
  queued: ['running', 'stopped', 'quarantined', 'skipped'],
  running: ['queued', 'retrying', 'succeeded', 'skipped', 'failed', 'escalated', 'quarantined', 'stopped'],
  retrying: ['running', 'stopped', 'quarantined'],
};

/** As `config` in `history.ts` has it. Milliseconds. */
const retryDelay = 2 * 60_000;

/** Watches each commit and each packer run as it happens, for what cannot be seen any more at the end. */
export interface Watcher {
  /** The build service began a run, before it has the run's id told to anybody. */
  runStarts(request: { readonly token: string }): void;
  /** A run that had not ended is ended by force, not by the service itself. */
  runForced(run: { readonly run: string; readonly beginsAt: number }, now: number): void;
  readonly packerBegins: (request: AttemptRequest, builder: Builder | undefined) => void;
  readonly packerEnds: (request: AttemptRequest) => void;
  /** The packer of a run that was ended by force is gone. */
  packerGone(request: { readonly builder: string; readonly run: string }): void;
  readonly packerRuns: ReadonlyMap<string, number>;
}

/** The fingerprint of the source that the dispatcher was deployed with; null where it does not know it. */
type DeployedFingerprint = (builder: BuilderName, variables: Readonly<Record<string, string>>) => Digest | null;

/** What a watcher knows of the world beside the records. */
interface Known {
  readonly deployed: DeployedFingerprint;
  /** Who wants to publish what, by the name that the record of a channel is given. */
  readonly publishings: readonly Publishing[];
  /** Of the bucket; null where there is none. */
  readonly rules: SimulatedRules | null;
}

export function watch(records: MemoryRecords, { deployed, publishings, rules }: Known, violate: Violate): Watcher {
  const { stored } = records;
  const intended = new Set<string>();
  records.observer = (written) => {
    const builders = new Map(
      written.flatMap(({ write }) => (write.type === 'builder' ? [[write.document.builder, write.document] as const] : [])),
    );
    for (const each of written) watchVersion(each, violate);
    for (const { write } of written) if (write.type === 'build') for (const { token } of write.document.attempts) intended.add(token);
    for (const { write, before } of written) {
      if (write.type !== 'build') continue;
      const earlier = before !== undefined && 'build_id' in before ? stored.builds.get(write.document.build_id) : undefined;
      const builder = stored.builders.get(write.document.builder);
      watchBuild(earlier, write.document, { before: builder, after: builders.get(write.document.builder) ?? builder }, violate);
      rules?.watch(earlier, write.document);
      watchSkip(records, earlier, write.document, deployed, violate);
      watchUnchanged(records, earlier, write.document, violate);
      watchKnownSource(records, earlier, write.document, deployed, violate);
    }
    watchTurns(written, records, violate);
    watchChannels(written, records, publishings, violate);
  };
  const packerRuns = new Map<string, number>();
  const busy = new Map<string, string>();
  return {
    packerRuns,
    runStarts({ token }) {
      if (!intended.has(token)) violate('what is started was recorded before', token);
    },
    runForced({ run, beginsAt }, now) {
      const attempts = [...stored.builds.values()].flatMap((build) => build.attempts.map((attempt) => ({ build, attempt })));
      const named = attempts.find(({ attempt }) => attempt.run === run);
      const asked = named?.build.stop?.at ?? named?.attempt.expired_at ?? null;
      // A run that no attempt has is one of two that were started for it.
      if (named?.build.stop === null && now < beginsAt) violate('waiting in the queue takes nothing of the time limit', run);
      if (named !== undefined && asked === null) violate('a run ends by force only where that was asked for', run);
      if (asked !== null && now < Date.parse(asked) + stopGrace) violate('packer gets the time to clean up', `${run} is ended by force`);
    },
    packerBegins(request, builder) {
      const name = `${request.build} attempt ${request.attempt}`;
      packerRuns.set(name, (packerRuns.get(name) ?? 0) + 1);
      if ((packerRuns.get(name) ?? 0) > 1) violate('one packer run an attempt', name);
      if (busy.has(request.builder))
        violate('one packer at a time for a builder', `${busy.get(request.builder)} runs while ${name} begins`);
      busy.set(request.builder, request.run);
      const build = stored.builds.get(request.build);
      const recorded = build?.attempts.find((attempt) => attempt.attempt === request.attempt);
      if (build?.state !== 'running' || recorded?.run !== request.run)
        violate('packer runs only for the run that the records name', `${name}: ${request.run}, ${build?.state}, ${recorded?.run}`);
      if (builder === undefined || recorded?.builder_digest !== builderDigest(builder))
        violate('packer runs only for the builder that the dispatcher knows', name);
      if (request.unless !== null && recorded?.unless === null) violate('an attempt is skipped only where the records say so', name);
    },
    packerEnds(request) {
      if (busy.get(request.builder) === request.run) busy.delete(request.builder);
    },
    packerGone({ builder, run }) {
      if (busy.get(builder) === run) busy.delete(builder);
    },
  };
}

function watchVersion({ write, before }: Written, violate: Violate): void {
  if (before !== undefined && write.document.version !== before.version + 1)
    violate('versions grow by one', `${write.type}: ${before.version} to ${write.document.version}`);
}

interface BuilderChange {
  readonly before: BuilderRecord | undefined;
  readonly after: BuilderRecord | undefined;
}

function watchBuild(before: Build | undefined, after: Build, builder: BuilderChange, violate: Violate): void {
  const id = after.build_id;
  if (before === undefined) {
    if (after.state !== 'queued') violate('a build begins in the line', `${id} ${after.state}`);
    if ((builder.before?.quarantine ?? null) !== null) violate('a quarantined builder takes no build', id);
    return;
  }
  if (before.state !== after.state && follows[before.state]?.includes(after.state) !== true)
    violate('only what the table says', `${id}: ${before.state} to ${after.state}`);
  if (isFinal(before.state) && !isDeepStrictEqual(lasting(before), lasting(after))) violate('a final build never changes', id);
  if (before.settled_at !== null && before.settled_at !== after.settled_at) violate('a settled build never changes', id);
  if (
    before.decision !== null &&
    after.decision !== null &&
    !isDeepStrictEqual(decided(before), decided(after)) &&
    after.decision.event !== 'violate'
  )
    violate('a decision stands', `${id}: ${before.decision.event} to ${after.decision.event}`);
  if (before.decision === null && after.decision?.event === 'transient' && after.stop !== null && after.attempts.length === 1)
    violate("an operator's stop wins over a retry", id);
  if (before.state === 'running' && before.decision !== null && after.state === 'retrying')
    watchRetryTime(before.decision.at, after, violate);
  if (after.attempts.length > 2) violate('at most two attempts', id);
  if (after.attempts.length > before.attempts.length) watchAttempt(before, after, builder, violate);
  for (const attempt of before.attempts) {
    const now = after.attempts.find((each) => each.token === attempt.token);
    if (attempt.run !== null && now?.run !== attempt.run) violate('an attempt keeps its run', `${id}: ${attempt.run} to ${now?.run}`);
    if (attempt.outcome !== null && !isDeepStrictEqual(attempt.outcome, now?.outcome ?? null)) violate('an outcome never changes', id);
  }
  if (after.joined.length > before.joined.length && (before.state !== 'queued' || builder.before?.queue.includes(id) !== true))
    violate('what is joined waits', `${id} ${before.state}`);
}

function watchAttempt(before: Build, after: Build, builder: BuilderChange, violate: Violate): void {
  const id = after.build_id;
  const [first] = before.attempts;
  if (first !== undefined && first.outcome?.verdict.exit_code !== 2)
    violate('a retry only after class 2', `${id}: ${first.outcome?.verdict.exit_code}`);
  if (before.state === 'retrying' && (before.retry_at === null || (after.attempts[1]?.intended_at ?? '') < before.retry_at))
    violate('a retry waits for its time', `${id}: ${before.retry_at}`);
  if (before.stop !== null) violate('no attempt after an operator wanted a stop', id);
  if (builder.before !== undefined && builder.before.quarantine !== null) violate('no attempt while the builder is quarantined', id);
  if (builder.after?.current !== id) violate('an attempt is made by the build whose turn it is', `${id}: ${builder.after?.current}`);
}

/** A retry comes after the builder's delay, and at most a fifth of that later. */
function watchRetryTime(decidedAt: string, { build_id: id, retry_at: at }: Build, violate: Violate): void {
  const waits = Date.parse(at ?? '') - Date.parse(decidedAt);
  if (!(waits >= retryDelay && waits <= retryDelay * 1.2)) violate('a retry comes after its delay', `${id}: ${waits} ms`);
}

/** A skip rests on the newest manifest of equal variables, of the age that the request allows. */
function watchSkip(
  { stored }: MemoryRecords,
  before: Build | undefined,
  after: Build,
  deployed: DeployedFingerprint,
  violate: Violate,
): void {
  if (after.decision?.event !== 'skip' || before?.decision?.event === 'skip') return;
  const { unchanged } = after.decision;
  const newest = stored.variants.get(variantIdOf(after.builder, after.variables))?.newest;
  if (after.only_if_changed === null) violate('a build is skipped only where that was asked for', after.build_id);
  if (unchanged === null || newest?.build_id !== unchanged.build_id)
    violate(
      'a skip rests on the newest manifest of equal variables',
      `${after.build_id}: ${unchanged?.build_id}, newest ${newest?.build_id}`,
    );
  const wanted = after.only_if_changed?.fingerprint ?? null;
  if (after.attempts.length === 0 && wanted !== null && unchanged?.fingerprint !== wanted)
    violate('a skip has the fingerprint that was sent', after.build_id);
  // The source may have changed between the look and what is written down, so which fingerprint it had is not asked.
  if (after.attempts.length === 0 && wanted === null && deployed(after.builder, after.variables) === null)
    violate('nothing is skipped in the line where nobody knows the fingerprint', after.build_id);
  const maxAge = after.only_if_changed?.max_age ?? null;
  const looked = Date.parse(after.attempts[0]?.intended_at ?? after.decision.at);
  // Between the look and what is written down some effects lie, each of which may take a while: a minute of grace.
  if (
    maxAge !== null &&
    unchanged !== null &&
    Date.parse(unchanged.sealed_at) + milliseconds(maxAge) + 60_000 < looked &&
    after.attempts.length > 0
  )
    violate('a skip rests on a manifest that is young enough', after.build_id);
}

/** Where a request takes what is there, nothing is built a second time. */
function watchUnchanged({ stored }: MemoryRecords, before: Build | undefined, after: Build, violate: Violate): void {
  if (before?.state !== 'running' || after.state !== 'succeeded' || after.only_if_changed === null) return;
  const newest = stored.variants.get(variantIdOf(after.builder, after.variables))?.newest;
  if (newest === undefined || newest.fingerprint !== after.manifest?.fingerprint) return;
  const { max_age: maxAge } = after.only_if_changed;
  const begun = Date.parse(after.attempts.at(-1)?.intended_at ?? '');
  if (maxAge === null || Date.parse(newest.sealed_at) + milliseconds(maxAge) > begun + 60_000)
    violate('what is unchanged is skipped', `${after.build_id} built again what ${newest.build_id} built`);
}

/** Where the dispatcher knows the source, it starts nothing only to find out that nothing changed. */
function watchKnownSource(
  { stored }: MemoryRecords,
  before: Build | undefined,
  after: Build,
  deployed: DeployedFingerprint,
  violate: Violate,
): void {
  if (before?.attempts.length !== 0 || after.attempts.length === 0) return;
  if (after.only_if_changed === null || after.only_if_changed.fingerprint !== null) return;
  const newest = stored.variants.get(variantIdOf(after.builder, after.variables))?.newest;
  if (newest === undefined || newest.fingerprint !== deployed(after.builder, after.variables)) return;
  const { max_age: maxAge } = after.only_if_changed;
  if (maxAge === null || Date.parse(newest.sealed_at) + milliseconds(maxAge) > Date.parse(after.attempts[0]?.intended_at ?? '') + 60_000)
    violate('where the source is known, what is unchanged starts nothing', after.build_id);
}

/** One build of a builder has its turn: no two are running or retrying. */
function watchTurns(written: readonly Written[], { stored }: MemoryRecords, violate: Violate): void {
  for (const { write } of written) {
    if (write.type !== 'build' || (write.document.state !== 'running' && write.document.state !== 'retrying')) continue;
    for (const other of stored.builds.values()) {
      const now = written.find((each) => each.write.type === 'build' && each.write.document.build_id === other.build_id)?.write.document;
      const state = now !== undefined && 'state' in now ? now.state : other.state;
      if (
        other.build_id !== write.document.build_id &&
        other.builder === write.document.builder &&
        (state === 'running' || state === 'retrying')
      )
        violate('one build of a builder at a time', `${write.document.build_id} and ${other.build_id}`);
    }
  }
}

/** What of a final build may not change any more. */
function lasting({ version: _, settled_at: __, ...rest }: Build): object {
  return rest;
}

function decided({ decision }: Build): object | null {
  return decision === null ? null : { ...decision, redaction_key: null };
}
