import { type Attempt, type Build } from './build.ts';
import { canonicalJson } from './canonical-json.ts';
import { variables } from './contract/variables.ts';
import { type Outcome, failure, success } from './failure.ts';
import { AttemptRequest } from './request.ts';

/** The environment by which a build service tells an attempt what to do. It adds the run's own id. */
export function attemptEnvironment(build: Build, { attempt, unless, expected, builder_digest }: Attempt): Record<string, string> {
  return {
    ...(unless === null ? {} : { [variables.unless]: unless.fingerprint }),
    ...(expected === null ? {} : { [variables.expected]: expected }),
    ...(builder_digest === null ? {} : { [variables.builderDigest]: builder_digest }),
    [variables.builder]: build.builder,
    [variables.buildId]: build.build_id,
    [variables.attempt]: String(attempt),
    // Equal for every try to start it, in whichever order the records gave the variables back.
    [variables.variables]: canonicalJson(build.variables),
  };
}

/** The way back: what an attempt is to do, from its environment; every fault in one answer. */
export function attemptRequestFrom(environment: Readonly<Record<string, string | undefined>>): Outcome<AttemptRequest> {
  let requestVariables: unknown;
  try {
    requestVariables = JSON.parse(environment[variables.variables] ?? '{}');
  } catch {
    requestVariables = null;
  }
  const parsed = AttemptRequest.safeParse({
    builder: environment[variables.builder],
    build: environment[variables.buildId],
    attempt: Number(environment[variables.attempt]),
    run: environment[variables.run],
    variables: requestVariables,
    unless: environment[variables.unless] || null,
    expected: environment[variables.expected] || null,
    builder_digest: environment[variables.builderDigest] || null,
  });
  if (parsed.success) return success(parsed.data);
  const names: Record<string, string> = {
    builder: variables.builder,
    build: variables.buildId,
    attempt: variables.attempt,
    run: variables.run,
    variables: variables.variables,
    unless: variables.unless,
    expected: variables.expected,
    builder_digest: variables.builderDigest,
  };
  const faults = [...new Set(parsed.error.issues.map((issue) => names[String(issue.path[0])] ?? String(issue.path[0])))];
  return failure(
    'REQUEST_INVALID',
    `an attempt is told what to do by its environment, and these variables are missing or wrong: ${faults.join(', ')}`,
    'let the build service run it (`hybridcore-packer build BUILDER`); by hand, set the variables as buildspecs/packer-build.yml says',
  );
}
