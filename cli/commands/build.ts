import { setTimeout as sleep } from 'node:timers/promises';

import { advance } from '../../core/advance.ts';
import { type Build, newestAttempt } from '../../core/build.ts';
import { type Config } from '../../core/config.ts';
import { type Dispatched, dispatch } from '../../core/dispatch.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
import { Result } from '../../core/result.ts';
import { isFinal } from '../../core/states.ts';
import { stopBuild } from '../../core/stop.ts';
import { type Answer } from '../answer.ts';
import { type ConsoleFollower, followConsole } from '../console-follower.ts';
import { type Embedded } from '../embedded.ts';
import { type Host } from '../host.ts';
import { countInterrupts } from '../interrupts.ts';
import { resultText } from '../render/result-text.ts';
import { say } from '../say.ts';

/** How often the records are looked at while a build is under way. Milliseconds. */
const poll = 150;

/**
 * `build <builder>`: the whole life of a build on the embedded default, told on standard error as it goes.
 *
 * @param request as it was typed; dispatching checks it.
 */
export async function build(host: Host, embedded: Embedded, config: Config, request: object, by: string): Promise<Outcome<Answer>> {
  const asked = await dispatch(embedded, config, { request, command: host.command, by });
  if (!asked.ok) return asked;
  const { build: accepted, how } = asked.value;
  if (how !== 'accepted') say(host, givenSentence(accepted, how));
  const story = storyteller(host, embedded);
  const interrupts = leavingOrStopping(host, embedded, accepted, how, by);
  try {
    for (;;) {
      const problem = await problemOf(() => advance(embedded, config, accepted.builder));
      const current = await embedded.records.readBuild(accepted.build_id);
      if (current === undefined) throw new Error(`the records lost the build ${accepted.build_id}`);
      await story.tell(current);
      if (isFinal(current.state)) {
        if (problem !== undefined)
          say(host, `what follows the end of the build is not done, and is tried again with the next command: ${String(problem)}`);
        return await answer(host, embedded, current);
      }
      if (problem !== undefined) throw problem;
      if (interrupts.leave()) {
        return failure(
          'INTERRUPTED',
          `build ${current.build_id} goes on without this command (${current.state})`,
          `follow it with: hybridcore-packer status ${current.builder}; its log: hybridcore-packer logs ${current.build_id}`,
        );
      }
      await sleep(poll);
    }
  } finally {
    interrupts.end();
    await story.end();
  }
}

/** What a request was given that got no build of its own. */
function givenSentence(build: Build, how: 'joined' | 'known'): string {
  return how === 'joined'
    ? `an equal build of ${build.builder} waits already, and does for this request too: ${build.build_id}`
    : `this client token was given the build ${build.build_id} of ${build.builder} at ${build.requested_at}`;
}

/** Ctrl-C: the first stops a build of one's own, a second one leaves it; a build that others asked for too is only left. */
function leavingOrStopping(
  host: Host,
  embedded: Embedded,
  { build_id: id }: Build,
  how: Dispatched['how'],
  by: string,
): { leave(): boolean; end(): void } {
  let patience = 1;
  const interrupts = countInterrupts(host.terminal, async () => {
    const others = how === 'joined' || ((await embedded.records.readBuild(id))?.joined.length ?? 0) > 0;
    if (others) {
      patience = 0;
      return `build ${id} goes on for the others who asked for it; to stop it all the same: hybridcore-packer stop ${id}`;
    }
    await stopBuild(embedded, id, by);
    return `build ${id} is asked to stop; a packer that runs cleans up what it made, which can take two minutes. Once more to leave it to itself.`;
  });
  return { leave: () => interrupts.count() > patience, end: () => interrupts.end() };
}

async function answer(host: Host, embedded: Embedded, build: Build): Promise<Outcome<Answer>> {
  const read = await embedded.objects.read(build.result_path ?? '', { bytes: 16 * 1024 * 1024 });
  if (read.state !== 'read')
    return failure(
      'STORAGE',
      `the result of build ${build.build_id} is ${read.state}: ${build.result_path}`,
      'see whether the folder was cleaned up by hand',
    );
  const result = Result.parse(JSON.parse(new TextDecoder().decode(read.content)));
  return success({ exitCode: result.exit_code, document: result, text: resultText(host.terminal.out, result) });
}

/** What work threw; undefined where it did not. */
async function problemOf(work: () => Promise<unknown>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
}

/** Tells a person what happens to a build: each change of state in a sentence, and packer's own lines as they come. */
function storyteller(host: Host, embedded: Embedded): { tell(build: Build): Promise<void>; end(): Promise<void> } {
  let told = '';
  let follower: ConsoleFollower | undefined;
  return {
    async tell(build) {
      const sentence = await stateSentence(embedded, build);
      if (sentence !== told) {
        await follower?.readAll();
        if (sentence !== '') say(host, sentence);
        told = sentence;
      }
      const run = newestAttempt(build)?.run ?? null;
      if (run !== null && follower?.run !== run) {
        await follower?.readAll();
        follower?.close();
        follower = followConsole(embedded.consoleFile(run), run, host.terminal.err);
      }
      follower?.read();
    },
    async end() {
      await follower?.readAll();
      follower?.close();
    },
  };
}

async function stateSentence(embedded: Embedded, build: Build): Promise<string> {
  switch (build.state) {
    case 'queued': {
      const builder = await embedded.records.readBuilder(build.builder);
      const before = builder?.queue.indexOf(build.build_id) ?? 0;
      const running = builder?.current ?? null;
      if (running === null || running === build.build_id) return `build ${build.build_id} of ${build.builder} is accepted`;
      return `build ${build.build_id} of ${build.builder} waits its turn: ${running} is under way${before > 0 ? `, and ${before} more before it` : ''}`;
    }
    case 'running': {
      const attempt = newestAttempt(build);
      const wish = build.stop === null ? '' : '; it is asked to stop, and packer gets its clean-up';
      return `build ${build.build_id}: attempt ${attempt?.attempt ?? 1} ${(attempt?.run ?? null) === null ? 'starts' : 'is under way'}${wish}`;
    }
    case 'retrying': {
      const verdict = newestAttempt(build)?.outcome?.verdict.classification;
      return `build ${build.build_id}: attempt 1 failed transiently (${verdict?.rule}: ${plainText(verdict?.reason ?? '')}); the one retry comes at ${build.retry_at}`;
    }
    default:
      return '';
  }
}
