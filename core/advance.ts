import { attemptEnvironment } from './attempt-environment.ts';
import { type Attempt, type Build, newestAttempt } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { type Verdict, verdictOf } from './classification/verdict.ts';
import { type CompletePorts, completeAttempt } from './complete.ts';
import { type Config } from './config.ts';
import { milliseconds } from './duration.ts';
import { type Failure } from './failure.ts';
import { finishBuild } from './finish.ts';
import { settle } from './settle.ts';
import { type BuilderName, type Timestamp, timestamp } from './identity.ts';
import { quarantineFailure } from './quarantine.ts';
import { isFinal } from './states.ts';
import { stateAfter } from './transitions.ts';

/** How long an attempt has, after it was asked to stop or its time is up, before the build service ends it by force: packer's clean-up can need two minutes. Milliseconds. */
export const stopGrace = 150_000;

/**
 * Does what is due for one builder: takes the next build of its line, starts an attempt, completes one whose run
 * has ended, starts the retry when its time has come, passes on an operator's wish to stop. It looks at the
 * records alone, so it goes on wherever a crash left off, and any number of callers may do it at once.
 */
export async function advance(ports: CompletePorts, config: Config, name: BuilderName): Promise<void> {
  const builder = await ports.records.readBuilder(name);
  if (builder === undefined) return;
  if (builder.current === null) {
    await takeTurn(ports, config, builder);
    return;
  }
  const build = await ports.records.readBuild(builder.current);
  if (build === undefined) throw new Error(`the records hold no build ${builder.current}, which ${name} says is its current one`);
  if (isFinal(build.state)) {
    await settle(ports, build, builder);
    return;
  }
  const attempt = newestAttempt(build);
  if (build.state === 'running' && attempt !== undefined) {
    if (attempt.run === null) await startAttempt(ports, config, build, builder, attempt);
    else await watchRun(ports, config, build, builder, attempt);
    return;
  }
  const due = build.retry_at === null || Date.parse(build.retry_at) <= ports.clock.now();
  if (build.stop !== null) await endUnstarted(ports, config, build, builder, 'stop', stoppedBy(build, build.stop.by), build.stop.at);
  else if (due) await intendAttempt(ports, config, build, builder);
}

async function takeTurn(ports: CompletePorts, config: Config, builder: BuilderRecord): Promise<void> {
  const [next] = builder.queue;
  if (next === undefined) return;
  const build = await ports.records.readBuild(next);
  if (build === undefined) throw new Error(`the records hold no build ${next}, which waits in the line of ${builder.builder}`);
  if (build.stop !== null) await endUnstarted(ports, config, build, builder, 'stop', stoppedBy(build, build.stop.by), build.stop.at);
  else if (builder.quarantine !== null)
    await endUnstarted(ports, config, build, builder, 'close', quarantineFailure(builder, builder.quarantine), builder.quarantine.since);
  else await intendAttempt(ports, config, build, builder);
}

/** Says in the records that an attempt will be started, then starts it: a crash in between is made good by the next caller, with the same token. */
async function intendAttempt(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord): Promise<void> {
  const number = build.attempts.length === 0 ? 1 : 2;
  const state = stateAfter(build.state, 'start', number);
  if (state === undefined) throw new TypeError(`a build cannot start an attempt in the state ${build.state}`);
  const attempt: Attempt = {
    attempt: number,
    token: `${build.build_id}-${number}-${build.version}`,
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
    queue: builder.queue.filter((id) => id !== build.build_id),
  };
  const commit = await ports.records.commit([
    { type: 'build', expected: build.version, document: intended },
    { type: 'builder', expected: builder.version, document: holder },
  ]);
  if (commit.committed) await startAttempt(ports, config, intended, holder, attempt);
}

async function startAttempt(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord, attempt: Attempt): Promise<void> {
  const answer = await ports.buildService.start({
    token: attempt.token,
    builder: build.builder,
    environment: attemptEnvironment(build, attempt.attempt),
    timeLimit: milliseconds(config.builders[build.builder]?.timeout ?? '60m') + stopGrace,
  });
  switch (answer.state) {
    case 'started': {
      const { run } = answer;
      const started: Build = {
        ...build,
        version: build.version + 1,
        attempts: build.attempts.map((each) =>
          each.token === attempt.token ? { ...each, run, started_at: timestamp(ports.clock.now()) } : each,
        ),
      };
      await ports.records.commit([{ type: 'build', expected: build.version, document: started }]);
      return;
    }
    case 'full':
      await postpone(ports, build, attempt);
      return;
    case 'refused':
      await endUnstarted(ports, config, build, builder, 'fail', answer.failure, attempt.intended_at);
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
    retry_at: timestamp(ports.clock.now() + 15_000),
    attempts: build.attempts.filter((each) => each.token !== attempt.token),
  };
  await ports.records.commit([{ type: 'build', expected: build.version, document: waiting }]);
}

async function watchRun(ports: CompletePorts, config: Config, build: Build, builder: BuilderRecord, attempt: Attempt): Promise<void> {
  if (attempt.run === null) return;
  const [record] = await ports.buildService.look([attempt.run]);
  if (record === undefined || record.status !== 'IN_PROGRESS') {
    await completeAttempt(ports, config, build, builder, record);
    return;
  }
  if (build.stop === null) return;
  await ports.objects.requestStop(attempt.run, `${build.stop.by} at ${build.stop.at}`);
  if (ports.clock.now() > Date.parse(build.stop.at) + stopGrace) await ports.buildService.stop(attempt.run);
}

/**
 * Ends a build that has no attempt under way.
 *
 * @param at when it was decided, as the records have it: so that a second try writes the same bytes.
 */
async function endUnstarted(
  ports: CompletePorts,
  config: Config,
  build: Build,
  builder: BuilderRecord,
  event: 'stop' | 'close' | 'fail',
  cause: Failure,
  at: Timestamp,
): Promise<void> {
  const state = stateAfter(build.state, event, newestAttempt(build)?.attempt ?? 0);
  if (state === undefined) throw new TypeError(`no transition leads from ${build.state} by ${event}`);
  const verdict: Verdict = verdictOf(cause);
  const artifacts = build.attempts.flatMap((attempt) => attempt.outcome?.artifacts ?? []);
  await finishBuild(ports, config, build, builder, {
    state,
    verdict,
    at: Date.parse(at),
    artifacts,
    stderr: cause.message,
    report: null,
  });
}

function stoppedBy(build: Build, by: string): Failure {
  return {
    rule: 'STOPPED',
    message: `build ${build.build_id} was stopped by ${by} before packer ran`,
    remedy: 'ask for a new build when it is wanted',
  };
}
