import { attemptEnvironment } from './attempt-environment.ts';
import { type Attempt, type Build, newestAttempt } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { type Verdict, verdictLines, verdictOf } from './classification/verdict.ts';
import { type CompletePorts, completeAttempt } from './complete.ts';
import { type Config, builderOf } from './config.ts';
import { keys } from './contract/keys.ts';
import { decide } from './decide.ts';
import { milliseconds } from './duration.ts';
import { type Failure } from './failure.ts';
import { finishBuild } from './finish.ts';
import { type BuildId, type BuilderName, type RunId, timestamp } from './identity.ts';
import { quarantineFailure } from './quarantine.ts';
import { isFinal } from './states.ts';
import { type BuildEvent, stateAfter } from './transitions.ts';

/** How long an attempt has, after it was asked to stop or its time is up, before the build service ends it by force: packer's clean-up can need two minutes. Milliseconds. */
export const stopGrace = 150_000;

/** When a build service that was full is asked again. Milliseconds. */
const fullDelay = 15_000;

/**
 * Does what is due for one builder: ends what in its line is not to be built, takes the next build, starts an attempt,
 * completes one whose run has ended, starts the retry when its time has come, passes on an operator's wish to stop. It
 * looks at the records alone, so it goes on wherever a crash left off, and any number of callers may do it at once.
 */
export async function advance(ports: CompletePorts, config: Config, name: BuilderName): Promise<void> {
  const builder = await clearLine(ports, config, name);
  const next = builder?.current ?? builder?.queue[0];
  if (builder === undefined || next === undefined) return;
  const build = await ports.records.readBuild(next);
  if (build === undefined) return unlessMoved(ports, builder, `the records hold no build ${next}, which the builder ${name} names`);
  await tend(ports, config, build, builder);
}

/** Ends the builds of a line that an operator stopped, or whose builder was quarantined while they waited. @returns the builder as it is then. */
async function clearLine(ports: CompletePorts, config: Config, name: BuilderName): Promise<BuilderRecord | undefined> {
  const builder = await ports.records.readBuilder(name);
  for (const id of builder?.queue ?? []) {
    const now = await ports.records.readBuilder(name);
    const build = await ports.records.readBuild(id);
    if (now === undefined || build?.state !== 'queued') continue;
    const end = endInLine(build, now);
    if (end !== undefined) await endUnstarted(ports, config, build, now, end);
  }
  return builder === undefined || builder.queue.length === 0 ? builder : ports.records.readBuilder(name);
}

/** How a build in the line ends without its turn; undefined where it waits on. */
function endInLine(build: Build, builder: BuilderRecord): End | undefined {
  if (build.decision !== null) return build.decision;
  if (build.stop !== null) return endOf('stop', stoppedBy(build, build.stop.by));
  return builder.quarantine === null ? undefined : endOf('close', quarantineFailure(builder, builder.quarantine));
}

async function tend(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord): Promise<void> {
  const attempt = newestAttempt(build);
  if (isFinal(build.state))
    return unlessMoved(ports, builder, `the builder ${build.builder} names the build ${build.build_id}, which is ${build.state}`);
  if (build.state === 'running' && attempt !== undefined) {
    if (attempt.run === null) await startAttempt(ports, config, build, builder, attempt);
    else await watchRun(ports, config, build, builder, attempt.run);
    return;
  }
  if (build.decision !== null) return endUnstarted(ports, config, build, builder, build.decision);
  if (build.stop !== null) return endUnstarted(ports, config, build, builder, endOf('stop', stoppedBy(build, build.stop.by)));
  if (build.retry_at === null || Date.parse(build.retry_at) <= ports.clock.now()) await intendAttempt(ports, config, build, builder);
}

/** A view that does not fit together is somebody else's write between two reads, as long as the builder has moved on. */
async function unlessMoved(ports: CompletePorts, builder: BuilderRecord, problem: string): Promise<void> {
  const now = await ports.records.readBuilder(builder.builder);
  if (now?.version === builder.version) throw new Error(problem);
}

/** Says in the records that an attempt will be started, then starts it: a crash in between is made good by the next caller, with the same token. */
async function intendAttempt(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord): Promise<void> {
  const number = build.attempts.length === 0 ? 1 : 2;
  const state = stateAfter(build.state, 'start', number);
  if (state === undefined)
    return unlessMoved(ports, builder, `the build ${build.build_id} cannot start an attempt in the state ${build.state}`);
  const attempt: Attempt = {
    attempt: number,
    // The same for every try, also after a service that was full for one caller and had room for another.
    token: `${build.build_id}-${number}`,
    run: null,
    intended_at: timestamp(ports.clock.now()),
    started_at: null,
    finished_at: null,
    outcome: null,
  };
  const intended: Build = { ...build, version: build.version + 1, state, retry_at: null, attempts: [...build.attempts, attempt] };
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
  if (commit.committed) await startAttempt(ports, config, intended, holder, attempt);
}

async function startAttempt(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord, attempt: Attempt): Promise<void> {
  if (build.decision !== null) return endUnstarted(ports, config, build, builder, build.decision);
  const answer = await ports.buildService.start({
    token: attempt.token,
    builder: build.builder,
    environment: attemptEnvironment(build, attempt.attempt),
    timeLimit: milliseconds(builderOf(config, build.builder)?.timeout ?? '60m') + stopGrace,
  });
  switch (answer.state) {
    case 'started': {
      const { run } = answer;
      const at = timestamp(ports.clock.now());
      const attempts = build.attempts.map((each) => (each.token === attempt.token ? { ...each, run, started_at: at } : each));
      await ports.records.commit([
        { type: 'build', expected: build.version, document: { ...build, version: build.version + 1, attempts } },
      ]);
      return;
    }
    case 'full':
      return postpone(ports, build, attempt);
    case 'refused':
      return endUnstarted(ports, config, build, builder, endOf('fail', answer.failure));
  }
}

/** Puts a build back whose attempt the build service had no room for; it keeps its turn. */
async function postpone(ports: CompletePorts, build: Build, attempt: Attempt): Promise<void> {
  const state = stateAfter(build.state, 'postpone', attempt.attempt);
  if (state === undefined) throw new TypeError(`a build cannot be postponed in the state ${build.state}`);
  const waiting: Build = {
    ...build,
    version: build.version + 1,
    state,
    retry_at: timestamp(ports.clock.now() + fullDelay),
    attempts: build.attempts.filter((each) => each.token !== attempt.token),
  };
  await ports.records.commit([{ type: 'build', expected: build.version, document: waiting }]);
}

async function watchRun(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord, run: RunId): Promise<void> {
  const [record] = await ports.buildService.look([run]);
  if (record === undefined || record.status !== 'IN_PROGRESS') return completeAttempt(ports, config, build, builder, record);
  if (build.stop === null) return;
  const asked = await ports.objects.read(keys.stop(run), { bytes: 64 * 1024 });
  if (asked.state === 'absent') await ports.objects.requestStop(run, `${build.stop.by} at ${build.stop.at}`);
  if (ports.clock.now() > Date.parse(build.stop.at) + stopGrace) await ports.buildService.stop(run);
}

interface End {
  readonly event: BuildEvent;
  readonly verdict: Verdict;
}

function endOf(event: BuildEvent, cause: Failure): End {
  return { event, verdict: verdictOf(cause) };
}

/** Ends a build that has no attempt under way: decides it, where that is not done yet, and carries it out. */
async function endUnstarted(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord, end: End): Promise<void> {
  const decided = build.decision === null ? await decide(ports, build, end, null) : build;
  if (decided === undefined) return;
  const artifacts = decided.attempts.flatMap((attempt) => attempt.outcome?.artifacts ?? []);
  await finishBuild(ports, config, decided, builder, { artifacts, stderr: verdictLines(end.verdict), report: null });
}

function stoppedBy(build: Build, by: string): Failure {
  return {
    rule: 'STOPPED',
    message: `build ${build.build_id} was stopped by ${by} before ${build.attempts.length === 0 ? 'packer ran' : 'its retry'}`,
    remedy: 'ask for a new build when it is wanted',
  };
}

function without(queue: readonly BuildId[], id: BuildId): BuildId[] {
  return queue.filter((each) => each !== id);
}
