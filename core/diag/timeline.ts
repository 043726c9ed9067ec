import { type Attempt, type Build } from '../build.ts';
import { type Verdict } from '../classification/verdict.ts';
import { isFinal } from '../states.ts';
import { type DiagTimeline } from './bundle-documents.ts';

type TimelineEvent = DiagTimeline['events'][number];

/** The life of a build as far as its record tells. When the build service had no room for an attempt, the record forgets. */
export function timelineOf(build: Build): DiagTimeline {
  const { decision, stop, settled_at: settledAt } = build;
  const events: TimelineEvent[] = [
    { at: build.requested_at, state: 'queued', attempt: null, what: `asked for by ${build.requested_by}` },
    ...build.joined.map(({ at, by }) => ({ at, state: null, attempt: null, what: `asked for by ${by}, too` })),
    ...build.attempts.flatMap((attempt) => attemptEvents(build, attempt)),
    ...(build.unkept_since === null
      ? []
      : [{ at: build.unkept_since, state: null, attempt: null, what: "the bucket's rules are seen to differ from the retention policy" }]),
    ...(stop === null ? [] : [{ at: stop.at, state: null, attempt: null, what: `asked to stop by ${stop.by}` }]),
    ...(decision === null ? [] : [endOf(build, decision.at, decision.verdict)]),
    ...(settledAt === null ? [] : [{ at: settledAt, state: null, attempt: null, what: 'all that follows its end is done' }]),
  ];
  // Sorting keeps the order of what happened in the same millisecond.
  return { events: events.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), due_at: build.retry_at };
}

function endOf(build: Build, at: string, verdict: Verdict): TimelineEvent {
  const final = isFinal(build.state);
  return { at, state: final ? build.state : null, attempt: null, what: `${final ? 'ends' : 'is about to end'}: ${sentence(verdict)}` };
}

function attemptEvents(build: Build, attempt: Attempt): TimelineEvent[] {
  const { attempt: number, run, outcome } = attempt;
  const event = (at: string | null, what: string, state: TimelineEvent['state'] = null): TimelineEvent[] =>
    at === null ? [] : [{ at, state, attempt: number, what }];
  const decidedAt = outcome?.decided_at ?? null;
  // Where it is not what ends the build, the retry was to follow.
  const retried = number === 1 && outcome?.verdict.exit_code === 2 && decidedAt !== build.decision?.at;
  return [
    ...event(attempt.intended_at, `attempt ${number} is to start`, 'running'),
    ...event(attempt.started_at, `attempt ${number} runs${run === null ? '' : ` as ${run}`}`),
    ...event(attempt.expired_at, `attempt ${number} has outlived its time limit`),
    ...event(attempt.finished_at, `the run of attempt ${number} has ended`),
    ...(outcome === null ? [] : event(decidedAt, `attempt ${number}: ${sentence(outcome.verdict)}`, retried ? 'retrying' : null)),
  ];
}

function sentence({ exit_code: exitCode, classification: { rule, reason } }: Verdict): string {
  return `${rule} (exit code ${exitCode}): ${reason}`;
}
