import { type Attempt, type Build, type HandedParts, newestAttempt } from '../../core/build.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { keys } from '../../core/contract/keys.ts';
import { AttemptReport } from '../../core/attempt-report.ts';
import { HashManifest } from '../../core/hash-manifest.ts';
import { type RunId } from '../../core/identity.ts';
import { withoutMark } from './gated-ports.ts';
import { type MemoryObjects } from './memory-objects.ts';
import { type MemoryRecords } from './memory-records.ts';
import { type PackerPlan, lyingPlans } from './packer-plan.ts';
import { type SimulatedAccount } from './simulated-account.ts';
import { type Violate } from './violation.ts';

/** What is left of a history on the deployed home, where attempts are not to be trusted. */
export interface Claims {
  readonly records: MemoryRecords;
  readonly objects: MemoryObjects;
  readonly account: SimulatedAccount;
  /** How the packer of each run went. */
  readonly plans: ReadonlyMap<RunId, PackerPlan>;
  readonly knowsSource: boolean;
}

const decoder = new TextDecoder();

/** Rules that say of an attempt that it lied. */
const lies: ReadonlySet<string> = new Set(['HANDOVER_INVALID', 'ARTIFACT_UNCONFIRMED']);

/** Holds what was sealed against the world, and each decision against what it rests on. */
export function assertTrust(claims: Claims, violate: Violate): void {
  for (const build of claims.records.stored.builds.values()) {
    const attempt = newestAttempt(build);
    if (attempt === undefined) continue;
    checkSealed(claims, build, attempt, violate);
    checkBasis(claims, build, attempt, violate);
    for (const { run, outcome } of build.attempts) {
      const plan = run === null ? undefined : claims.plans.get(run);
      const rule = outcome?.verdict.classification.rule ?? '';
      if (lies.has(rule) && (plan === undefined || !lyingPlans.has(plan)))
        violate('an honest attempt is not taken for a liar', `${build.build_id}: ${plan}: ${outcome?.verdict.classification.reason}`);
    }
  }
}

/** Nothing is sealed that is known to be untrue. */
function checkSealed({ objects, account, knowsSource }: Claims, build: Build, attempt: Attempt, violate: Violate): void {
  if (build.manifest === null) return;
  const manifest = manifestAt(objects, build.manifest.path);
  if (manifest === undefined) return violate('what is sealed is a manifest', build.manifest.path);
  for (const { id } of manifest.artifacts)
    if ((account.images.get(id) ?? 0) <= Date.parse(attempt.intended_at)) violate('what is sealed was made by its attempt', id);
  if (knowsSource !== (attempt.expected !== null) || (knowsSource && manifest.fingerprint !== attempt.expected))
    violate('what is sealed was made from the deployed source', `${build.build_id}: ${manifest.fingerprint}, not ${attempt.expected}`);
}

function manifestAt({ stored }: Claims['objects'], path: string): HashManifest | undefined {
  return HashManifest.safeParse(JSON.parse(decoder.decode(stored.get(path)?.content))).data;
}

/** What a build left is what its decision rests on, whatever was written over it before or afterwards. */
function checkBasis({ objects }: Claims, build: Build, attempt: Attempt, violate: Violate): void {
  const { decision, build_id: id } = build;
  const restsOn = decision?.rests_on ?? null;
  if (decision === null || restsOn === null || attempt.run === null || attempt.outcome === null) return;
  const at = keys.incoming(attempt.run);
  const textOf = (key: string, part: HandedParts[keyof HandedParts]) =>
    part === null ? undefined : decoder.decode(objects.written.get(`${key} ${part.version}`));
  const log = textOf(at.log, restsOn.log);
  const kept = attempt.outcome.log === null ? undefined : decoder.decode(objects.stored.get(attempt.outcome.log.path)?.content);
  if (log !== (kept === undefined ? undefined : withoutMark(kept))) violate('the log that is kept is the one that was judged', id);
  if (canonicalJson(attempt.outcome.verdict) !== canonicalJson(decision.judged ?? decision.verdict))
    violate('the outcome of an attempt is what was decided', id);
  if (build.manifest === null) return;
  const report = AttemptReport.parse(JSON.parse(textOf(at.report, restsOn.report) ?? '{}'));
  const manifest = manifestAt(objects, build.manifest.path);
  if (canonicalJson(report.resolved) !== canonicalJson(manifest?.resolved ?? null)) violate('what is sealed is what was judged', id);
}
