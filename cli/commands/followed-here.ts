import { advance } from '../../core/advance.ts';
import { type Config } from '../../core/config.ts';
import { success } from '../../core/failure.ts';
import { isFinal } from '../../core/states.ts';
import { consolesOf } from '../consoles.ts';
import { type Embedded } from '../embedded.ts';
import { findBuild } from '../find-build.ts';
import { type FollowedLogs } from './follow-logs.ts';
import { allLines, storedLines } from './logs.ts';

/** The logs of a build on this machine, for who follows them. Like any command here it goes on with what is due for the builder. */
export function followedLogs(embedded: Embedded, config: Config, typed: string): FollowedLogs {
  const consoles = consolesOf(embedded);
  return {
    async look(number, after) {
      const found = await findBuild(embedded, typed);
      if (!found.ok) return found;
      await advance(embedded, config, found.value.builder);
      const build = (await embedded.records.readBuild(found.value.build_id)) ?? found.value;
      const attempt = build.attempts.find((each) => each.attempt === number);
      const about = { build_id: build.build_id, state: build.state };
      if (attempt === undefined || (attempt.run === null && !isFinal(build.state))) return success({ ...about, attempt: null });
      const { run, outcome } = attempt;
      const live = outcome === null && run !== null && !isFinal(build.state) ? await consoles.read(run, after) : null;
      const path = outcome?.log?.path ?? null;
      return success({
        ...about,
        attempt: { live, stored: async () => success(path === null ? [] : await allLines(storedLines(embedded, build, path))) },
      });
    },
    async end() {
      const found = await findBuild(embedded, typed);
      if (!found.ok) return found;
      const verdict = found.value.decision?.verdict;
      const { rule = null, reason = null } = verdict?.classification ?? {};
      return success({ exit_code: verdict?.exit_code ?? null, rule, reason });
    },
  };
}
