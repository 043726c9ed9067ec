import { type Build } from '../build.ts';
import { buildTerms } from './build-terms.ts';
import { type RetentionRaiseDocument } from './documents.ts';
import { type RetentionPolicy } from './policy.ts';

/** What is said of a build whose class was raised. @throws TypeError for one that has not ended, which none is. */
export function raiseDocument(build: Build, policy: RetentionPolicy): RetentionRaiseDocument {
  const { build_id, builder, retention, retention_changes: changes } = build;
  const kept = buildTerms(build, policy);
  if (kept === undefined) throw new TypeError(`the build ${build_id} was raised before it ended`);
  const { expires_at, ...terms } = kept;
  return { build_id, builder, class: retention, terms, expires_at, changes };
}
