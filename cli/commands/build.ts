import { setTimeout as sleep } from 'node:timers/promises';

import { advance } from '../../core/advance.ts';
import { type Build, newestAttempt } from '../../core/build.ts';
import { type Config } from '../../core/config.ts';
import { dispatch } from '../../core/dispatch.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
import { type BuildRequest } from '../../core/request.ts';
import { Result } from '../../core/result.ts';
import { isFinal } from '../../core/states.ts';
import { stopBuild } from '../../core/stop.ts';
import { type Answer, paint, verdictText } from '../answer.ts';
import { type ConsoleFollower, followConsole } from '../console-follower.ts';
import { type Embedded } from '../embedded.ts';
import { type Host } from '../host.ts';
import { countInterrupts } from '../interrupts.ts';

/** How often the records are looked at while a build is under way. Milliseconds. */
const poll = 150;

/** `build <builder>`: the whole life of a build on the embedded default, told on standard error as it goes. */
export async function build(host: Host, embedded: Embedded, config: Config, request: BuildRequest, by: string): Promise<Outcome<Answer>> {
  const accepted = await dispatch(embedded, config, { request, command: host.command, by });
  if (!accepted.ok) return accepted;
  const story = storyteller(host, embedded);
  const interrupts = countInterrupts(host.terminal, `build ${accepted.value.build_id}`, () =>
    stopBuild(embedded, accepted.value.build_id, by),
  );
  try {
    for (;;) {
      const problem = await problemOf(() => advance(embedded, config, request.builder));
      const current = await embedded.records.readBuild(accepted.value.build_id);
      if (current === undefined) throw new Error(`the records lost the build ${accepted.value.build_id}`);
      await story.tell(current);
      if (isFinal(current.state)) {
        if (problem !== undefined)
          say(host, `what follows the end of the build is not done, and is tried again with the next command: ${String(problem)}`);
        return await answer(host, embedded, current);
      }
      if (problem !== undefined) throw problem;
      if (interrupts.count() > 1) {
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
    story.end();
  }
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
  const artifacts = result.artifacts.flatMap((artifact) => [
    `  artifact  ${artifact.id} (${artifact.name})${artifact.files.length === 0 ? '' : `: ${artifact.files.join(', ')}`}`,
  ]);
  const text = [
    verdictText(host.terminal.out, result),
    `  build     ${result.build_id} ${result.state}, attempt ${result.attempt}`,
    ...artifacts.map((line) => plainText(line)),
    ...(result.manifest_path === null ? [] : [`  manifest  ${result.manifest_path}`]),
    `  summary   ${result.summary_path}`,
    ...(result.attempt === 0 ? [] : [`  log       hybridcore-packer logs ${result.build_id}`]),
  ].join('\n');
  return success({ exitCode: result.exit_code, document: result, text });
}

/** What work threw; undefined where it did not. */
async function problemOf(work: () => Promise<void>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
}

function say(host: Host, text: string): void {
  host.terminal.err.write(`${paint(host.terminal.err, 'cyan', plainText(text))}\n`);
}

/** Tells a person what happens to a build: each change of state in a sentence, and packer's own lines as they come. */
function storyteller(host: Host, embedded: Embedded): { tell(build: Build): Promise<void>; end(): void } {
  let told = '';
  let follower: ConsoleFollower | undefined;
  return {
    async tell(build) {
      const sentence = await stateSentence(embedded, build);
      if (sentence !== told) {
        follower?.read();
        if (sentence !== '') say(host, sentence);
        told = sentence;
      }
      const run = newestAttempt(build)?.run ?? null;
      if (run !== null && follower?.run !== run) {
        follower?.read();
        follower?.close();
        follower = followConsole(embedded.consoleFile(run), run, (text) => host.terminal.err.write(text));
      }
      follower?.read();
    },
    end() {
      follower?.read();
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
