import { type Build } from '../../core/build.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { type Dispatched } from '../../core/dispatch.ts';
import { type Outcome } from '../../core/failure.ts';
import { type MemoryRecords } from './memory-records.ts';
import { type Violate } from './violation.ts';

/** What somebody asked for, and was told. */
export interface Answered {
  /** When the answer came: milliseconds since 1970. */
  readonly at: number;
  readonly by: string;
  readonly request: { readonly builder: string; readonly variables?: unknown; readonly client_token?: unknown };
  readonly answer: Outcome<Dispatched>;
}

const day = 86_400_000;

/** Holds what callers were told against what became of it. */
export function assertAnswers(answers: readonly Answered[], { stored }: MemoryRecords, violate: Violate): void {
  for (const { answer, request } of answers) {
    if (!answer.ok) continue;
    const build = stored.builds.get(answer.value.build.build_id);
    if (build === undefined) violate('what was accepted is never lost', answer.value.build.build_id);
    else if (canonicalJson(build.variables) !== canonicalJson(request.variables ?? {}))
      violate('a request is given a build of its own variables', build.build_id);
  }
  for (const [index, later] of answers.entries())
    for (const earlier of answers.slice(0, index)) if (sameToken(earlier, later)) compareAnswers(earlier, later, violate);
}

/** Who was told that a build is stopping sees no further attempt of it. @param stops the builds as `stopBuild` gave them. */
export function assertStops(stops: readonly Build[], { stored }: MemoryRecords, violate: Violate): void {
  for (const { build_id: id, attempts } of stops) {
    const made = stored.builds.get(id)?.attempts.length ?? 0;
    if (made > attempts.length) violate('no attempt after an operator was told that the build stops', `${id}: ${made} attempts`);
  }
}

function sameToken(a: Answered, b: Answered): boolean {
  return (
    a.request.client_token !== undefined &&
    a.request.client_token === b.request.client_token &&
    a.by === b.by &&
    a.request.builder === b.request.builder &&
    a.answer.ok &&
    b.at - a.at < day
  );
}

/** What was asked for; what the caller saw meanwhile is no part of it. */
function wanted({ request }: Answered): object {
  return { ...request, fingerprint: null };
}

function compareAnswers(earlier: Answered, later: Answered, violate: Violate): void {
  if (!earlier.answer.ok) return;
  const { build_id: id } = earlier.answer.value.build;
  if (canonicalJson(wanted(earlier)) !== canonicalJson(wanted(later))) {
    if (later.answer.ok) violate('a token stands for one request', `${id}: another request was accepted`);
  } else if (!later.answer.ok || later.answer.value.build.build_id !== id) {
    violate(
      'the same token is given the same build',
      `${id}: ${later.answer.ok ? later.answer.value.build.build_id : later.answer.failure.rule}`,
    );
  }
}
