import { attemptEnvironment } from './attempt-environment.ts';
import { builderDigest } from './builder-digest.ts';
import { type Attempt, type Build, newestAttempt } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { verdictLines, verdictOf } from './classification/verdict.ts';
import { type CompletePorts, completeAttempt } from './complete.ts';
import { builderOf } from './builder-of.ts';
import { type Config } from './config.ts';
import { type End, decide } from './decide.ts';
import { digestOfJson } from './digest.ts';
import { type Failure } from './failure.ts';
import { finishBuild } from './finish.ts';
import { type BuildId, type BuilderName, type RunId, timestamp } from './identity.ts';
import { quarantineFailure } from './quarantine.ts';
import { runLimit, stopGrace } from './run-limit.ts';
import { keepingOf } from './retention/keeping.ts';
import { type RunRecord, beganAt } from './run-record.ts';
import { isFinal } from './states.ts';
import { type BuildEvent, stateAfter } from './transitions.ts';
import { manifestToHold, unchangedVerdict } from './unchanged.ts';

/** How long after a run's time limit the build service is given to end it by itself. Milliseconds. */
const overdueSlack = 60_000;

/** When a build service that was full is asked again. Milliseconds. */
const fullDelay = 15_000;

/** How long a run that the build service does not know is waited for: a look may lag behind the start. Milliseconds. */
export const lostPatience = 5 * 60_000;

/** A builder waits for a time: milliseconds since 1970. `ours`: the call that says so made it wait, and nobody else knows of it. */
export interface Wait {
  readonly until: number;
  readonly ours: boolean;
}

/**
 * Does what is due for one builder, until nothing more is: ends what in its line is not to be built, gives the next
 * build its turn, starts an attempt, completes one whose run has ended, starts the retry when its time has come, passes
 * on an operator's wish to stop. It looks at the records alone, so it goes on wherever a crash left off, and any number
 * of callers may do it at once.
 *
 * @returns when somebody is to do it again; undefined where nothing waits, or for what no clock tells.
 */
export async function advance(ports: CompletePorts, config: Config, name: BuilderName): Promise<Wait | undefined> {
  for (let moved = false; ; moved = true) {
    const builder = await clearLine(ports, config, name);
    const next = builder?.current ?? builder?.queue[0];
    if (builder === undefined || next === undefined) return undefined;
    const build = await ports.records.readBuild(next);
    if (build === undefined) {
      await unlessMoved(ports, builder, `the records hold no build ${next}, which the builder ${name} names`);
      return undefined;
    }
    const progress = await tend(ports, config, build, builder);
    if (progress === 'waits') return undefined;
    if (progress !== 'moved') return { until: progress.until, ours: moved || progress.ours };
  }
}

/** Ends the builds of a line that are not to be built. @returns the builder as it is then. */
async function clearLine(ports: CompletePorts, config: Config, name: BuilderName): Promise<BuilderRecord | undefined> {
  const builder = await ports.records.readBuilder(name);
  if (builder === undefined || builder.queue.length === 0) return builder;
  for (const id of builder.queue) {
    const now = await ports.records.readBuilder(name);
    const build = await ports.records.readBuild(id);
    if (now === undefined || build?.state !== 'queued') continue;
    const end = await endWithoutAttempt(ports, build, now);
    if (end !== undefined) await endUnstarted(ports, config, build, now, end);
  }
  return ports.records.readBuilder(name);
}

/** How a build ends that needs no further attempt; undefined where it needs one. */
async function endWithoutAttempt(ports: CompletePorts, build: Build, builder: BuilderRecord): Promise<End | undefined> {
  if (build.decision !== null) return build.decision;
  if (build.stop !== null) return endOf('stop', stoppedBy(build, build.stop.by));
  if (build.state !== 'queued') return undefined;
  if (builder.quarantine !== null) return endOf('close', quarantineFailure(builder, builder.quarantine));
  if (build.only_if_changed === null) return undefined;
  const seen = build.only_if_changed.fingerprint ?? (await ports.deployedSource.fingerprint(build.builder, build.variables));
  if (seen === null) return undefined;
  const manifest = await manifestToHold(ports.records, build, ports.clock.now());
  if (manifest?.fingerprint !== seen) return undefined;
  return { event: 'skip', verdict: unchangedVerdict(manifest), judged: null, rests_on: null, unchanged: manifest };
}

/** `moved`: here or by somebody else, so all is to be looked at anew. `waits`: for something that is not here yet, and that no clock tells of. */
type Progress = 'moved' | 'waits' | Wait;

async function tend(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord): Promise<Progress> {
  const attempt = newestAttempt(build);
  if (isFinal(build.state)) {
    await unlessMoved(ports, builder, `the builder ${build.builder} names the build ${build.build_id}, which is ${build.state}`);
    return 'waits';
  }
  if (build.state === 'running' && attempt !== undefined && attempt.run !== null)
    return watchRun(ports, config, build, builder, { attempt, run: attempt.run });
  const end = await endWithoutAttempt(ports, build, builder);
  if (end !== undefined) {
    await endUnstarted(ports, config, build, builder, end);
    return 'moved';
  }
  if (build.state === 'running' && attempt !== undefined) return startAttempt(ports, config, build, builder, attempt);
  if (build.retry_at === null || Date.parse(build.retry_at) <= ports.clock.now()) return beginAttempt(ports, config, build, builder);
  return { until: Date.parse(build.retry_at), ours: false };
}

/** A view that does not fit together is somebody else's write between two reads, as long as the builder has moved on. */
async function unlessMoved(ports: CompletePorts, builder: BuilderRecord, problem: string): Promise<void> {
  const now = await ports.records.readBuilder(builder.builder);
  if (now?.version === builder.version) throw new Error(problem);
}

// ---- starting ----------------------------------------------------------------------------------------------

/** Starts an attempt where what it leaves will be kept as the policy says; else the build waits for that, and ends where it does not come. */
async function beginAttempt(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord): Promise<Progress> {
  const keeping = await keepingOf(ports, build);
  switch (keeping.state) {
    case 'kept':
      return intendAttempt(ports, config, build, builder);
    case 'doubtful': {
      const waiting: Build = { ...build, version: build.version + 1, unkept_since: keeping.since, retry_at: timestamp(keeping.again) };
      await ports.records.commit([{ type: 'build', expected: build.version, document: waiting }]);
      return { until: keeping.again, ours: true };
    }
    case 'unkept':
      await endUnstarted(ports, config, build, builder, endOf('violate', keeping.failure));
      return 'moved';
  }
}

/** Says in the records that an attempt will be started, then starts it: a crash in between is made good by the next caller, with the same token. */
async function intendAttempt(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord): Promise<Progress> {
  const number = build.attempts.length === 0 ? 1 : 2;
  const state = stateAfter(build.state, 'start', number);
  if (state === undefined) {
    await unlessMoved(ports, builder, `the build ${build.build_id} cannot start an attempt in the state ${build.state}`);
    return 'waits';
  }
  const declared = builderOf(config, build.builder);
  const told = {
    time_limit: runLimit(declared?.timeout ?? '60m'),
    unless: await manifestToHold(ports.records, build, ports.clock.now()),
    expected: await ports.deployedSource.fingerprint(build.builder, build.variables),
    builder_digest: declared === undefined ? null : builderDigest(declared),
  };
  const attempt: Attempt = {
    attempt: number,
    // The same for every try, also after a service that was full for one caller and had room for another; but a service
    // refuses a token that it knows where the attempt is told something else, so that goes into it.
    token: `${build.build_id}-${number}-${digestOfJson(told).slice('sha256:'.length, 'sha256:'.length + 8)}`,
    run: null,
    intended_at: timestamp(ports.clock.now()),
    ...told,
    started_at: null,
    finished_at: null,
    expired_at: null,
    outcome: null,
  };
  const intended: Build = {
    ...build,
    version: build.version + 1,
    state,
    retry_at: null,
    unkept_since: null,
    attempts: [...build.attempts, attempt],
  };
  const holder: BuilderRecord = {
    ...builder,
    version: builder.version + 1,
    current: build.build_id,
    queue: without(builder.queue, build.build_id),
  };
  const commit = await ports.records.commit([
    { type: 'build', expected: build.version, document: intended },
    { type: 'builder', expected: builder.version, document: holder },
  ]);
  return commit.committed ? startAttempt(ports, config, intended, holder, attempt) : 'moved';
}

async function startAttempt(
  ports: CompletePorts,
  config: Config,
  build: Build,
  builder: BuilderRecord,
  attempt: Attempt,
): Promise<Progress> {
  const answer = await ports.buildService.start({
    token: attempt.token,
    builder: build.builder,
    environment: attemptEnvironment(build, attempt),
    timeLimit: attempt.time_limit,
  });
  switch (answer.state) {
    case 'started':
      await recordRun(ports, build, attempt, answer.run);
      return 'waits';
    case 'full':
      return postpone(ports, build, attempt);
    case 'refused':
      await endUnstarted(ports, config, build, builder, endOf('fail', answer.failure));
      return 'moved';
  }
}

/**
 * Makes a run the attempt, and only then tells it to go. A service that lost the token may have started two runs for one
 * attempt, and a caller may have slept through all of that: the one that the records name runs packer, any other never does.
 */
async function recordRun(ports: CompletePorts, build: Build, attempt: Attempt, run: RunId): Promise<void> {
  const at = timestamp(ports.clock.now());
  const started: Build = { ...build, version: build.version + 1, attempts: withAttempt(build, { ...attempt, run, started_at: at }) };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: started }]);
  if (commit.committed) return ports.objects.tell(run, 'go', `${build.build_id} attempt ${attempt.attempt}`);
  const now = await ports.records.readBuild(build.build_id);
  if (now === undefined) return;
  const recorded = now.attempts.find((each) => each.attempt === attempt.attempt);
  // Nobody will ever wait for this one. Without the word it ends by itself, too, only later: which is what one is left to
  // whose attempt was put back, since the next start may be given it by its token.
  if (isFinal(now.state) || (recorded?.run ?? run) !== run) await ports.buildService.stop(run);
}

/** Puts a build back whose attempt the build service had no room for; it keeps its turn. */
async function postpone(ports: CompletePorts, build: Build, attempt: Attempt): Promise<Progress> {
  const state = stateAfter(build.state, 'postpone', attempt.attempt);
  if (state === undefined) throw new TypeError(`a build cannot be postponed in the state ${build.state}`);
  const until = ports.clock.now() + fullDelay;
  const waiting: Build = {
    ...build,
    version: build.version + 1,
    state,
    retry_at: timestamp(until),
    attempts: build.attempts.filter((each) => each.token !== attempt.token),
  };
  await ports.records.commit([{ type: 'build', expected: build.version, document: waiting }]);
  return { until, ours: true };
}

// ---- watching ----------------------------------------------------------------------------------------------

async function watchRun(
  ports: CompletePorts,
  config: Config,
  build: Build,
  builder: BuilderRecord,
  { attempt, run }: { readonly attempt: Attempt; readonly run: RunId },
): Promise<Progress> {
  // Before the look: it may take long, and what it says was true when it was made.
  const now = ports.clock.now();
  const [record] = await ports.buildService.look([run]);
  if (record === undefined && build.decision === null) {
    if (now < Date.parse(attempt.started_at ?? attempt.intended_at) + lostPatience) return 'waits';
    // Should it go on all the same, there must be no second one beside it.
    await ports.buildService.stop(run);
  }
  if (record === undefined || record.status !== 'IN_PROGRESS') {
    const until = await completeAttempt(ports, config, build, builder, record);
    return until === undefined ? 'moved' : { until, ours: true };
  }
  await ports.objects.tell(run, 'go', `${build.build_id} attempt ${attempt.attempt}`);
  if (build.stop !== null) await endRunKindly(ports, run, Date.parse(build.stop.at), `${build.stop.by} at ${build.stop.at}`);
  else if (attempt.expired_at !== null) await endRunKindly(ports, run, Date.parse(attempt.expired_at), 'its time is up');
  else if (isOverdue(record, attempt, now)) await expire(ports, build, attempt, run);
  return 'waits';
}

function isOverdue(record: RunRecord, attempt: Attempt, now: number): boolean {
  const began = beganAt(record);
  return began !== null && now > Date.parse(began) + attempt.time_limit + overdueSlack;
}

/** Begins to end a run that has outlived its time limit, though the build service should have done so. */
async function expire(ports: CompletePorts, build: Build, attempt: Attempt, run: RunId): Promise<void> {
  const expired: Attempt = { ...attempt, expired_at: timestamp(ports.clock.now()) };
  const document: Build = { ...build, version: build.version + 1, attempts: withAttempt(build, expired) };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document }]);
  if (commit.committed) await ports.objects.tell(run, 'stop', 'its time is up');
}

/** Asks a run to stop, and ends it by force when packer had its time to clean up. */
async function endRunKindly(ports: CompletePorts, run: RunId, since: number, reason: string): Promise<void> {
  await ports.objects.tell(run, 'stop', reason);
  if (ports.clock.now() > since + stopGrace) await ports.buildService.stop(run);
}

// ---- ending ------------------------------------------------------------------------------------------------

function endOf(event: BuildEvent, cause: Failure): End {
  return { event, verdict: verdictOf(cause), judged: null, rests_on: null, unchanged: null };
}

/** Ends a build that has no attempt under way: decides it, where that is not done yet, and carries it out. */
async function endUnstarted(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord, end: End): Promise<void> {
  const decided = build.decision === null ? await decide(ports, build, end, null) : build;
  if (decided === undefined) return;
  const artifacts = decided.attempts.flatMap((attempt) => attempt.outcome?.artifacts ?? []);
  const stderr = end.verdict.exit_code === 0 ? '' : verdictLines(end.verdict);
  await finishBuild(ports, config, decided, builder, { artifacts, stderr, report: null });
}

function stoppedBy(build: Build, by: string): Failure {
  return {
    rule: 'STOPPED',
    message: `build ${build.build_id} was stopped by ${by} before ${build.attempts.length < 2 && build.state !== 'retrying' ? 'packer ran' : 'its retry'}`,
    remedy: 'ask for a new build when it is wanted',
  };
}

function withAttempt(build: Build, changed: Attempt): Attempt[] {
  return build.attempts.map((each) => (each.token === changed.token ? changed : each));
}

function without(queue: readonly BuildId[], id: BuildId): BuildId[] {
  return queue.filter((each) => each !== id);
}
