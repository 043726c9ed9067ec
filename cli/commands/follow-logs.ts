import { setTimeout as sleep } from 'node:timers/promises';

import { consoleBeginning } from '../../core/api/dispatcher.ts';
import { type ExitCode } from '../../core/exit-code.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type BuildId } from '../../core/identity.ts';
import { type BuildState, isFinal } from '../../core/states.ts';
import { type Answer } from '../answer.ts';
import { type Host } from '../host.ts';
import { countInterrupts } from '../interrupts.ts';
import { say } from '../say.ts';
import { personLine } from './logs.ts';

/** How often a log is looked at: the longer it says nothing, the less often. Milliseconds. */
const looks = { first: 300, longest: 5_000, growth: 1.5 } as const;

/** How many of the last lines that were shown are kept, to find the place in the stored log from which nothing was shown. */
const kept = 20;

/** One look at a build and one of its attempts. */
export interface LogLook {
  readonly build_id: BuildId;
  readonly state: BuildState;
  /** Null where there is no such attempt, or not yet. */
  readonly attempt: {
    /** What its console says from the place on that was asked for; null once it has ended. */
    readonly live: { readonly text: string; readonly next: string } | null;
    /** The lines of its log, as they are stored, once it has ended. */
    readonly stored: () => Promise<Outcome<readonly string[]>>;
  } | null;
}

/** Where logs are followed: on this machine, or elsewhere. */
export interface FollowedLogs {
  look(attempt: 1 | 2, after: string): Promise<Outcome<LogLook>>;
  /** How a build ended. */
  end(): Promise<Outcome<{ readonly exit_code: ExitCode | null; readonly rule: string | null; readonly reason: string | null }>>;
}

/**
 * `logs <build> --follow`: prints the log of each attempt as it grows, until the build has ended; then this command ends as the
 * build did. Ctrl-C ends this command alone.
 *
 * @param only one attempt to follow; undefined: all of them.
 */
export async function followLogs(host: Host, logs: FollowedLogs, only: 1 | 2 | undefined): Promise<Outcome<Answer>> {
  const { out } = host.terminal;
  const waking = new AbortController();
  const interrupts = countInterrupts(host.terminal, async () => {
    waking.abort();
    return 'the build goes on without this command';
  });
  let [attempt, after, pause]: [1 | 2, string, number] = [only ?? 1, consoleBeginning, looks.first];
  let whole = 0;
  let shown: string[] = [];
  const show = async (text: string) => {
    if (text === '') return;
    if (shown.length === 0) out.pass(`# attempt ${attempt}\n`);
    shown = [...shown, ...text.split('\n').filter((line) => line !== '')].slice(-kept);
    out.pass(text.endsWith('\n') ? text : `${text}\n`);
    await out.taken();
  };
  try {
    for (;;) {
      const seen = await logs.look(attempt, after);
      if (!seen.ok) return seen;
      const { build_id: id, state, attempt: here } = seen.value;
      if (here !== null && here.live === null && whole < attempt) {
        const stored = await here.stored();
        if (!stored.ok) return stored;
        await show(
          afterShown(stored.value.flatMap(personLine), shown)
            .map((line) => `${line}\n`)
            .join(''),
        );
        if (attempt === only) return success({ exitCode: 0, document: null, text: '' });
        whole = attempt;
        if (attempt === 1) [attempt, after, shown] = [2, consoleBeginning, []];
        pause = looks.first;
        continue;
      }
      if (here !== null && here.live !== null) {
        await show(here.live.text);
        pause = here.live.text === '' ? Math.min(pause * looks.growth, looks.longest) : looks.first;
        after = here.live.next;
      } else if (isFinal(state)) {
        return await ended(host, logs, id, state);
      }
      if (interrupts.count() > 0)
        return failure(
          'INTERRUPTED',
          `build ${id} goes on without this command (${state})`,
          `to stop it: hybridcore-packer stop ${id}; to follow it again: hybridcore-packer logs ${id} --follow`,
        );
      await sleep(pause, undefined, { signal: waking.signal }).catch(() => undefined);
    }
  } finally {
    interrupts.end();
  }
}

async function ended(host: Host, logs: FollowedLogs, id: BuildId, state: BuildState): Promise<Outcome<Answer>> {
  const end = await logs.end();
  if (!end.ok) return end;
  const { exit_code: exitCode, rule, reason } = end.value;
  say(host, `build ${id} ended ${state}${rule === null ? '' : ` (${rule}: ${reason})`}`);
  return success({ exitCode: exitCode ?? 0, document: null, text: '' });
}

/**
 * What of a stored log was not shown yet: all after the place where the lines stand that were shown last. The stored log is
 * packer's alone, and a console has more beside it. Where they stand in several places it is the first: what is shown twice is
 * better than what is lost.
 */
export function afterShown(lines: readonly string[], shown: readonly string[]): readonly string[] {
  const said = lines.map((line) => line.trim());
  const last = shown.map((line) => line.trim()).filter((line) => said.includes(line));
  if (last.length === 0) return lines;
  /** How many of the last lines stand before this place, one after another. */
  const fitting = (end: number) => {
    let count = 0;
    while (count < last.length && said[end - count] === last.at(-1 - count)) count += 1;
    return count;
  };
  const lengths = said.map((_, end) => fitting(end));
  return lines.slice(lengths.indexOf(Math.max(...lengths)) + 1);
}
