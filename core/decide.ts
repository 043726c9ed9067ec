import { type Build, type Decision } from './build.ts';
import { type SealedManifest } from './builder-record.ts';
import { type Verdict } from './classification/verdict.ts';
import { timestamp } from './identity.ts';
import { type Clock, type Records } from './ports.ts';
import { type BuildEvent } from './transitions.ts';

/** How a build, or its newest attempt, is to end. */
export interface End {
  readonly event: BuildEvent;
  readonly verdict: Verdict;
  /** The manifest that still holds, where the event is `skip`. */
  readonly unchanged: SealedManifest | null;
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
  end: End,
  key: string | null,
): Promise<Build | undefined> {
  const decision: Decision = { ...end, at: timestamp(ports.clock.now()), redaction_key: key };
  const decided: Build = { ...build, version: build.version + 1, decision };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: decided }]);
  return commit.committed ? decided : undefined;
}
