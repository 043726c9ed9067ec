import { type Build } from '../core/build.ts';
import { type Outcome } from '../core/failure.ts';
import { findBuild as findRecorded, unknownBuild } from '../core/find-build.ts';
import { BuildId } from '../core/identity.ts';
import { type Embedded } from './embedded.ts';

/** A build by the id that a person typed, in these records. */
export async function findBuild({ records }: Pick<Embedded, 'records'>, typed: string): Promise<Outcome<Build>> {
  const id = BuildId.safeParse(typed.toUpperCase());
  return id.success ? findRecorded(records, id.data) : unknownBuild(`${JSON.stringify(typed)} is no build id`);
}
