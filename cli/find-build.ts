import { type Build } from '../core/build.ts';
import { type Outcome, failure, success } from '../core/failure.ts';
import { BuildId } from '../core/identity.ts';
import { type Embedded } from './embedded.ts';

/** A build by the id that a person typed. */
export async function findBuild(embedded: Embedded, typed: string): Promise<Outcome<Build>> {
  const id = BuildId.safeParse(typed.toUpperCase());
  const build = id.success ? await embedded.records.readBuild(id.data) : undefined;
  if (build !== undefined) return success(build);
  return failure(
    'BUILD_UNKNOWN',
    id.success ? `there is no build ${id.data}` : `${JSON.stringify(typed)} is no build id`,
    'see `hybridcore-packer builds BUILDER` for the ids',
  );
}
