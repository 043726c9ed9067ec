import { type Build } from './build.ts';
import { type Outcome, failure, success } from './failure.ts';
import { type BuildId, callerNamed, timestamp } from './identity.ts';
import { type Clock, type Records } from './ports.ts';
import { isFinal } from './states.ts';
import { stateAfter } from './transitions.ts';

/**
 * Records an operator's wish that a build stop; `advance` passes it on. A build whose end is decided ends as decided, so the
 * wish is not recorded; but where only the attempt's end is decided and a retry would follow, it is, and there is no retry.
 *
 * @returns the build as it is then; without a `stop` where the wish came too late.
 */
export async function stopBuild(
  ports: { readonly records: Records; readonly clock: Clock },
  id: BuildId,
  by: string,
): Promise<Outcome<Build>> {
  for (;;) {
    const build = await ports.records.readBuild(id);
    if (build === undefined) return failure('BUILD_UNKNOWN', `there is no build ${id}`, 'see `hybridcore-packer builds BUILDER`');
    if (isFinal(build.state) || build.stop !== null || endsAsDecided(build)) return success(build);
    const wanted: Build = { ...build, version: build.version + 1, stop: { at: timestamp(ports.clock.now()), by: callerNamed(by) } };
    const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: wanted }]);
    if (commit.committed) return success(wanted);
  }
}

function endsAsDecided({ state, decision, attempts }: Build): boolean {
  if (decision === null) return false;
  const after = stateAfter(state, decision.event, attempts.at(-1)?.attempt ?? 0);
  return after === undefined || isFinal(after);
}
