import { type Build, type Decision } from './build.ts';
import { type Digest } from './digest.ts';
import { timestamp } from './identity.ts';
import { type Clock, type Records } from './ports.ts';

/** How a build, or its newest attempt, is to end. */
export interface End extends Pick<Decision, 'event' | 'verdict' | 'judged' | 'rests_on' | 'unchanged'> {
  /** The rules by which the attempt was judged just now; left out where it was not, or was before. */
  readonly rules?: Digest | null;
}

/**
 * Commits how a build, or its newest attempt, ends, before anything is written that follows from it.
 *
 * @param key the redaction key under which the verdict's lines were scrubbed; null where there were none.
 * @returns the build with its decision; undefined where somebody else wrote in between, and all is to be looked at anew.
 */
export async function decide(
  ports: { readonly records: Records; readonly clock: Clock },
  build: Build,
  { event, verdict, judged, rests_on, unchanged, rules }: End,
  key: string | null,
): Promise<Build | undefined> {
  const at = timestamp(ports.clock.now());
  const decision: Decision = {
    event,
    verdict,
    judged,
    rests_on,
    unchanged,
    at,
    rules: rules ?? build.decision?.rules ?? null,
    redaction_key: key,
  };
  const decided: Build = { ...build, version: build.version + 1, decision };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: decided }]);
  return commit.committed ? decided : undefined;
}
