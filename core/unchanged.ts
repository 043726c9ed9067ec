import { type Build } from './build.ts';
import { type SealedManifest } from './builder-record.ts';
import { type Verdict, verdictOf } from './classification/verdict.ts';
import { milliseconds } from './duration.ts';
import { type Records } from './ports.ts';
import { variantIdOf } from './variant.ts';

/**
 * The manifest at whose fingerprint a build may be skipped: the newest of equal variables, where the request wants that
 * and it is young enough. Null where the build has to run.
 *
 * @param now milliseconds since 1970.
 */
export async function manifestToHold(records: Records, build: Build, now: number): Promise<SealedManifest | null> {
  if (build.only_if_changed === null) return null;
  const { max_age: maxAge } = build.only_if_changed;
  const newest = (await records.readVariant(variantIdOf(build.builder, build.variables)))?.newest;
  if (newest === undefined) return null;
  return maxAge === null || Date.parse(newest.sealed_at) + milliseconds(maxAge) > now ? newest : null;
}

/** The verdict on a build whose inputs are those of a manifest that still holds. */
export function unchangedVerdict(manifest: SealedManifest): Verdict {
  return verdictOf({
    rule: 'UNCHANGED',
    message: `the inputs are those of ${manifest.path}, sealed at ${manifest.sealed_at}, so packer did not run`,
    remedy: '',
    evidence: [`${manifest.fingerprint} ${manifest.path}`],
  });
}
