import { type Build } from './build.ts';
import { type Outcome, failure, success } from './failure.ts';
import { type BuildId } from './identity.ts';
import { type Records } from './ports.ts';

/** A build by its id, or BUILD_UNKNOWN. */
export async function findBuild(records: Records, id: BuildId): Promise<Outcome<Build>> {
  const build = await records.readBuild(id);
  return build === undefined ? unknownBuild(`there is no build ${id}`) : success(build);
}

/** @param message what was asked for that is no build. */
export function unknownBuild(message: string): Outcome<never> {
  return failure('BUILD_UNKNOWN', message, 'see `hybridcore-packer builds BUILDER` for the ids');
}
