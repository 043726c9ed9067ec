import { type Build } from './build.ts';
import { type Outcome, failure, success } from './failure.ts';
import { type BuildId, callerNamed, timestamp } from './identity.ts';
import { type Clock, type Records } from './ports.ts';
import { isFinal } from './states.ts';

/** Records an operator's wish that a build stop; `advance` passes it on. A build whose end is decided stays as it is. */
export async function stopBuild(
  ports: { readonly records: Records; readonly clock: Clock },
  id: BuildId,
  by: string,
): Promise<Outcome<Build>> {
  for (;;) {
    const build = await ports.records.readBuild(id);
    if (build === undefined) return failure('BUILD_UNKNOWN', `there is no build ${id}`, 'see `hybridcore-packer builds BUILDER`');
    if (isFinal(build.state) || build.stop !== null || build.decision !== null) return success(build);
    const wanted: Build = { ...build, version: build.version + 1, stop: { at: timestamp(ports.clock.now()), by: callerNamed(by) } };
    const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: wanted }]);
    if (commit.committed) return success(wanted);
  }
}
