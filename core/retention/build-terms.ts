import { type Build } from '../build.ts';
import { type Timestamp } from '../identity.ts';
import { isFinal } from '../states.ts';
import { type RetentionPolicy, type RetentionTerms, expiresAt, retentionTerms } from './policy.ts';

/** How long what a build left is kept. */
export interface BuildTerms extends RetentionTerms {
  /** From when on it may go. */
  readonly expires_at: Timestamp;
}

/** What was promised when the build was accepted; of older records what its class means now. */
export function promisedTerms({ retention_terms: promised, retention }: Build, policy: RetentionPolicy): RetentionTerms {
  return promised ?? retentionTerms(policy, retention);
}

/** The same from the end of the build on. Undefined while something is still to be done for it: then all that it left is kept. */
export function buildTerms(build: Build, policy: RetentionPolicy): BuildTerms | undefined {
  if (!isFinal(build.state) || build.settled_at === null || build.finished_at === null) return undefined;
  const terms = promisedTerms(build, policy);
  return { ...terms, expires_at: expiresAt(terms, Date.parse(build.finished_at)) };
}

/**
 * What the build was accepted with, as its log summary says it for good: its class may have been raised since. Undefined as
 * for `buildTerms`.
 */
export function sealedTerms(build: Build, policy: RetentionPolicy): (BuildTerms & { readonly class: string }) | undefined {
  const [first] = build.retention_changes;
  const sealed = first === undefined ? build : { ...build, retention: first.from, retention_terms: first.from_terms };
  const terms = buildTerms(sealed, policy);
  return terms === undefined ? undefined : { ...terms, class: sealed.retention };
}

/** What the record of a build names of what it left. */
export function namedKeys(build: Build): readonly string[] {
  const attempts = build.attempts.flatMap(({ outcome }) => [outcome?.log?.path, outcome?.scrub_manifest_path]);
  const named = [build.manifest?.path, build.result_path, build.summary_path, ...attempts];
  return [...new Set(named.filter((key) => typeof key === 'string'))];
}

/** The sum behind the end of a build's time, as a person reads it. */
export function termsText({ finished_at: ended }: Build, { days, expires_at: expires }: BuildTerms): string {
  return `its build ended at ${ended}, and ${days} ${days === 1 ? 'day' : 'days'} after that are over at ${expires}`;
}
